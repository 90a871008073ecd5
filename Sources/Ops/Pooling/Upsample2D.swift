import CKernelInterface
import Runtime
import TensorCore

/// A checked enlargement of images by whole factors.
private struct UpsampleShape: Sendable {
    let n, h, w, c, sizeH, sizeW: Int
    let bilinear: Bool

    init(op: String, _ shape: [Int], _ attributes: Attributes) throws(ConvError) {
        guard shape.count == 4 else {
            throw .invalidArgument("\(op): x: expected 4 dimensions [n, h, w, c], received shape \(shapeText(shape))")
        }
        let size = try attributes.ints("size")
        guard size.count == 2, size.allSatisfy({ 1 <= $0 && $0 <= WindowAxis.limit }), max(shape[1], shape[2]) <= WindowAxis.limit
        else { throw .invalidArgument("\(op): size: expected two integers of at least 1 [height, width], received \(size)") }
        switch try attributes.string("interpolation", default: "nearest") {
        case "nearest": bilinear = false
        case "bilinear": bilinear = true
        case let word:
            throw .invalidArgument("\(op): interpolation: expected \"nearest\" or \"bilinear\", received \"\(word)\"")
        }
        (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3])
        (sizeH, sizeW) = (size[0], size[1])
    }

    var y: [Int] { [n, h * sizeH, w * sizeW, c] }

    /// Where output `o` lies between inputs, TensorFlow's half-pixel centres: the lower one, the upper one, how far from the lower.
    static func between(_ o: Int, _ factor: Int, _ count: Int) -> (low: Int, high: Int, fraction: Double) {
        let place = (Double(o) + 0.5) / Double(factor) - 0.5
        let floor = place.rounded(.down)
        return (max(0, Int(floor)), min(count - 1, Int(place.rounded(.up))), place - floor)
    }
}

/// Images enlarged by whole factors: each pixel repeated, or interpolated between pixel centres (as Keras's UpSampling2D).
struct Upsample2D: Op {
    let name = "upsample2d"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectFloating(inputs, 0, "x")
        return [try TensorSpec(inputs[0].dtype, UpsampleShape(op: name, inputs[0].shape, attributes).y).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let s = try UpsampleShape(op: name, inputs[0].shape, attributes)
        let size = inputs[0].dtype.size
        let kernel = size == 4 ? Kernels.table.pooling.bilinear_f32! : Kernels.table.pooling.bilinear_f64!
        let (oh, ow) = (s.h * s.sizeH, s.w * s.sizeW)
        let (inRow, outRow) = (s.w * s.c * size, ow * s.c * size)
        let grain = max(1, 32768 / max(1, outRow))
        if !s.bilinear {
            return PreparedOp(algorithm: "nearest") { arguments in
                let (x, y) = (arguments.inputs[0], arguments.outputs[0])
                let pixel = s.c * size
                parallelFor(s.n * s.h, grain: max(1, grain / s.sizeH), threads: context.threads) { range, _ in
                    for row in range {
                        let to = y + row * s.sizeH * outRow
                        for ix in 0..<s.w {
                            let from = x + row * inRow + ix * pixel
                            for k in 0..<s.sizeW { (to + (ix * s.sizeW + k) * pixel).copyMemory(from: from, byteCount: pixel) }
                        }
                        for k in 1..<max(1, s.sizeH) { (to + k * outRow).copyMemory(from: to, byteCount: outRow) }
                    }
                }
            }
        }
        let columns = (0..<ow).map { UpsampleShape.between($0, s.sizeW, s.w) }
        let (left, right) = (columns.map { Int32($0.low) }, columns.map { Int32($0.high) })
        let across = columns.map(\.fraction)
        return PreparedOp(algorithm: "bilinear", flops: 6 * outputs[0].count) { arguments in
            let (x, y) = (arguments.inputs[0], arguments.outputs[0])
            parallelFor(s.n * oh, grain: grain, threads: context.threads) { range, _ in
                for row in range {
                    let image = x + row / oh * s.h * inRow
                    let place = UpsampleShape.between(row % oh, s.sizeH, s.h)
                    kernel(
                        ow, s.c, left, right, across, place.fraction, image + place.low * inRow, image + place.high * inRow,
                        y + row * outRow)
                }
            }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { onlyFirst(batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        return try graph.apply("upsample2d_backward", [dy], call.attributes)
    }
}

/// The transpose of `upsample2d`: each dx is the sum of dy times the weight its pixel had there.
struct Upsample2DBackward: Op {
    let name = "upsample2d_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectFloating(inputs, 0, "dy")
        return [TensorSpec(inputs[0].dtype, try inputShape(inputs[0].shape, attributes))]
    }

    private func inputShape(_ dy: [Int], _ attributes: Attributes) throws(ConvError) -> [Int] {
        let s = try UpsampleShape(op: name, dy, attributes)
        guard s.h % s.sizeH == 0, s.w % s.sizeW == 0 else {
            throw .invalidArgument(
                "\(name): dy: expected height and width that are multiples of size [\(s.sizeH), \(s.sizeW)], received shape \(shapeText(dy))"
            )
        }
        return [s.n, s.h / s.sizeH, s.w / s.sizeW, s.c]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let s = try UpsampleShape(op: name, outputs[0].shape, attributes)
        return inputs[0].dtype == .float32 ? prepared(Float.self, s, context) : prepared(Double.self, s, context)
    }

    private func prepared<T: BinaryFloatingPoint & Sendable>(
        _: T.Type, _ s: UpsampleShape, _ context: PrepareContext
    ) -> PreparedOp {
        /// The terms of input `i` along one axis: output and weight, in the outputs' order.
        func terms(_ count: Int, _ factor: Int) -> [[(output: Int, weight: T)]] {
            var table = [[(output: Int, weight: T)]](repeating: [], count: count)
            for o in 0..<count * factor {
                if s.bilinear {
                    let place = UpsampleShape.between(o, factor, count)
                    table[place.low].append((o, T(1 - place.fraction)))
                    if place.fraction > 0 { table[place.high].append((o, T(place.fraction))) }
                } else {
                    table[o / factor].append((o, 1))
                }
            }
            return table
        }
        let (down, across) = (terms(s.h, s.sizeH), terms(s.w, s.sizeW))
        let ow = s.w * s.sizeW
        return PreparedOp(
            algorithm: s.bilinear ? "bilinear" : "nearest", flops: 2 * s.n * s.h * s.sizeH * ow * s.c
        ) { arguments in
            let dy = arguments.input(0, T.self)
            let dx = arguments.output(0, T.self)
            parallelFor(s.n * s.h, threads: context.threads) { range, _ in
                for row in range {
                    let image = dy + row / s.h * s.h * s.sizeH * ow * s.c
                    let target = dx + row * s.w * s.c
                    target.initialize(repeating: 0, count: s.w * s.c)
                    for (oy, weightDown) in down[row % s.h] {
                        for ix in 0..<s.w {
                            for (ox, weightAcross) in across[ix] {
                                let (from, weight) = (image + (oy * ow + ox) * s.c, weightDown * weightAcross)
                                for c in 0..<s.c { target[ix * s.c + c] += weight * from[c] }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Linear in dy: the gradient of the backward is the forward.
    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let ddx = outputGradients[0] else { return [nil] }
        return try graph.apply("upsample2d", [ddx], call.attributes)
    }
}
