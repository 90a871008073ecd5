/// The family's members; see `docs/ops/README.md`.
let reductionOps: [any Op] =
    ReduceOp.all + SoftmaxOp.all + [ArgReduce(name: "argmax", sign: 1), ArgReduce(name: "argmin", sign: -1), LogSumExp(), Cumsum()]
