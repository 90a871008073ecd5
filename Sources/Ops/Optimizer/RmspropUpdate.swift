import CKernelInterface
import Runtime
import TensorCore

/// RMSprop as in Keras: `s ← ρ·s + (1-ρ)·g²`, `d = η·g/√(s + ε)` (centered: `√(s - a² + ε)`, `a` the running mean of `g`), with
/// momentum `b ← μ·b + d` and `variable - b`, else `variable - d`. A slot that is not used comes out as it went in and may have
/// any shape.
struct RmspropUpdate: OptimizerUpdate {
    let name = "rmsprop_update"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 6...6)
        try expectFloating(inputs, 0, "variable")
        try expectLikeVariable(inputs, 1, "velocity")
        _ = try number(attributes, "rho", default: 0.9, in: 0...1)
        _ = try number(attributes, "epsilon", default: 1e-7, in: 0...Double.greatestFiniteMagnitude)
        if try number(attributes, "momentum", default: 0, in: 0...1) > 0 { try expectLikeVariable(inputs, 2, "momentum") }
        if try attributes.bool("centered", default: false) { try expectLikeVariable(inputs, 3, "average") }
        try expectLikeVariable(inputs, 4, "gradient")
        try expectScalar(inputs, 5, "learning_rate")
        return Array(inputs[0..<4])
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let count = inputs[0].count
        let size = inputs[0].dtype.size
        let rateType = inputs[5].dtype
        let rho = try attributes.double("rho", default: 0.9)
        let momentum = try attributes.double("momentum", default: 0)
        let epsilon = try attributes.double("epsilon", default: 1e-7)
        let centered = try attributes.bool("centered", default: false)
        let kernels = Kernels.table.optimizer
        let kernel = inputs[0].dtype == .float32 ? kernels.rmsprop_f32! : kernels.rmsprop_f64!
        let momentumBytes = inputs[2].byteCount
        let averageBytes = inputs[3].byteCount
        return PreparedOp(algorithm: "fused", flops: (8 + (momentum > 0 ? 2 : 0) + (centered ? 5 : 0)) * count) { arguments in
            let step = sc_rmsprop_step(
                learning_rate: arguments.number(5, rateType), rho: rho, epsilon: epsilon, momentum: momentum,
                centered: centered ? 1 : 0)
            let inputs = arguments.inputs
            let outputs = arguments.outputs
            // The unused slots: nothing to do in place.
            if momentum == 0, UnsafeRawPointer(outputs[2]) != inputs[2] {
                outputs[2].copyMemory(from: inputs[2], byteCount: momentumBytes)
            }
            if !centered, UnsafeRawPointer(outputs[3]) != inputs[3] {
                outputs[3].copyMemory(from: inputs[3], byteCount: averageBytes)
            }
            parallelFor(count, grain: optimizerGrain, threads: context.threads) { range, _ in
                let at = range.lowerBound * size
                var step = step
                kernel(
                    range.count, &step, inputs[0] + at, inputs[1] + at, inputs[2] + at, inputs[3] + at, inputs[4] + at,
                    outputs[0] + at, outputs[1] + at, outputs[2] + at, outputs[3] + at)
            }
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0, 1, 2, 3] }
}
