import CKernelInterface
import Runtime
import TensorCore

/// `max(x, 0)`; NaN stays NaN.
struct Relu: Op {
    let name = "relu"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectFloating(inputs, 0, "x")
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let count = inputs[0].count
        let kernel = inputs[0].dtype == .float32 ? Kernels.table.elementwise.relu_f32! : Kernels.table.elementwise.relu_f64!
        let size = inputs[0].dtype.size
        return PreparedOp(algorithm: "elementwise", flops: count) { arguments in
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            parallelFor(count, grain: 16384, threads: context.threads) { range, _ in
                kernel(range.count, x + range.lowerBound * size, y + range.lowerBound * size)
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        return [try graph("relu_backward", dy, call.outputs[0])]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }

    func epilogueRole(_ inputs: [TensorSpec], _ attributes: Attributes) -> EpilogueRole { .activation("relu", alpha: 0) }
}

/// `dy` where `y > 0`, else 0 (also where y is NaN).
struct ReluBackward: Op {
    let name = "relu_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "dy")
        guard inputs[0] == inputs[1] else {
            throw .invalidArgument("\(name): y: expected \(inputs[0]), the spec of dy, received \(inputs[1])")
        }
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let count = inputs[0].count
        let elementwise = Kernels.table.elementwise
        let kernel = inputs[0].dtype == .float32 ? elementwise.relu_backward_f32! : elementwise.relu_backward_f64!
        let size = inputs[0].dtype.size
        return PreparedOp(algorithm: "elementwise", flops: count) { arguments in
            let dy = arguments.inputs[0]
            let y = arguments.inputs[1]
            let dx = arguments.outputs[0]
            parallelFor(count, grain: 16384, threads: context.threads) { range, _ in
                let offset = range.lowerBound * size
                kernel(range.count, dy + offset, y + offset, dx + offset)
            }
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}
