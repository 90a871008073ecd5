import Runtime
import TensorCore

/// The cross entropy of independent labels: max(x, 0) − x·z + log(1 + exp(−|x|)) for logits x and labels z of one shape.
struct SigmoidCrossEntropy: Op {
    let name = "sigmoid_cross_entropy"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "logits")
        guard inputs[1].dtype == inputs[0].dtype else {
            throw .wrongType("\(name): labels: expected \(inputs[0].dtype), the type of logits, received \(inputs[1].dtype)")
        }
        guard inputs[1].shape == inputs[0].shape else {
            throw .invalidArgument(
                "\(name): labels: expected shape \(shapeText(inputs[0].shape)), that of logits, received \(shapeText(inputs[1].shape))")
        }
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        inputs[0].dtype == .float32 ? prepare(Float.self, inputs[0].count, context) : prepare(Double.self, inputs[0].count, context)
    }

    private func prepare<T: MathScalar>(_: T.Type, _ count: Int, _ context: PrepareContext) -> PreparedOp {
        PreparedOp(algorithm: "elementwise", flops: 6 * count) { arguments in
            let logits: UnsafePointer<T> = arguments.input(0)
            let labels: UnsafePointer<T> = arguments.input(1)
            let loss: UnsafeMutablePointer<T> = arguments.output(0)
            parallelFor(count, grain: 4096, threads: context.threads) { range, _ in
                for i in range {
                    let (x, z) = (logits[i], labels[i])
                    let positive = x < 0 ? 0 : x
                    loss[i] = positive - x * z + T.log1p(T.exp(-abs(x)))
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil, nil] }
        let (logits, labels) = (call.inputs[0], call.inputs[1])
        let slope = try graph("subtract", try graph("sigmoid", logits), labels)
        return [try graph("multiply", dy, slope), try graph("negative", try graph("multiply", dy, logits))]
    }
}
