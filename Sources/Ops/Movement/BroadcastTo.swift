import TensorCore

/// The input repeated to *shape* by NumPy's broadcasting.
struct BroadcastTo: Op {
    let name = "broadcast_to"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let spec = try TensorSpec(inputs[0].dtype, try attributes.ints("shape")).validated("\(name): shape")
        guard try Broadcast.shape(name, [inputs[0].shape, spec.shape]) == spec.shape else {
            throw .invalidArgument(
                "\(name): shape: expected one that \(shapeText(inputs[0].shape)) broadcasts to, received \(shapeText(spec.shape))")
        }
        return [spec]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (from, to) = (inputs[0].shape, outputs[0].shape)
        let own = StridedCopy.steps(from)
        let extra = to.count - from.count
        let steps = to.indices.map { $0 < extra || from[$0 - extra] == 1 ? 0 : own[$0 - extra] }
        let copy = StridedCopy(
            size: inputs[0].dtype.size, dims: to, xSteps: steps, ySteps: StridedCopy.steps(to), threads: context.threads)
        return PreparedOp(algorithm: "copy") { copy.run($0.inputs[0], $0.outputs[0]) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0], graph.spec(dy).dtype.isFloating else { return [nil] }
        return [try graph.sum(dy, toShape: graph.spec(call.inputs[0]).shape)]
    }
}

/// The input repeated *multiples*[i] times along axis i.
struct Tile: Op {
    let name = "tile"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let multiples = try ints("multiples", attributes, count: inputs[0].rank)
        var shape: [Int] = []
        for (size, times) in zip(inputs[0].shape, multiples) {
            let (product, overflow) = size.multipliedReportingOverflow(by: times)
            guard times >= 0, !overflow else {
                throw .invalidArgument("\(name): multiples: expected numbers of at least 0 that fit in memory, received \(multiples)")
            }
            shape.append(product)
        }
        return [try TensorSpec(inputs[0].dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let multiples = try ints("multiples", attributes, count: inputs[0].rank)
        let from = StridedCopy.steps(inputs[0].shape)
        let to = StridedCopy.steps(outputs[0].shape)
        var dims: [Int] = []
        var xSteps: [Int] = []
        var ySteps: [Int] = []
        for axis in multiples.indices {
            dims += [multiples[axis], inputs[0].shape[axis]]
            xSteps += [0, from[axis]]
            ySteps += [to[axis] * inputs[0].shape[axis], to[axis]]
        }
        let copy = StridedCopy(size: inputs[0].dtype.size, dims: dims, xSteps: xSteps, ySteps: ySteps, threads: context.threads)
        return PreparedOp(algorithm: "copy") { copy.run($0.inputs[0], $0.outputs[0]) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0], graph.spec(dy).dtype.isFloating else { return [nil] }
        let shape = graph.spec(call.inputs[0]).shape
        let multiples = try ints("multiples", call.attributes, count: shape.count)
        // one axis after the other: all copies as an axis of their own, summed
        var g = dy
        var current = graph.spec(dy).shape
        for axis in shape.indices where multiples[axis] != 1 {
            let before = current[..<axis].reduce(1, *)
            let after = current[(axis + 1)...].reduce(1, *)
            g = try graph.reshape(g, [before, multiples[axis], shape[axis], after])
            g = try graph("reduce_sum", g, attributes: ["axes": .ints([1])])
            current[axis] = shape[axis]
        }
        return [graph.spec(g).shape == shape ? g : try graph.reshape(g, shape)]
    }
}
