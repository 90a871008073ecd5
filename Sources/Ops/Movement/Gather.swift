import Runtime
import TensorCore

/// A tensor seen along one axis: `outer` blocks of `size` slices of `inner` elements.
private struct AxisView: Sendable {
    var outer, size, inner: Int
    init(_ shape: [Int], _ axis: Int) {
        outer = shape[..<axis].reduce(1, *)
        size = shape[axis]
        inner = shape[(axis + 1)...].reduce(1, *)
    }
}

/// The indices as Int; the first that is not in 0 ..< size is an error.
private func checkedIndices(_ p: UnsafeRawPointer, _ spec: TensorSpec, size: Int, op: String) throws(ConvError) -> [Int] {
    var indices: [Int] = []
    indices.reserveCapacity(spec.count)
    for i in 0..<spec.count {
        let index = spec.dtype == .int32 ? Int(p.load(fromByteOffset: 4 * i, as: Int32.self)) : Int(p.load(fromByteOffset: 8 * i, as: Int64.self))
        guard index >= 0, index < size else {
            throw .invalidArgument("\(op): indices: expected 0 to \(size - 1), received \(index) at position \(i)")
        }
        indices.append(index)
    }
    return indices
}

private func expectIndices(_ spec: TensorSpec, op: String) throws(ConvError) {
    guard spec.dtype == .int32 || spec.dtype == .int64 else {
        throw .wrongType("\(op): indices: expected int32 or int64, received \(spec.dtype)")
    }
}

/// The slices of x along `axis` that `indices` name; the indices' shape takes the axis's place.
struct Gather: Op {
    let name = "gather"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectIndices(inputs[1], op: name)
        let axis = try normalizedAxis(try attributes.int("axis", default: 0), rank: inputs[0].rank, op: name)
        let shape = Array(inputs[0].shape[..<axis]) + inputs[1].shape + Array(inputs[0].shape[(axis + 1)...])
        return [try TensorSpec(inputs[0].dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let axis = try normalizedAxis(try attributes.int("axis", default: 0), rank: inputs[0].rank, op: name)
        let view = AxisView(inputs[0].shape, axis)
        let spec = inputs[1]
        let bytes = view.inner * inputs[0].dtype.size
        let name = name
        return PreparedOp(algorithm: "gather") { (arguments: OpArguments) throws(ConvError) in
            let indices = try checkedIndices(arguments.inputs[1], spec, size: view.size, op: name)
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            parallelFor(view.outer * indices.count, grain: max(1, 65536 / max(bytes, 1)), threads: context.threads) { range, _ in
                for k in range {
                    let (o, i) = k.quotientAndRemainder(dividingBy: indices.count)
                    (y + k * bytes).copyMemory(from: x + (o * view.size + indices[i]) * bytes, byteCount: bytes)
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil, nil] }
        var attributes = call.attributes
        attributes["input_shape"] = .ints(graph.spec(call.inputs[0]).shape)
        return [try graph("gather_backward", call.inputs[1], dy, attributes: attributes), nil]
    }
}

/// A tensor of zeros of `input_shape` to whose slices along `axis` the slices of dy are added, in order.
struct GatherBackward: Op {
    let name = "gather_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectIndices(inputs[0], op: name)
        try expectFloating(inputs, 1, "dy")
        let shape = try attributes.ints("input_shape")
        let axis = try normalizedAxis(try attributes.int("axis", default: 0), rank: shape.count, op: name)
        let expected = Array(shape[..<axis]) + inputs[0].shape + Array(shape[(axis + 1)...])
        guard inputs[1].shape == expected else {
            throw .invalidArgument("\(name): dy: expected shape \(shapeText(expected)), received \(shapeText(inputs[1].shape))")
        }
        return [try TensorSpec(inputs[1].dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = outputs[0].shape
        let view = AxisView(shape, try normalizedAxis(try attributes.int("axis", default: 0), rank: shape.count, op: name))
        return outputs[0].dtype == .float32
            ? prepare(Float.self, view, inputs[0], outputs[0]) : prepare(Double.self, view, inputs[0], outputs[0])
    }

    private func prepare<T: BinaryFloatingPoint>(_: T.Type, _ view: AxisView, _ indexSpec: TensorSpec, _ output: TensorSpec) -> PreparedOp {
        let name = name
        return PreparedOp(algorithm: "scatter") { (arguments: OpArguments) throws(ConvError) in
            let indices = try checkedIndices(arguments.inputs[0], indexSpec, size: view.size, op: name)
            let dy: UnsafePointer<T> = arguments.input(1)
            let dx: UnsafeMutablePointer<T> = arguments.output(0)
            dx.update(repeating: 0, count: output.count)
            for o in 0..<view.outer {
                for (i, index) in indices.enumerated() {
                    let from = dy + (o * indices.count + i) * view.inner
                    let to = dx + (o * view.size + index) * view.inner
                    for k in 0..<view.inner { to[k] += from[k] }
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil, nil] }
        return [nil, try graph("gather", dy, call.inputs[0], attributes: ["axis": .int(try call.attributes.int("axis", default: 0))])]
    }
}

/// A new last axis of `depth`: `on_value` at the index, `off_value` elsewhere (everywhere for an index out of range, as in TensorFlow).
struct OneHot: Op {
    let name = "one_hot"

    private func parameters(_ attributes: Attributes) throws(ConvError) -> (depth: Int, dtype: DataType) {
        let depth = try attributes.int("depth")
        guard depth >= 0 else { throw .invalidArgument("\(name): depth: expected at least 0, received \(depth)") }
        let word = try attributes.string("dtype", default: "float32")
        guard let dtype = DataType(name: word) else {
            throw .wrongType("\(name): dtype: expected one of \(DataType.allCases.map(\.name).joined(separator: ", ")), received \"\(word)\"")
        }
        return (depth, dtype)
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        guard inputs[0].dtype.isInteger else {
            throw .wrongType("\(name): indices: expected int32, int64 or uint8, received \(inputs[0].dtype)")
        }
        let (depth, dtype) = try parameters(attributes)
        return [try TensorSpec(dtype, inputs[0].shape + [depth]).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (depth, dtype) = try parameters(attributes)
        let on = try attributes.double("on_value", default: 1)
        let off = try attributes.double("off_value", default: 0)
        let spec = inputs[0]
        let total = outputs[0].count
        return PreparedOp(algorithm: "one-hot") { arguments in
            let indices = arguments.inputs[0]
            let y = arguments.outputs[0]
            fill(y, dtype, total, off, threads: context.threads)
            for i in 0..<spec.count {
                let index =
                    switch spec.dtype {
                    case .int32: Int(indices.load(fromByteOffset: 4 * i, as: Int32.self))
                    case .int64: Int(indices.load(fromByteOffset: 8 * i, as: Int64.self))
                    default: Int(indices.load(fromByteOffset: i, as: UInt8.self))
                    }
                if index >= 0 && index < depth { fill(y + (i * depth + index) * dtype.size, dtype, 1, on, threads: 1) }
            }
        }
    }
}
