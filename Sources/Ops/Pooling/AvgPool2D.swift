import CKernelInterface
import Runtime
import TensorCore

/// The mean of each window's cells that lie in the image.
struct AvgPool2D: Op {
    let name = "avg_pool2d"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectFloating(inputs, 0, "x")
        return [try TensorSpec(inputs[0].dtype, PoolShape(op: name, inputs[0].shape, attributes).y).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = try PoolShape(op: name, inputs[0].shape, attributes)
        let kernels = Kernels.table.pooling
        return pooledRows(shape, inputs, outputs, inputs[0].dtype == .float32 ? kernels.avg_f32! : kernels.avg_f64!, context)
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { onlyFirst(batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        var attributes = call.attributes
        attributes["input_shape"] = .ints(graph.spec(call.inputs[0]).shape)
        return try graph.apply("avg_pool2d_backward", [dy], attributes)
    }
}

/// Spreads dy evenly over the cells of its window that lie in the image.
struct AvgPool2DBackward: Op {
    let name = "avg_pool2d_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectFloating(inputs, 0, "dy")
        let dx = try TensorSpec(inputs[0].dtype, try attributes.ints("input_shape")).validated(name)
        let shape = try PoolShape(op: name, argument: "input_shape", dx.shape, attributes)
        try expectSpec(inputs, 0, "dy", TensorSpec(inputs[0].dtype, shape.y))
        return [dx]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = try PoolShape(op: name, outputs[0].shape, attributes)
        let kernels = Kernels.table.pooling
        let kernel = inputs[0].dtype == .float32 ? kernels.avg_backward_f32! : kernels.avg_backward_f64!
        let size = inputs[0].dtype.size
        let rowElements = shape.window.w * shape.window.c
        let output = StreamedOutput(inputs, outputs, itemBytes: rowElements * size)
        return PreparedOp(algorithm: "direct", flops: shape.flops) { arguments in
            let (dy, dx) = (arguments.inputs[0], arguments.outputs[0])
            shape.forRows(shape.window.h, of: dx, output, threads: context.threads) { image, iy, dx in
                var window = shape.window
                kernel(&window, iy, dy + image * shape.output * size, dx)
            }
        }
    }

    /// Linear in dy: the gradient of the backward is the forward.
    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let ddx = outputGradients[0] else { return [nil] }
        var attributes = call.attributes
        attributes["input_shape"] = nil
        return try graph.apply("avg_pool2d", [ddx], attributes)
    }
}
