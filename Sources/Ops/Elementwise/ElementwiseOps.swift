/// The family's members; see `docs/ops/README.md`.
let elementwiseOps: [any Op] =
    UnaryOp.all + UnaryBackwardOp.all + BinaryOp.all + [BiasAdd(), Select()]
