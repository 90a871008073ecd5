import Runtime
import TensorCore

/// Numbers drawn evenly from [low, high).
struct RandomUniform: Op {
    let name = "random_uniform"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectState(inputs, 0)
        let low = try attributes.double("low", default: 0)
        let high = try attributes.double("high", default: 1)
        guard low <= high else { throw .invalidArgument("\(name): expected low of at most high, received \(low) and \(high)") }
        return [try drawnSpec(attributes, default: .float32, allowed: [.float32, .float64])]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let low = try attributes.double("low", default: 0)
        let high = try attributes.double("high", default: 1)
        let count = outputs[0].count
        let isSingle = outputs[0].dtype == .float32
        return PreparedOp(algorithm: "philox") { arguments in
            let stream = RandomStream(arguments.inputs[0])
            let y = arguments.outputs[0]
            parallelFor(count, grain: 8192, threads: context.threads) { range, _ in
                if isSingle {
                    let y = y.assumingMemoryBound(to: Float.self)
                    let (from, to) = (Float(low), Float(high))
                    stream.words(range) { i, first, _ in
                        let v = from + unitFloat(first) * (to - from)
                        // Rounding may reach `high`, which is not drawn.
                        y[i] = v < to || from == to ? v : to.nextDown
                    }
                } else {
                    let y = y.assumingMemoryBound(to: Double.self)
                    stream.words(range) { i, first, second in
                        let v = low + unitDouble(first, second) * (high - low)
                        y[i] = v < high || low == high ? v : high.nextDown
                    }
                }
            }
        }
    }
}

/// Integers drawn evenly from low ..< high.
struct RandomIntegers: Op {
    let name = "random_integers"

    private func bounds(_ attributes: Attributes) throws(ConvError) -> (low: Int, span: UInt64) {
        let low = try attributes.int("low")
        let high = try attributes.int("high")
        guard low < high else { throw .invalidArgument("\(name): expected low below high, received \(low) and \(high)") }
        return (low, UInt64(bitPattern: Int64(high &- low)))
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectState(inputs, 0)
        let (low, span) = try bounds(attributes)
        let spec = try drawnSpec(attributes, default: .int32, allowed: [.int32, .int64, .uint8])
        let (last, overflow) = low.addingReportingOverflow(Int(clamping: span) - 1)
        let limits: ClosedRange<Int> =
            switch spec.dtype {
            case .int32: Int(Int32.min)...Int(Int32.max)
            case .uint8: 0...255
            default: Int.min...Int.max
            }
        guard !overflow, limits.contains(low), limits.contains(last) else {
            throw .invalidArgument("\(name): expected low and high within \(spec.dtype), received \(low) and \(last) + 1")
        }
        return [spec]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (low, span) = try bounds(attributes)
        let spec = outputs[0]
        return PreparedOp(algorithm: "philox") { arguments in
            let stream = RandomStream(arguments.inputs[0])
            let y = arguments.outputs[0]
            parallelFor(spec.count, grain: 8192, threads: context.threads) { range, _ in
                stream.words(range) { i, first, second in
                    // The upper word of a 64×64-bit product: even to within span / 2⁶⁴.
                    let word = UInt64(first) << 32 | UInt64(second)
                    let drawn = low &+ Int(truncatingIfNeeded: word.multipliedFullWidth(by: span).high)
                    switch spec.dtype {
                    case .int32: y.storeBytes(of: Int32(truncatingIfNeeded: drawn), toByteOffset: 4 * i, as: Int32.self)
                    case .int64: y.storeBytes(of: Int64(drawn), toByteOffset: 8 * i, as: Int64.self)
                    default: y.storeBytes(of: UInt8(truncatingIfNeeded: drawn), toByteOffset: i, as: UInt8.self)
                    }
                }
            }
        }
    }
}
