import Runtime
import TensorCore

/// Running sums along *axis*.
struct Cumsum: Op {
    let name = "cumsum"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        guard inputs[0].dtype != .bool else { throw .wrongType("\(name): x: expected a number type, received bool; cast it first") }
        _ = try normalizedAxis(try attributes.int("axis"), rank: inputs[0].rank)
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let x = inputs[0]
        let axis = try normalizedAxis(try attributes.int("axis"), rank: x.rank)
        let columns = x.shape[(axis + 1)...].reduce(1, *)
        let rows = x.shape[axis]
        let outer = x.count == 0 ? 0 : x.shape[..<axis].reduce(1, *)
        let dtype = Int(x.dtype.rawValue)
        let bytes = rows * columns * x.dtype.size
        let kernel = Kernels.table.reduction.cumsum!
        return PreparedOp(algorithm: "scan", flops: x.count) { arguments in
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            parallelFor(outer, grain: max(1, elementGrain / max(1, rows * columns)), threads: context.threads) { range, _ in
                for a in range { kernel(dtype, rows, columns, x + a * bytes, y + a * bytes) }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0], graph.spec(dy).dtype.isFloating else { return [nil] }
        let shape = graph.spec(dy).shape
        let axis = try normalizedAxis(try call.attributes.int("axis"), rank: shape.count)
        // sums from the end: reversed, summed, reversed
        var begin = shape.map { _ in 0 }
        var strides = shape.map { _ in 1 }
        begin[axis] = max(0, shape[axis] - 1)
        strides[axis] = -1
        let reverse: Attributes = ["begin": .ints(begin), "size": .ints(shape), "strides": .ints(strides)]
        let sums = try graph("cumsum", try graph("slice", dy, attributes: reverse), attributes: call.attributes)
        return [try graph("slice", sums, attributes: reverse)]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}
