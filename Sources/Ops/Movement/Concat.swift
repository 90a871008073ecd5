import TensorCore

/// The inputs one after the other along *axis*.
struct Concat: Op {
    let name = "concat"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...65536)
        var result = inputs[0]
        let axis = try normalizedAxis(try attributes.int("axis"), rank: result.rank)
        for (i, x) in inputs.enumerated().dropFirst() {
            guard x.dtype == result.dtype else {
                throw .wrongType("\(name): input \(i): expected \(result.dtype), the type of input 0, received \(x.dtype)")
            }
            guard x.rank == result.rank, x.shape.indices.allSatisfy({ $0 == axis || x.shape[$0] == result.shape[$0] }) else {
                throw .invalidArgument(
                    "\(name): input \(i): expected shape \(shapeText(inputs[0].shape)) but for axis \(axis), received \(shapeText(x.shape))"
                )
            }
            let (sum, overflow) = result.shape[axis].addingReportingOverflow(x.shape[axis])
            guard !overflow else { throw .outOfMemory("\(name): the result does not fit in memory") }
            result.shape[axis] = sum
        }
        return [try result.validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let axis = try normalizedAxis(try attributes.int("axis"), rank: outputs[0].rank)
        let steps = StridedCopy.steps(outputs[0].shape)
        var position = 0
        var copies: [StridedCopy] = []
        for x in inputs {
            copies.append(
                StridedCopy(
                    size: x.dtype.size, dims: x.shape, xSteps: StridedCopy.steps(x.shape), ySteps: steps, yOffset: position * steps[axis],
                    threads: context.threads))
            position += x.shape[axis]
        }
        let all = copies
        return PreparedOp(algorithm: "copy") { arguments in
            for (i, copy) in all.enumerated() { copy.run(arguments.inputs[i], arguments.outputs[0]) }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        guard !batched.contains(false), case .int(let axis) = attributes["axis"] else { return false }
        return axis != 0 && axis != -inputs[0].rank
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return call.inputs.map { _ in nil } }
        let rank = graph.spec(dy).rank
        let axis = try normalizedAxis(try call.attributes.int("axis"), rank: rank)
        var begin = [Int](repeating: 0, count: rank)
        var gradients: [Value?] = []
        for input in call.inputs {
            let shape = graph.spec(input).shape
            gradients.append(try graph("slice", dy, attributes: ["begin": .ints(begin), "size": .ints(shape)]))
            begin[axis] += shape[axis]
        }
        return gradients
    }
}
