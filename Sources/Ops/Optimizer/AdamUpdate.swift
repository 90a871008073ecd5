import CKernelInterface
import Runtime
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Adam as in Keras: `m ← m + (g - m)(1 - β₁)`, `v ← v + (g² - v)(1 - β₂)`, `variable - η·√(1-β₂ᵗ)/(1-β₁ᵗ)·m/(√v + ε)`.
/// With `weight_decay` λ (AdamW) the variable first loses `η·λ·variable`.
struct AdamUpdate: OptimizerUpdate {
    let name = "adam_update"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 6...6)
        try expectFloating(inputs, 0, "variable")
        try expectLikeVariable(inputs, 1, "m")
        try expectLikeVariable(inputs, 2, "v")
        try expectLikeVariable(inputs, 3, "gradient")
        try expectScalar(inputs, 4, "learning_rate")
        try expectScalar(inputs, 5, "step", [.int64, .int32])
        _ = try number(attributes, "beta_1", default: 0.9, in: 0...1)
        _ = try number(attributes, "beta_2", default: 0.999, in: 0...1)
        _ = try number(attributes, "epsilon", default: 1e-7, in: 0...Double.greatestFiniteMagnitude)
        _ = try attributes.double("weight_decay", default: 0)
        return Array(inputs[0..<3])
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let count = inputs[0].count
        let size = inputs[0].dtype.size
        let (rateType, stepType) = (inputs[4].dtype, inputs[5].dtype)
        let beta1 = try attributes.double("beta_1", default: 0.9)
        let beta2 = try attributes.double("beta_2", default: 0.999)
        let epsilon = try attributes.double("epsilon", default: 1e-7)
        let weightDecay = try attributes.double("weight_decay", default: 0)
        let kernels = Kernels.table.optimizer
        let kernel = inputs[0].dtype == .float32 ? kernels.adam_f32! : kernels.adam_f64!
        let opName = name
        return PreparedOp(algorithm: "fused", flops: 13 * count) { (arguments) throws(ConvError) in
            let rate = arguments.number(4, rateType)
            let t = stepType == .int64 ? arguments.input(5, Int64.self).pointee : Int64(arguments.input(5, Int32.self).pointee)
            guard t >= 1 else { throw .invalidArgument("\(opName): step: expected at least 1 (the first step is 1), received \(t)") }
            let step = sc_adam_step(
                alpha: rate * (1 - pow(beta2, Double(t))).squareRoot() / (1 - pow(beta1, Double(t))),
                one_minus_beta_1: 1 - beta1, one_minus_beta_2: 1 - beta2, epsilon: epsilon, decay: rate * weightDecay)
            parallelFor(count, grain: optimizerGrain, threads: context.threads) { range, _ in
                let at = range.lowerBound * size
                var step = step
                kernel(
                    range.count, &step, arguments.inputs[0] + at, arguments.inputs[1] + at, arguments.inputs[2] + at,
                    arguments.inputs[3] + at, arguments.outputs[0] + at, arguments.outputs[1] + at, arguments.outputs[2] + at)
            }
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0, 1, 2] }
}
