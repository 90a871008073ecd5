import TensorCore

/// NumPy's broadcasting: axes of size 1 and missing front axes are repeated.
struct BroadcastTo: Op {
    let name = "broadcast_to"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let shape = try attributes.ints("shape")
        let from = inputs[0].shape
        let fits = from.count <= shape.count && zip(from, shape.suffix(from.count)).allSatisfy { $0 == $1 || $0 == 1 }
        guard fits else {
            throw .invalidArgument("\(name): shape: \(shapeText(from)) can't be broadcast to \(shapeText(shape))")
        }
        return [try TensorSpec(inputs[0].dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = outputs[0].shape
        let from = inputs[0].shape
        let dense = StridedCopy.strides(of: from)
        let missing = shape.count - from.count
        let strides = shape.indices.map { $0 < missing || from[$0 - missing] == 1 ? 0 : dense[$0 - missing] }
        let copy = StridedCopy(
            shape: shape, inputStrides: strides, outputStrides: StridedCopy.strides(of: shape), elementSize: inputs[0].dtype.size,
            threads: context.threads)
        return PreparedOp(algorithm: "strided-copy") { copy.run($0.inputs[0], $0.outputs[0]) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let from = graph.spec(call.inputs[0]).shape
        let shape = graph.spec(dy).shape
        let missing = shape.count - from.count
        let axes = shape.indices.filter { $0 < missing || (from[$0 - missing] == 1 && shape[$0] != 1) }
        if axes.isEmpty { return [dy] }
        let sum = try graph("reduce_sum", dy, attributes: ["axes": .ints(axes), "keepdims": .int(1)])
        return [try graph("reshape", sum, attributes: ["shape": .ints(from)])]
    }
}

/// The tensor repeated `multiples[i]` times along axis i.
struct Tile: Op {
    let name = "tile"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let multiples = try attributes.ints("multiples")
        guard multiples.count == inputs[0].rank, multiples.allSatisfy({ $0 >= 0 }) else {
            throw .invalidArgument(
                "\(name): multiples: expected \(inputs[0].rank) numbers of at least 0, received \(multiples)")
        }
        var shape: [Int] = []
        for (d, m) in zip(inputs[0].shape, multiples) {
            let (product, overflow) = d.multipliedReportingOverflow(by: m)
            guard !overflow else { throw .outOfMemory("\(name): multiples: \(multiples) of shape \(shapeText(inputs[0].shape)) is too large") }
            shape.append(product)
        }
        return [try TensorSpec(inputs[0].dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        // Each axis is two: the repetitions (stride 0 on the input) and the elements.
        let multiples = try attributes.ints("multiples")
        let from = StridedCopy.strides(of: inputs[0].shape)
        let to = StridedCopy.strides(of: outputs[0].shape)
        var (shape, input, output) = ([Int](), [Int](), [Int]())
        for (i, d) in inputs[0].shape.enumerated() {
            shape += [multiples[i], d]
            input += [0, from[i]]
            output += [to[i] * d, to[i]]
        }
        let copy = StridedCopy(
            shape: shape, inputStrides: input, outputStrides: output, elementSize: inputs[0].dtype.size, threads: context.threads)
        return PreparedOp(algorithm: "strided-copy") { copy.run($0.inputs[0], $0.outputs[0]) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let shape = graph.spec(call.inputs[0]).shape
        let multiples = try call.attributes.ints("multiples")
        // One axis at a time, so that the rank stays within its limit.
        var gradient = dy
        for i in shape.indices where multiples[i] != 1 {
            let now = graph.spec(gradient).shape
            let before = now[..<i].reduce(1, *)
            let after = now[(i + 1)...].reduce(1, *)
            let apart = try graph("reshape", gradient, attributes: ["shape": .ints([before, multiples[i], shape[i], after])])
            let sum = try graph("reduce_sum", apart, attributes: ["axes": .ints([1])])
            var next = now
            next[i] = shape[i]
            gradient = try graph("reshape", sum, attributes: ["shape": .ints(next)])
        }
        return [gradient]
    }
}
