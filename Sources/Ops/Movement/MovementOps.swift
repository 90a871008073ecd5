/// The family's members; see `docs/ops/README.md`.
let movementOps: [any Op] = [
    Reshape(), Alias(name: "identity", passesGradient: true), Alias(name: "stop_gradient", passesGradient: false), Transpose(), Concat(),
    Pad(), Slice(), SliceBackward(), BroadcastTo(), Cast(), Gather(), GatherBackward(), OneHot(), Tile(),
]
