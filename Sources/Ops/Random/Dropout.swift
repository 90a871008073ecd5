import CShims
import Runtime
import TensorCore

/// Each element is dropped with probability `rate`, the others are scaled by 1 / (1 − rate).
///
/// x, state → y, mask (uint8: 1 where kept).
/// Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 2014.
struct Dropout: Op {
    let name = "dropout"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "x")
        try expectState(inputs, 1)
        _ = try dropoutRate(attributes)
        return [inputs[0], TensorSpec(.uint8, inputs[0].shape)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let rate = try dropoutRate(attributes)
        let count = inputs[0].count
        return inputs[0].dtype == .float32
            ? prepare(sc_dropout_float32, Float(1 / (1 - rate)), rate, count, context)
            : prepare(sc_dropout_float64, 1 / (1 - rate), rate, count, context)
    }

    private func prepare<T: MathScalar>(
        _ loop:
            @escaping @Sendable (
                Int, UnsafePointer<UInt64>?, UInt64, T, UnsafePointer<T>?, UnsafeMutablePointer<T>?, UnsafeMutablePointer<UInt8>?
            ) -> Void, _ scale: T, _ rate: Double, _ count: Int, _ context: PrepareContext
    ) -> PreparedOp {
        // A word below this is dropped.
        let threshold = UInt64((rate * 0x1p32).rounded())
        return PreparedOp(algorithm: "philox", flops: count) { arguments in
            let x: UnsafePointer<T> = arguments.input(0)
            let y: UnsafeMutablePointer<T> = arguments.output(0)
            let mask: UnsafeMutablePointer<UInt8> = arguments.output(1)
            let stream = RandomStream(arguments.inputs[1])
            parallelFor(count, grain: 8192, threads: context.threads) { range, _ in
                stream.chunks(range) { part, words in
                    let from = part.lowerBound
                    loop(part.count, words, threshold, scale, x + from, y + from, mask + from)
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil, nil] }
        return [try graph("dropout_backward", dy, call.outputs[1], attributes: call.attributes), nil]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0, nil] }
}

/// dy / (1 − rate) where the mask is not 0, else 0.
struct DropoutBackward: Op {
    let name = "dropout_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "dy")
        guard inputs[1] == TensorSpec(.uint8, inputs[0].shape) else {
            throw .invalidArgument("\(name): mask: expected uint8\(shapeText(inputs[0].shape)), received \(inputs[1])")
        }
        _ = try dropoutRate(attributes)
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let rate = try dropoutRate(attributes)
        let count = inputs[0].count
        return inputs[0].dtype == .float32
            ? prepare(sc_dropout_backward_float32, Float(1 / (1 - rate)), count, context)
            : prepare(sc_dropout_backward_float64, 1 / (1 - rate), count, context)
    }

    private func prepare<T: MathScalar>(
        _ loop: @escaping @Sendable (Int, UnsafePointer<UInt8>?, T, UnsafePointer<T>?, UnsafeMutablePointer<T>?) -> Void, _ scale: T,
        _ count: Int, _ context: PrepareContext
    ) -> PreparedOp {
        PreparedOp(algorithm: "elementwise", flops: count) { arguments in
            let dy: UnsafePointer<T> = arguments.input(0)
            let mask: UnsafePointer<UInt8> = arguments.input(1)
            let dx: UnsafeMutablePointer<T> = arguments.output(0)
            parallelFor(count, grain: 16384, threads: context.threads) { range, _ in
                let from = range.lowerBound
                loop(range.count, mask + from, scale, dy + from, dx + from)
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let gradient = outputGradients[0] else { return [nil, nil] }
        return [try graph("dropout_backward", gradient, call.inputs[1], attributes: call.attributes), nil]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

private func dropoutRate(_ attributes: Attributes) throws(ConvError) -> Double {
    let rate = try attributes.double("rate")
    guard rate >= 0, rate < 1 else {
        throw .invalidArgument("dropout: rate: expected a number in [0, 1), received \(rate)")
    }
    return rate
}
