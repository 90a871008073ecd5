import CKernelInterface
import Runtime
import TensorCore

/// The family's members; see `docs/ops/README.md` and `docs/ops/pooling.md`.
let poolingOps: [any Op] = [
    MaxPool2D(), MaxPool2DBackward(), MaxPool2DWithArgmax(), MaxPool2DArgmaxBackward(), AvgPool2D(), AvgPool2DBackward(),
    Upsample2D(), Upsample2DBackward(),
]

/// A checked pooling: the images and the windows over them.
struct PoolShape: Sendable {
    let n: Int
    let window: sc_pool_window
    let y: [Int]

    init(op: String, argument: String = "x", _ shape: [Int], _ attributes: Attributes) throws(ConvError) {
        guard shape.count == 4 else {
            throw .invalidArgument("\(op): \(argument): expected 4 dimensions [n, h, w, c], received shape \(shapeText(shape))")
        }
        let ksize = try attributes.ints("ksize")
        guard ksize.count == 2 else {
            throw .invalidArgument("\(op): ksize: expected two integers [height, width], received \(ksize)")
        }
        let padding = try Padding(attributes, op: op)
        if case .explicit(let top, let bottom, let left, let right) = padding {
            // a window of padding alone would have no maximum and no mean
            guard max(top, bottom) < ksize[0], max(left, right) < ksize[1] else {
                throw .invalidArgument(
                    "\(op): padding: expected amounts smaller than the window \(ksize), received \([top, bottom, left, right])")
            }
        }
        let geometry = try Geometry(
            op: op, input: (shape[1], shape[2]), window: (ksize[0], ksize[1]), strides: try attributes.ints("strides"),
            padding: padding)
        n = shape[0]
        window = sc_pool_window(
            h: shape[1], w: shape[2], c: shape[3], oh: geometry.h.output, ow: geometry.w.output, kh: ksize[0], kw: ksize[1],
            stride_h: geometry.h.stride, stride_w: geometry.w.stride, pad_top: geometry.h.before, pad_left: geometry.w.before)
        y = [shape[0], geometry.h.output, geometry.w.output, shape[3]]
    }

    /// Elements of an image and of its output.
    var image: Int { window.h * window.w * window.c }
    var output: Int { window.oh * window.ow * window.c }
    /// Comparisons or additions of the formula.
    var flops: Int { n &* output &* min(window.kh, window.h) &* min(window.kw, window.w) }

    /// Calls `body(image, row)` for all rows of all images, `rows` each with `elements` elements.
    func forRows(_ rows: Int, elements: Int, threads: Int, _ body: (_ image: Int, _ row: Int) -> Void) {
        guard elements > 0 else { return }
        parallelFor(n * rows, grain: max(1, 8192 / elements), threads: threads) { range, _ in
            for unit in range { body(unit / rows, unit % rows) }
        }
    }

    /// Calls `body(image, row, place)` for all rows of all images, which make up `y` without gaps.
    func forRows(
        _ rows: Int, of y: UnsafeMutableRawPointer, _ output: StreamedOutput, threads: Int,
        _ body: (_ image: Int, _ row: Int, _ y: UnsafeMutableRawPointer) -> Void
    ) {
        guard output.itemBytes > 0 else { return }
        parallelFor(n * rows, grain: max(1, 32768 / output.itemBytes), threads: threads) { range, _ in
            output.forBlocks(range, of: y, inPlace: false) { block, y in
                for unit in block { body(unit / rows, unit % rows, y + (unit - block.lowerBound) * output.itemBytes) }
            }
        }
    }

    /// Calls `body(image, channels)` for strips of channels of all images: writes of different strips do not meet, and within one
    /// nothing depends on the threads.
    static func forStrips(n: Int, channels: Int, size: Int, threads: Int, _ body: (_ image: Int, _ channels: Range<Int>) -> Void) {
        // 64 bytes of channels are a cache line, which is not shared; a strip is all channels where there are images enough for the threads
        let line = 64 / size
        let cuts = threads == 1 || n >= 2 * threads ? 1 : (2 * threads + n - 1) / max(1, n)
        let strip = max(line, (channels + line * cuts - 1) / (line * cuts) * line)
        let strips = (channels + strip - 1) / strip
        parallelFor(n * strips, threads: threads) { range, _ in
            for unit in range {
                let from = unit % strips * strip
                body(unit / strips, from..<min(channels, from + strip))
            }
        }
    }
}

extension Op {
    /// Throws unless input `index` has the type of input 0 (or `dtype`) and `shape`.
    func expectSpec(_ inputs: [TensorSpec], _ index: Int, _ argument: String, _ expected: TensorSpec) throws(ConvError) {
        guard inputs[index].dtype == expected.dtype else {
            throw .wrongType("\(name): \(argument): expected \(expected.dtype), received \(inputs[index].dtype)")
        }
        guard inputs[index].shape == expected.shape else {
            throw .invalidArgument(
                "\(name): \(argument): expected shape \(shapeText(expected.shape)), received \(shapeText(inputs[index].shape))")
        }
    }
}
