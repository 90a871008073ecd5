/// The family's members; see `docs/ops/README.md`.
let elementwiseOps: [any Op] = [
    Relu(), ReluBackward(),
]
