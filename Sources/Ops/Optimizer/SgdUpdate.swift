import CKernelInterface
import Runtime
import TensorCore

/// `variable - learning_rate · gradient`, in place where the graph allows.
struct SgdUpdate: OptimizerUpdate {
    let name = "sgd_update"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 3...3)
        try expectFloating(inputs, 0, "variable")
        try expectLikeVariable(inputs, 1, "gradient")
        try expectScalar(inputs, 2, "learning_rate")
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let count = inputs[0].count
        let size = inputs[0].dtype.size
        let rateType = inputs[2].dtype
        let kernels = Kernels.table.optimizer
        let kernel = inputs[0].dtype == .float32 ? kernels.sgd_f32! : kernels.sgd_f64!
        return PreparedOp(algorithm: "fused", flops: 2 * count) { arguments in
            let rate = arguments.number(2, rateType)
            let (variable, gradient, result) = (arguments.inputs[0], arguments.inputs[1], arguments.outputs[0])
            parallelFor(count, grain: optimizerGrain, threads: context.threads) { range, _ in
                let at = range.lowerBound * size
                kernel(range.count, rate, variable + at, gradient + at, result + at)
            }
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}
