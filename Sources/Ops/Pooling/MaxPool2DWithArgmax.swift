import CKernelInterface
import Runtime
import TensorCore

/// Max pooling and where each maximum is: `(y · w + x) · c + channel`, plus `image · h · w · c` with `include_batch_in_index`.
struct MaxPool2DWithArgmax: Op {
    let name = "max_pool2d_with_argmax"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectFloating(inputs, 0, "x")
        _ = try attributes.bool("include_batch_in_index", default: false)
        let y = try PoolShape(op: name, inputs[0].shape, attributes).y
        return [try TensorSpec(inputs[0].dtype, y).validated(name), try TensorSpec(.int64, y).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = try PoolShape(op: name, inputs[0].shape, attributes)
        let withBatch = try attributes.bool("include_batch_in_index", default: false)
        let kernels = Kernels.table.pooling
        let kernel = inputs[0].dtype == .float32 ? kernels.argmax_f32! : kernels.argmax_f64!
        let size = inputs[0].dtype.size
        let rowElements = shape.window.ow * shape.window.c
        return PreparedOp(algorithm: "direct", flops: shape.flops) { arguments in
            let (x, y) = (arguments.inputs[0], arguments.outputs[0])
            let argmax = arguments.output(1, Int64.self)
            shape.forRows(shape.window.oh, elements: rowElements, threads: context.threads) { image, oy in
                var window = shape.window
                let out = image * shape.output + oy * rowElements
                kernel(
                    &window, oy, Int64(withBatch ? image * shape.image : 0), x + image * shape.image * size, y + out * size,
                    argmax + out)
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let attributes: Attributes = [
            "input_shape": .ints(graph.spec(call.inputs[0]).shape),
            "include_batch_in_index": .int(try call.attributes.int("include_batch_in_index", default: 0)),
        ]
        return try graph.apply("max_pool2d_argmax_backward", [call.outputs[1], dy], attributes)
    }
}

/// Adds each dy to the place that argmax names. A place outside of the pixel's own image is an error at run time.
struct MaxPool2DArgmaxBackward: Op {
    let name = "max_pool2d_argmax_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        guard inputs[0].dtype == .int64 else { throw .wrongType("\(name): argmax: expected int64, received \(inputs[0].dtype)") }
        try expectFloating(inputs, 1, "dy")
        try expectSpec(inputs, 1, "dy", TensorSpec(inputs[1].dtype, inputs[0].shape))
        let shape = try attributes.ints("input_shape")
        let dy = inputs[1].shape
        guard shape.count == 4, dy.count == 4, shape[0] == dy[0], shape[3] == dy[3] else {
            throw .invalidArgument(
                "\(name): input_shape: expected [n, h, w, c] with the n and c of dy \(shapeText(dy)), received \(shape)")
        }
        _ = try attributes.bool("include_batch_in_index", default: false)
        return [try TensorSpec(inputs[1].dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let withBatch = try attributes.bool("include_batch_in_index", default: false)
        return inputs[1].dtype == .float32
            ? prepared(Float.self, inputs[1].shape, outputs[0].shape, withBatch, context)
            : prepared(Double.self, inputs[1].shape, outputs[0].shape, withBatch, context)
    }

    /// Linear in dy: what comes back is read at the same places.
    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let ddx = outputGradients[0] else { return [nil, nil] }
        let withBatch = try call.attributes.bool("include_batch_in_index", default: false)
        return [nil, try graph.pooled(ddx, call.inputs[0], includesBatch: withBatch)]
    }

    private func prepared<T: BinaryFloatingPoint & Sendable>(
        _: T.Type, _ dyShape: [Int], _ dxShape: [Int], _ withBatch: Bool, _ context: PrepareContext
    ) -> PreparedOp {
        let n = dxShape[0]
        let image = dxShape.dropFirst().reduce(1, *)
        let count = dyShape.dropFirst().reduce(1, *)
        let name = name
        return PreparedOp(
            algorithm: "scatter", flops: n * count, workspaceBytes: n * MemoryLayout<Int>.size
        ) { (arguments) throws(ConvError) in
            let argmax = arguments.input(0, Int64.self)
            let dy = arguments.input(1, T.self)
            let dx = arguments.output(0, T.self)
            // for each image the first element whose place is wrong, or -1
            let wrong = arguments.workspace.assumingMemoryBound(to: Int.self)
            parallelFor(n, threads: context.threads) { range, _ in
                for i in range {
                    wrong[i] = -1
                    let target = dx + i * image
                    target.initialize(repeating: 0, count: image)
                    let base = Int64(withBatch ? i * image : 0)
                    for k in i * count..<(i + 1) * count {
                        let place = argmax[k] &- base
                        guard place >= 0, place < Int64(image) else {
                            wrong[i] = k
                            break
                        }
                        target[Int(place)] += dy[k]
                    }
                }
            }
            if let i = (0..<n).first(where: { wrong[$0] >= 0 }) {
                let low = withBatch ? i * image : 0
                throw .invalidArgument(
                    "\(name): argmax: expected places from \(low) to \(low + image - 1) in image \(i), received \(argmax[wrong[i]])")
            }
        }
    }
}

extension GraphBuilder {
    /// The elements of `images` [n, h, w, c] at the places that `argmax` [n, oh, ow, c] names, without the batch or with it.
    func pooled(_ images: Value, _ argmax: Value, includesBatch: Bool) throws(ConvError) -> Value {
        let spec = spec(images)
        var places = argmax
        if !includesBatch {
            // 1, 2 … n times the elements of an image, less one image
            let size = Double(spec.shape.dropFirst().reduce(1, *))
            let image = try constant(size, TensorSpec(.int64, [spec.shape[0], 1, 1, 1]))
            let starts = try self("subtract", try self("cumsum", image, attributes: ["axis": .int(0)]), image)
            places = try self("add", argmax, starts)
        }
        let flat = try reshape(images, [spec.count])
        return try self("gather", flat, places, attributes: ["axis": .int(0)])
    }
}
