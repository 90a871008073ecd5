/// The family's members; see `docs/ops/README.md`.
let convolutionOps: [any Op] = [
    Conv2D(), Conv2DBackwardInput(), Conv2DBackwardFilter(), SeparableConv2D(),
]
