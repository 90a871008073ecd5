import TensorCore

/// Which elements of a tensor a slice takes: `size[i]` of axis i, from `begin[i]` in steps of `strides[i]`, which may be negative.
struct SliceRegion: Sendable {
    var begin: [Int]
    var size: [Int]
    var strides: [Int]

    init(op: String, shape: [Int], _ attributes: Attributes) throws(ConvError) {
        begin = try attributes.ints("begin")
        size = try attributes.ints("size")
        strides = try attributes.ints("strides", default: [Int](repeating: 1, count: shape.count))
        guard begin.count == shape.count, size.count == shape.count, strides.count == shape.count else {
            throw .invalidArgument(
                "\(op): expected begin, size and strides of \(shape.count) numbers for shape \(shapeText(shape)), "
                    + "received \(begin), \(size), \(strides)")
        }
        for i in shape.indices {
            let (span, overflow) = max(size[i] - 1, 0).multipliedReportingOverflow(by: strides[i])
            let (last, overflow2) = begin[i].addingReportingOverflow(span)
            guard size[i] >= 0, strides[i] != 0, !overflow, !overflow2,
                size[i] == 0 || (begin[i] >= 0 && begin[i] < shape[i] && last >= 0 && last < shape[i])
            else {
                throw .invalidArgument(
                    "\(op): axis \(i): \(size[i]) elements from \(begin[i]) in steps of \(strides[i]) do not lie in 0 ..< \(shape[i])")
            }
        }
    }

    /// The offset of its first element and its strides within a dense tensor of `shape`.
    func view(of shape: [Int]) -> (offset: Int, strides: [Int]) {
        let dense = StridedCopy.strides(of: shape)
        if size.contains(0) { return (0, dense) }
        return (zip(begin, dense).reduce(0) { $0 + $1.0 * $1.1 }, zip(strides, dense).map { $0 * $1 })
    }
}

/// A regular part of a tensor.
struct Slice: Op {
    let name = "slice"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return [TensorSpec(inputs[0].dtype, try SliceRegion(op: name, shape: inputs[0].shape, attributes).size)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let region = try SliceRegion(op: name, shape: inputs[0].shape, attributes)
        let (offset, strides) = region.view(of: inputs[0].shape)
        let size = inputs[0].dtype.size
        let copy = StridedCopy(
            shape: region.size, inputStrides: strides, outputStrides: StridedCopy.strides(of: region.size), elementSize: size,
            threads: context.threads)
        return PreparedOp(algorithm: "strided-copy") { copy.run($0.inputs[0] + offset * size, $0.outputs[0]) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        var attributes = call.attributes
        attributes["input_shape"] = .ints(graph.spec(call.inputs[0]).shape)
        return [try graph("slice_backward", dy, attributes: attributes)]
    }
}

/// A tensor of zeros of `input_shape` in which the slice's elements are dy.
struct SliceBackward: Op {
    let name = "slice_backward"

    private func region(_ attributes: Attributes) throws(ConvError) -> (shape: [Int], region: SliceRegion) {
        let shape = try attributes.ints("input_shape")
        return (shape, try SliceRegion(op: name, shape: shape, attributes))
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let (shape, region) = try region(attributes)
        guard inputs[0].shape == region.size else {
            throw .invalidArgument("\(name): dy: expected shape \(shapeText(region.size)), received \(shapeText(inputs[0].shape))")
        }
        return [try TensorSpec(inputs[0].dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (shape, region) = try region(attributes)
        let (offset, strides) = region.view(of: shape)
        let spec = outputs[0]
        let copy = StridedCopy(
            shape: region.size, inputStrides: StridedCopy.strides(of: region.size), outputStrides: strides,
            elementSize: spec.dtype.size, threads: context.threads)
        return PreparedOp(algorithm: "strided-copy") { arguments in
            fill(arguments.outputs[0], spec.dtype, spec.count, 0, threads: context.threads)
            copy.run(arguments.inputs[0], arguments.outputs[0] + offset * spec.dtype.size)
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        var attributes = call.attributes
        attributes["input_shape"] = nil
        return [try graph("slice", dy, attributes: attributes)]
    }
}
