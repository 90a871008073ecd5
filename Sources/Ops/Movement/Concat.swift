import TensorCore

/// Several tensors one after the other along `axis`.
struct Concat: Op {
    let name = "concat"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        guard let first = inputs.first else { throw .invalidArgument("\(name): expected at least 1 input, received 0") }
        guard first.rank > 0 else { throw .invalidArgument("\(name): expected tensors of rank 1 or more, received scalars") }
        let axis = try normalizedAxis(try attributes.int("axis"), rank: first.rank, op: name)
        var shape = first.shape
        for (i, spec) in inputs.enumerated().dropFirst() {
            guard spec.dtype == first.dtype else {
                throw .wrongType("\(name): input \(i): expected \(first.dtype), the type of input 0, received \(spec.dtype)")
            }
            var comparable = spec.shape
            if spec.rank == first.rank { comparable[axis] = first.shape[axis] }
            guard comparable == first.shape else {
                throw .invalidArgument(
                    "\(name): input \(i): expected the shape of input 0 \(shapeText(first.shape)) but for axis \(axis), "
                        + "received \(shapeText(spec.shape))")
            }
            shape[axis] += spec.shape[axis]
        }
        return [try TensorSpec(first.dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let axis = try normalizedAxis(try attributes.int("axis"), rank: outputs[0].rank, op: name)
        let strides = StridedCopy.strides(of: outputs[0].shape)
        let size = outputs[0].dtype.size
        var parts: [(copy: StridedCopy, offset: Int)] = []
        var position = 0
        for spec in inputs {
            let copy = StridedCopy(
                shape: spec.shape, inputStrides: StridedCopy.strides(of: spec.shape), outputStrides: strides, elementSize: size,
                threads: context.threads)
            parts.append((copy, position * strides[axis] * size))
            position += spec.shape[axis]
        }
        let all = parts
        return PreparedOp(algorithm: "strided-copy") { arguments in
            for (i, part) in all.enumerated() { part.copy.run(arguments.inputs[i], arguments.outputs[0] + part.offset) }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return call.inputs.map { _ in nil } }
        let whole = graph.spec(dy).shape
        let axis = try normalizedAxis(try call.attributes.int("axis"), rank: whole.count, op: name)
        var begin = [Int](repeating: 0, count: whole.count)
        var gradients: [Value?] = []
        for input in call.inputs {
            let shape = graph.spec(input).shape
            gradients.append(try graph("slice", dy, attributes: ["begin": .ints(begin), "size": .ints(shape)]))
            begin[axis] += shape[axis]
        }
        return gradients
    }
}
