import CKernelInterface
import Runtime
import TensorCore

/// Keras's momentum: `m ← μ·m - η·g`, then `variable + m`, or with Nesterov `variable + μ·m - η·g`.
struct MomentumUpdate: OptimizerUpdate {
    let name = "momentum_update"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 4...4)
        try expectFloating(inputs, 0, "variable")
        try expectLikeVariable(inputs, 1, "momentum")
        try expectLikeVariable(inputs, 2, "gradient")
        try expectScalar(inputs, 3, "learning_rate")
        _ = try number(attributes, "momentum", in: 0...1)
        _ = try attributes.bool("nesterov", default: false)
        return [inputs[0], inputs[1]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let count = inputs[0].count
        let size = inputs[0].dtype.size
        let rateType = inputs[3].dtype
        let momentum = try attributes.double("momentum")
        let nesterov: Int32 = try attributes.bool("nesterov", default: false) ? 1 : 0
        let kernels = Kernels.table.optimizer
        let kernel = inputs[0].dtype == .float32 ? kernels.momentum_f32! : kernels.momentum_f64!
        return PreparedOp(algorithm: "fused", flops: (nesterov == 1 ? 6 : 4) * count) { arguments in
            let step = sc_momentum_step(learning_rate: arguments.number(3, rateType), momentum: momentum, nesterov: nesterov)
            parallelFor(count, grain: optimizerGrain, threads: context.threads) { range, _ in
                let at = range.lowerBound * size
                var step = step
                kernel(
                    range.count, &step, arguments.inputs[0] + at, arguments.inputs[1] + at, arguments.inputs[2] + at,
                    arguments.outputs[0] + at, arguments.outputs[1] + at)
            }
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0, 1] }
}
