import Runtime
import TensorCore

/// The same numbers in another type, *dtype*.
struct Cast: Op {
    let name = "cast"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return [try TensorSpec(try dtype(attributes), inputs[0].shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (from, to, count) = (inputs[0].dtype, outputs[0].dtype, inputs[0].count)
        let kernel = Kernels.table.elementwise.cast!
        return PreparedOp(algorithm: "elementwise") { arguments in
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            if from == to, UnsafeRawPointer(y) == x { return }
            parallelFor(count, grain: elementGrain, threads: context.threads) { range, _ in
                let i = range.lowerBound
                if from == to {
                    (y + i * to.size).copyMemory(from: x + i * from.size, byteCount: range.count * to.size)
                } else {
                    kernel(Int(from.rawValue), Int(to.rawValue), range.count, x + i * from.size, y + i * to.size)
                }
            }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { true }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        let from = graph.spec(call.inputs[0]).dtype
        guard let dy = outputGradients[0], from.isFloating, graph.spec(dy).dtype.isFloating else { return [nil] }
        return [try graph("cast", dy, attributes: ["dtype": .string(from.name)])]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] {
        [inputs[0].dtype == outputs[0].dtype ? 0 : nil]
    }
}

extension Op {
    /// The attribute `dtype`, a type's name.
    func dtype(_ attributes: Attributes, default fallback: String? = nil) throws(ConvError) -> DataType {
        let text = try attributes.string("dtype", default: fallback)
        guard let dtype = DataType(name: text) else {
            let known = DataType.allCases.map(\.name).joined(separator: ", ")
            throw .invalidArgument("\(name): dtype: expected one of \(known), received \"\(text)\"")
        }
        return dtype
    }
}
