/// The family's members; see `docs/ops/README.md`.
let gemmOps: [any Op] = [MatMul()]
