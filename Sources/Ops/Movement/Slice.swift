import TensorCore

/// Which elements a slice takes: along each axis *size* of them, from *begin* on, *strides* (default 1, may be negative) apart.
private struct SliceRange {
    var begin: [Int]
    var size: [Int]
    var strides: [Int]

    init(_ op: any Op, _ shape: [Int], _ attributes: Attributes) throws(ConvError) {
        begin = try op.ints("begin", attributes, count: shape.count)
        size = try op.ints("size", attributes, count: shape.count)
        strides = try attributes.ints("strides", default: shape.map { _ in 1 })
        guard strides.count == shape.count, !strides.contains(0) else {
            throw .invalidArgument(
                "\(op.name): strides: expected \(shape.count) integers other than 0, received \(strides)")
        }
        for axis in shape.indices {
            guard size[axis] >= 0, size[axis] <= shape[axis] else {
                throw .invalidArgument(
                    "\(op.name): size: expected 0 to \(shape[axis]) along axis \(axis) of \(shapeText(shape)), received \(size[axis])")
            }
            if size[axis] == 0 { continue }
            let (way, overflow) = strides[axis].multipliedReportingOverflow(by: size[axis] - 1)
            let isInside = begin[axis] >= 0 && begin[axis] < shape[axis]
            guard isInside, !overflow, way > -shape[axis], way < shape[axis], (0..<shape[axis]).contains(begin[axis] + way) else {
                throw .invalidArgument(
                    "\(op.name): begin: expected a slice within \(shapeText(shape)), received along axis \(axis) begin = \(begin[axis]), "
                        + "size = \(size[axis]), stride = \(strides[axis])")
            }
        }
    }

    /// The full array's steps and offset as the slice sees them.
    func steps(_ shape: [Int]) -> (steps: [Int], offset: Int) {
        let full = StridedCopy.steps(shape)
        // where nothing is taken begin may lie anywhere
        let offset = size.contains(0) ? 0 : shape.indices.reduce(0) { $0 + begin[$1] * full[$1] }
        return (shape.indices.map { size[$0] > 1 ? full[$0] * strides[$0] : full[$0] }, offset)
    }
}

/// A regular part of the input.
struct Slice: Op {
    let name = "slice"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return [TensorSpec(inputs[0].dtype, try SliceRange(self, inputs[0].shape, attributes).size)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (steps, offset) = try SliceRange(self, inputs[0].shape, attributes).steps(inputs[0].shape)
        let copy = StridedCopy(
            size: inputs[0].dtype.size, dims: outputs[0].shape, xSteps: steps, ySteps: StridedCopy.steps(outputs[0].shape), xOffset: offset,
            threads: context.threads)
        return PreparedOp(algorithm: "copy") { copy.run($0.inputs[0], $0.outputs[0]) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        var attributes = call.attributes
        attributes["input_shape"] = .ints(graph.spec(call.inputs[0]).shape)
        return [try graph("slice_backward", dy, attributes: attributes)]
    }
}

/// dy at the places a slice took, 0 elsewhere.
struct SliceBackward: Op {
    let name = "slice_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let spec = try TensorSpec(inputs[0].dtype, try attributes.ints("input_shape")).validated("\(name): input_shape")
        let range = try SliceRange(self, spec.shape, attributes)
        guard range.size == inputs[0].shape else {
            throw .invalidArgument(
                "\(name): dy: expected shape \(shapeText(range.size)), the slice's, received \(shapeText(inputs[0].shape))")
        }
        return [spec]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (steps, offset) = try SliceRange(self, outputs[0].shape, attributes).steps(outputs[0].shape)
        let copy = StridedCopy(
            size: inputs[0].dtype.size, dims: inputs[0].shape, xSteps: StridedCopy.steps(inputs[0].shape), ySteps: steps, yOffset: offset,
            threads: context.threads)
        let spec = outputs[0]
        let threads = context.threads
        return PreparedOp(algorithm: "copy") { arguments in
            StridedCopy.fill(arguments.outputs[0], 0, spec.dtype, count: spec.count, threads: threads)
            copy.run(arguments.inputs[0], arguments.outputs[0])
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let g = outputGradients[0] else { return [nil] }
        var attributes = call.attributes
        attributes["input_shape"] = nil
        return [try graph("slice", g, attributes: attributes)]
    }
}
