import CKernelInterface
import Runtime
import TensorCore

/// The largest element of each window. Padding is left out (it counts as −∞); NaN propagates.
struct MaxPool2D: Op {
    let name = "max_pool2d"

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
        return pooledRows(shape, inputs, outputs, inputs[0].dtype == .float32 ? kernels.max_f32! : kernels.max_f64!, context)
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { onlyFirst(batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        return try graph.apply("max_pool2d_backward", [call.inputs[0], call.outputs[0], dy], call.attributes)
    }
}

/// A pooling whose output rows are independent.
func pooledRows(
    _ shape: PoolShape, _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ kernel: @escaping sc_pool_row_kernel, _ context: PrepareContext
) -> PreparedOp {
    let size = inputs[0].dtype.size
    let rowElements = shape.window.ow * shape.window.c
    let output = StreamedOutput(inputs, outputs, itemBytes: rowElements * size)
    return PreparedOp(algorithm: "direct", flops: shape.flops) { arguments in
        let (x, y) = (arguments.inputs[0], arguments.outputs[0])
        shape.forRows(shape.window.oh, of: y, output, threads: context.threads) { image, oy, y in
            var window = shape.window
            kernel(&window, oy, x + image * shape.image * size, y)
        }
    }
}

/// Gives dy to the first maximum of each window in scan order (the first NaN, if the window has one).
struct MaxPool2DBackward: Op {
    let name = "max_pool2d_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 3...3)
        try expectFloating(inputs, 0, "x")
        let y = TensorSpec(inputs[0].dtype, try PoolShape(op: name, inputs[0].shape, attributes).y)
        try expectSpec(inputs, 1, "y", y)
        try expectSpec(inputs, 2, "dy", y)
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = try PoolShape(op: name, inputs[0].shape, attributes)
        let single = inputs[0].dtype == .float32
        let kernels = Kernels.table.pooling
        let g = shape.window
        return g.stride_h >= g.kh && g.stride_w >= g.kw
            ? tiled(shape, inputs[0].dtype, single ? kernels.max_backward_assign_f32! : kernels.max_backward_assign_f64!, context)
            : overlapping(
                shape, inputs[0].dtype, single ? kernels.max_backward_accumulate_f32! : kernels.max_backward_accumulate_f64!, context)
    }

    /// Linear in dy: what comes back is read where each window's first maximum is. The places of the maxima do not move with x.
    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let ddx = outputGradients[0] else { return [nil, nil, nil] }
        let (x, y) = (call.inputs[0], call.inputs[1])
        let argmax = try graph.apply("max_pool2d_with_argmax", [x], call.attributes)[1]
        return [
            try graph.constant(0, graph.spec(x)), try graph.constant(0, graph.spec(y)),
            try graph.pooled(ddx, argmax, includesBatch: false),
        ]
    }

    /// Windows that do not overlap: an output row owns the input rows from its window's to the next one's.
    private func tiled(
        _ shape: PoolShape, _ dtype: DataType, _ kernel: @escaping sc_max_pool_backward_kernel, _ context: PrepareContext
    ) -> PreparedOp {
        let size = dtype.size
        let g = shape.window
        let rowBytes = g.w * g.c * size
        // whether the windows of one row leave no pixel out
        let covered = g.stride_w == g.kw && (g.ow - 1) * g.stride_w - g.pad_left + g.kw >= g.w
        return PreparedOp(algorithm: "tiled", flops: shape.flops) { arguments in
            let (x, y, dy) = (arguments.inputs[0], arguments.inputs[1], arguments.inputs[2])
            let dx = arguments.outputs[0]
            if g.oh == 0 || g.ow == 0 {
                dx.zero(byteCount: shape.n * shape.image * size)
                return
            }
            shape.forRows(g.oh, elements: g.w * g.c * min(g.stride_h, g.h), threads: context.threads) { image, oy in
                let from = oy == 0 ? 0 : min(g.h, oy * g.stride_h - g.pad_top)
                let to = oy + 1 == g.oh ? g.h : min(g.h, (oy + 1) * g.stride_h - g.pad_top)
                let top = image * shape.image * size
                if !(covered && oy * g.stride_h - g.pad_top <= from && oy * g.stride_h - g.pad_top + g.kh >= to) {
                    (dx + top + from * rowBytes).zero(byteCount: (to - from) * rowBytes)
                }
                var window = g
                let out = image * shape.output * size
                kernel(&window, oy, oy + 1, 0, g.c, x + top, y + out, dy + out, dx + top)
            }
        }
    }

    /// Zeros in some channels of rows of an image.
    private func clear(_ rows: Range<Int>, _ channels: Range<Int>, _ dx: UnsafeMutableRawPointer, _ g: sc_pool_window, _ size: Int) {
        if channels.count == g.c {
            (dx + rows.lowerBound * g.w * g.c * size).zero(byteCount: rows.count * g.w * g.c * size)
            return
        }
        for pixel in rows.lowerBound * g.w..<rows.upperBound * g.w {
            (dx + (pixel * g.c + channels.lowerBound) * size).zero(byteCount: channels.count * size)
        }
    }

    private func overlapping(
        _ shape: PoolShape, _ dtype: DataType, _ kernel: @escaping sc_max_pool_backward_kernel, _ context: PrepareContext
    ) -> PreparedOp {
        let size = dtype.size
        let g = shape.window
        return PreparedOp(algorithm: "overlapping", flops: shape.flops) { arguments in
            let (x, y, dy) = (arguments.inputs[0], arguments.inputs[1], arguments.inputs[2])
            let dx = arguments.outputs[0]
            PoolShape.forStrips(n: shape.n, channels: g.c, size: size, threads: context.threads) { image, channels in
                let top = image * shape.image * size
                let out = image * shape.output * size
                var window = g
                // Rows become zeros just before windows reach them, while they are on their way into the cache.
                var zeroed = 0
                for oy in 0...g.oh {
                    let reached = oy == g.oh ? g.h : max(zeroed, min(g.h, oy * g.stride_h - g.pad_top + g.kh))
                    clear(zeroed..<reached, channels, dx + top, g, size)
                    zeroed = reached
                    if oy < g.oh {
                        kernel(&window, oy, oy + 1, channels.lowerBound, channels.upperBound, x + top, y + out, dy + out, dx + top)
                    }
                }
            }
        }
    }
}
