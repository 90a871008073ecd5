import Runtime
import TensorCore

/// Numbers of the normal distribution, by Box and Muller's transform; with `truncated`, redrawn until within two standard deviations.
///
/// Source: G. Box, M. Muller, "A Note on the Generation of Random Normal Deviates", Annals of Mathematical Statistics 29, 1958.
struct RandomNormal: Op {
    let name = "random_normal"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectState(inputs, 0)
        let stddev = try attributes.double("stddev", default: 1)
        guard stddev >= 0 else { throw .invalidArgument("\(name): stddev: expected at least 0, received \(stddev)") }
        return [try drawnSpec(attributes, default: .float32, allowed: [.float32, .float64])]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let mean = try attributes.double("mean", default: 0)
        let stddev = try attributes.double("stddev", default: 1)
        let truncated = try attributes.bool("truncated", default: false)
        let count = outputs[0].count
        let isSingle = outputs[0].dtype == .float32
        return PreparedOp(algorithm: "philox") { arguments in
            let stream = RandomStream(arguments.inputs[0])
            let again = Philox(seed: arguments.inputs[0].load(as: Int64.self))
            let start = UInt64(bitPattern: arguments.inputs[0].load(fromByteOffset: 8, as: Int64.self))
            let y = arguments.outputs[0]
            parallelFor(count, grain: 2048, threads: context.threads) { range, _ in
                stream.words(range) { i, first, second in
                    var z = normal(first, second)
                    if truncated {
                        // Further draws of this element: blocks of a stream of its own, told apart by the upper words of the counter.
                        var attempt: UInt32 = 0
                        let position = start &+ UInt64(i)
                        while abs(z) > 2 {
                            attempt &+= 1
                            let words = again.block(
                                (UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32), attempt, 1))
                            z = normal(words.0, words.1)
                            if abs(z) > 2 { z = normal(words.2, words.3) }
                        }
                    }
                    let v = mean + stddev * z
                    if isSingle {
                        y.storeBytes(of: Float(v), toByteOffset: 4 * i, as: Float.self)
                    } else {
                        y.storeBytes(of: v, toByteOffset: 8 * i, as: Double.self)
                    }
                }
            }
        }
    }
}

@inline(__always)
private func normal(_ first: UInt32, _ second: UInt32) -> Double {
    // In (0, 1], so that the logarithm is finite.
    let u = (Double(first) + 1) * 0x1p-32
    let angle = 2 * Double.pi * Double(second) * 0x1p-32
    return (-2 * Double.log(u)).squareRoot() * Double.cos(angle)
}
