/// The family's members; see `docs/ops/README.md`.
let lossOps: [any Op] = [SoftmaxCrossEntropy(), SparseSoftmaxCrossEntropy(), SigmoidCrossEntropy()]
