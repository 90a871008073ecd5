/// The family's members; see `docs/ops/README.md`.
let movementOps: [any Op] = [
    Reshape(), Identity(name: "identity", passesGradient: true), Identity(name: "stop_gradient", passesGradient: false),
    Transpose(), Concat(), Pad(), Slice(), SliceBackward(), BroadcastTo(), Tile(), Cast(), Gather(), GatherBackward(), OneHot(),
]
