import Runtime
import TensorCore

/// How an array is cut for taking slices along one axis: [outer, extent, run] with runs of neighbouring elements.
private struct GatherShape: Sendable {
    let outer: Int
    let extent: Int
    let run: Int
    let indices: Int
    let indexType: DataType

    init(_ shape: [Int], axis: Int, indices: TensorSpec) {
        outer = shape[..<axis].reduce(1, *)
        extent = shape[axis]
        run = shape[(axis + 1)...].reduce(1, *)
        self.indices = indices.count
        indexType = indices.dtype
    }

    @inline(__always) func index(_ p: UnsafeRawPointer, _ i: Int) -> Int {
        indexType == .int32
            ? Int(p.assumingMemoryBound(to: Int32.self)[i]) : Int(truncatingIfNeeded: p.assumingMemoryBound(to: Int64.self)[i])
    }

    func check(_ op: String, _ p: UnsafeRawPointer) throws(ConvError) {
        for i in 0..<indices {
            let value = index(p, i)
            guard value >= 0, value < extent else {
                throw .invalidArgument("\(op): indices: expected 0 to \(extent - 1), received \(value) at position \(i)")
            }
        }
    }
}

extension Op {
    fileprivate func expectIndices(_ spec: TensorSpec) throws(ConvError) {
        guard spec.dtype == .int32 || spec.dtype == .int64 else {
            throw .wrongType("\(name): indices: expected int32 or int64, received \(spec.dtype)")
        }
    }
}

/// The slices of x along *axis* (default 0) that `indices` name; the indices' shape takes that axis's place.
struct Gather: Op {
    let name = "gather"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        let (x, indices) = (inputs[0], inputs[1])
        try expectIndices(indices)
        let axis = try normalizedAxis(try attributes.int("axis", default: 0), rank: x.rank)
        return [try TensorSpec(x.dtype, Array(x.shape[..<axis] + indices.shape + x.shape[(axis + 1)...])).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let axis = try normalizedAxis(try attributes.int("axis", default: 0), rank: inputs[0].rank)
        let shape = GatherShape(inputs[0].shape, axis: axis, indices: inputs[1])
        let bytes = shape.run * inputs[0].dtype.size
        let name = name
        return PreparedOp(algorithm: "copy") { arguments throws(ConvError) in
            let x = arguments.inputs[0]
            let indices = arguments.inputs[1]
            let y = arguments.outputs[0]
            try shape.check(name, indices)
            parallelFor(shape.outer * shape.indices, grain: max(1, (1 << 16) / max(1, bytes)), threads: context.threads) { range, _ in
                for task in range {
                    let from = task / shape.indices * shape.extent + shape.index(indices, task % shape.indices)
                    (y + task * bytes).copyMemory(from: x + from * bytes, byteCount: bytes)
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0], graph.spec(dy).dtype.isFloating else { return [nil, nil] }
        let axis = try call.attributes.int("axis", default: 0)
        let attributes: Attributes = ["input_shape": .ints(graph.spec(call.inputs[0]).shape), "axis": .int(axis)]
        return [try graph("gather_backward", call.inputs[1], dy, attributes: attributes), nil]
    }
}

/// Adds the slices of dy to the places that `indices` name, in the order of the indices.
struct GatherBackward: Op {
    let name = "gather_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        let (indices, dy) = (inputs[0], inputs[1])
        try expectIndices(indices)
        try expectFloating(inputs, 1, "dy")
        let spec = try TensorSpec(dy.dtype, try attributes.ints("input_shape")).validated("\(name): input_shape")
        let axis = try normalizedAxis(try attributes.int("axis", default: 0), rank: spec.rank)
        let expected = Array(spec.shape[..<axis] + indices.shape + spec.shape[(axis + 1)...])
        guard dy.shape == expected else {
            throw .invalidArgument("\(name): dy: expected shape \(shapeText(expected)), received \(shapeText(dy.shape))")
        }
        return [spec]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let axis = try normalizedAxis(try attributes.int("axis", default: 0), rank: outputs[0].rank)
        let shape = GatherShape(outputs[0].shape, axis: axis, indices: inputs[0])
        let spec = outputs[0]
        let bytes = shape.run * spec.dtype.size
        let accumulate = Kernels.table.movement.accumulate!
        let name = name
        return PreparedOp(algorithm: "scatter", flops: inputs[1].count) { arguments throws(ConvError) in
            let indices = arguments.inputs[0]
            let dy = arguments.inputs[1]
            let dx = arguments.outputs[0]
            try shape.check(name, indices)
            StridedCopy.fill(dx, 0, spec.dtype, count: spec.count, threads: context.threads)
            parallelFor(shape.outer, grain: max(1, elementGrain / max(1, shape.indices * shape.run)), threads: context.threads) {
                range, _ in
                for outer in range {
                    for i in 0..<shape.indices {
                        let to = outer * shape.extent + shape.index(indices, i)
                        accumulate(Int(spec.dtype.rawValue), shape.run, dy + (outer * shape.indices + i) * bytes, dx + to * bytes)
                    }
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let g = outputGradients[0] else { return [nil, nil] }
        return [nil, try graph("gather", g, call.inputs[0], attributes: ["axis": .int(try call.attributes.int("axis", default: 0))])]
    }
}

/// *on_value* where the position along a new last axis of *depth* is the index, else *off_value*; an index outside gives only off values.
struct OneHot: Op {
    let name = "one_hot"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        guard inputs[0].dtype.isInteger else {
            throw .wrongType("\(name): indices: expected int32, int64 or uint8, received \(inputs[0].dtype)")
        }
        let depth = try attributes.int("depth")
        guard depth >= 0 else { throw .invalidArgument("\(name): depth: expected at least 0, received \(depth)") }
        _ = try attributes.double("on_value", default: 1)
        _ = try attributes.double("off_value", default: 0)
        return [try TensorSpec(try dtype(attributes, default: "float32"), inputs[0].shape + [depth]).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let depth = try attributes.int("depth")
        let on = try attributes.double("on_value", default: 1)
        let off = try attributes.double("off_value", default: 0)
        let (spec, indexType, rows) = (outputs[0], inputs[0].dtype, inputs[0].count)
        return PreparedOp(algorithm: "fill") { arguments in
            let indices = arguments.inputs[0]
            let y = arguments.outputs[0]
            StridedCopy.fill(y, off, spec.dtype, count: spec.count, threads: context.threads)
            for row in 0..<rows {
                let index =
                    switch indexType {
                    case .int32: Int(indices.assumingMemoryBound(to: Int32.self)[row])
                    case .int64: Int(truncatingIfNeeded: indices.assumingMemoryBound(to: Int64.self)[row])
                    default: Int(indices.assumingMemoryBound(to: UInt8.self)[row])
                    }
                guard index >= 0, index < depth else { continue }
                StridedCopy.fill(y + (row * depth + index) * spec.dtype.size, on, spec.dtype, count: 1, threads: 1)
            }
        }
    }
}
