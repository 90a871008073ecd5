import CKernelInterface
import Runtime
import TensorCore

/// Depthwise convolution, forward and both backwards, in float32 or float64: each input channel has `multiplier` filters of its own.
///
/// x [n][h][w][c], filter [kh][kw][c · multiplier], y [n][oh][ow][c · multiplier]; output channel o belongs to input channel
/// o / multiplier. The kernels know one filter a channel: for a multiplier above 1 an image's channels are repeated first.
package struct DepthwiseConvolution: Sendable {
    private let images: Int
    private let channels: Int
    private let multiplier: Int
    private let image: sc_depthwise_image
    private let dtype: DataType
    private let threads: Int
    private let kernels: sc_depthwise_kernels

    package init(
        images: Int, channels: Int, multiplier: Int, geometry: Geometry, dtype: DataType, threads: Int,
        kernels: sc_depthwise_kernels = Kernels.table.depthwise
    ) {
        self.images = images
        self.channels = channels
        self.multiplier = multiplier
        self.dtype = dtype
        self.threads = threads
        self.kernels = kernels
        let (h, w) = (geometry.h, geometry.w)
        image = sc_depthwise_image(
            h: h.input, w: w.input, c: channels * multiplier, oh: h.output, ow: w.output, kh: h.window, kw: w.window,
            stride_h: h.stride, stride_w: w.stride, dilation_h: h.dilation, dilation_w: w.dilation, pad_top: h.before, pad_left: w.before,
            y_row: w.output * channels * multiplier, y_pixel: channels * multiplier)
    }

    private var size: Int { dtype.size }
    private var taps: Int { image.kh * image.kw }
    private var inputImageBytes: Int { image.h * image.w * channels * size }
    /// An input image with repeated channels.
    private var wideImageBytes: Int { image.h * image.w * image.c * size }
    private var outputImageBytes: Int { image.oh * image.ow * image.c * size }
    private var isEmpty: Bool { images == 0 || image.c == 0 || image.oh == 0 || image.ow == 0 }

    private var lanes: Int { dtype == .float32 ? kernels.lanes_f32 : kernels.lanes_f64 }
    private var vectors: Int { (image.c + lanes - 1) / lanes }
    /// A filter, or its gradient, as the kernels hold it.
    package var packedBytes: Int { (vectors * taps * lanes * size + 63) / 64 * 64 }

    /// Rows of all images' outputs.
    private var rows: Int { images * image.oh }
    /// Multiplications of a row: at least some ten thousand are worth a thread.
    private func rowGrain(_ image: sc_depthwise_image) -> Int { max(1, 65536 / max(1, image.ow * image.c * max(1, image.kh * image.kw))) }

    // MARK: forward

    package var forwardWorkspaceBytes: Int { packedBytes + (multiplier == 1 ? 0 : wideImageBytes) }

    /// The filter as `forward` takes it.
    package func pack(_ filter: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        for tap in 0..<taps { pack(filter, tap, as: tap, of: taps, packed) }
    }

    package func forward(
        x: UnsafeRawPointer, filter: UnsafeRawPointer, packed: UnsafeRawPointer? = nil, bias: UnsafeRawPointer?, slope: Double,
        ceiling: Double, y: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) {
        if isEmpty { return }
        let epilogue = sc_depthwise_epilogue(bias: bias, slope: slope, ceiling: ceiling)
        if packed == nil { pack(filter, into: workspace) }
        let pass = Pass(image: image, packed: packed ?? UnsafeRawPointer(workspace), targetStart: 0)
        if multiplier == 1 {
            run([pass], x, epilogue, images: images, rows: image.oh, target: outputImageBytes, y)
        } else {
            let wide = workspace + packedBytes
            for i in 0..<images {
                widen(x + i * inputImageBytes, into: wide)
                run([pass], UnsafeRawPointer(wide), epilogue, images: 1, rows: image.oh, target: 0, y + i * outputImageBytes)
            }
        }
    }

    /// Some rows of one image's result, one after the other at `y`; for a multiplier of 1.
    func forward(
        _ x: UnsafeRawPointer, image index: Int, rows: Range<Int>, packed: UnsafeRawPointer, _ epilogue: sc_depthwise_epilogue,
        into y: UnsafeMutableRawPointer
    ) {
        let kernel = dtype == .float32 ? kernels.forward_f32! : kernels.forward_f64!
        withUnsafePointer(to: epilogue) { epilogue in
            withUnsafePointer(to: image) {
                kernel(
                    $0, x + index * inputImageBytes, packed, epilogue, rows.lowerBound, rows.upperBound, 0, vectors,
                    y - rows.lowerBound * image.y_row * size)
            }
        }
    }

    /// Tap `tap` of the filter as tap `place` of `count` taps.
    private func pack(_ filter: UnsafeRawPointer, _ tap: Int, as place: Int, of count: Int, _ packed: UnsafeMutableRawPointer) {
        (dtype == .float32 ? kernels.pack_f32! : kernels.pack_f64!)(image.c, count, place, filter + tap * image.c * size, packed)
    }

    /// One convolution over an image. Several may write the rows of a target in turn.
    private struct Pass: @unchecked Sendable {
        var image: sc_depthwise_image
        var packed: UnsafeRawPointer
        /// Where row 0 begins in the target, in bytes.
        var targetStart: Int
        /// The distance of its rows in the target.
        var stride = 1
    }

    /// Runs passes over all rows of all images, cut into runs of rows; where these are few, of channels too.
    private func run(
        _ passes: [Pass], _ x: UnsafeRawPointer, _ epilogue: sc_depthwise_epilogue, images: Int, rows: Int, target: Int,
        _ y: UnsafeMutableRawPointer
    ) {
        let kernel = dtype == .float32 ? kernels.forward_f32! : kernels.forward_f64!
        let source = passes[0].image
        let sourceBytes = source.h * source.w * source.c * size
        // Passes are ordered by the phase of their rows; those of an image of fewer rows than the stride stop short.
        let stride = passes[0].stride
        let columns = passes.count / min(stride, rows)
        // Four cache lines of channels are worth a walk of their own.
        let cuts = images * rows >= 8 * threads ? 1 : max(1, min(vectors * lanes * size / 256, 4 * threads))
        parallelFor(images * rows * cuts, grain: max(1, rowGrain(source) * cuts), threads: threads) { range, _ in
            withUnsafePointer(to: epilogue) { epilogue in
                var task = range.lowerBound
                while task < range.upperBound {
                    // Tasks are ordered by images, channels, rows.
                    let (rest, row) = task.quotientAndRemainder(dividingBy: rows)
                    let (index, cut) = rest.quotientAndRemainder(dividingBy: cuts)
                    let last = min(rows, row + range.upperBound - task)
                    let (from, to) = (cut * vectors / cuts, (cut + 1) * vectors / cuts)
                    if let pass = passes.first, passes.count == 1 {
                        withUnsafePointer(to: pass.image) {
                            kernel($0, x + index * sourceBytes, pass.packed, epilogue, row, last, from, to, y + index * target)
                        }
                    } else {
                        // Row by row, so that the passes of a row meet its lines in the cache.
                        for line in row..<last {
                            let (own, phase) = line.quotientAndRemainder(dividingBy: stride)
                            for pass in passes[phase * columns..<(phase + 1) * columns] {
                                withUnsafePointer(to: pass.image) {
                                    kernel(
                                        $0, x + index * sourceBytes, pass.packed, epilogue, own, own + 1, from, to,
                                        y + index * target + pass.targetStart)
                                }
                            }
                        }
                    }
                    task += last - row
                }
            }
        }
    }

    // MARK: backward input

    package var backwardInputWorkspaceBytes: Int { phasedBytes + (multiplier == 1 ? 0 : wideImageBytes) }

    /// The packed filters of all phases: each tap belongs to one.
    private var phasedBytes: Int { packedBytes + 64 * min(image.stride_h, image.h) * min(image.stride_w, image.w) }

    /// The inputs at distances of the strides see the same taps: each such phase of dx is a convolution of dy with these taps, turned by half
    /// a turn, at a stride of 1.
    private func passes(_ filter: UnsafeRawPointer, _ workspace: UnsafeMutableRawPointer) -> [Pass] {
        var passes: [Pass] = []
        var packed = workspace
        for phaseH in 0..<min(image.stride_h, image.h) {
            let h = PhaseTaps(phaseH, before: image.pad_top, window: image.kh, stride: image.stride_h, dilation: image.dilation_h)
            for phaseW in 0..<min(image.stride_w, image.w) {
                let w = PhaseTaps(phaseW, before: image.pad_left, window: image.kw, stride: image.stride_w, dilation: image.dilation_w)
                var own = image
                (own.h, own.w) = (image.oh, image.ow)
                own.oh = (image.h - phaseH + image.stride_h - 1) / image.stride_h
                own.ow = (image.w - phaseW + image.stride_w - 1) / image.stride_w
                (own.kh, own.kw) = (h.taps.count, w.taps.count)
                (own.stride_h, own.stride_w) = (1, 1)
                (own.dilation_h, own.dilation_w) = (h.dilation, w.dilation)
                (own.pad_top, own.pad_left) = (-h.offset, -w.offset)
                own.y_row = image.stride_h * image.w * image.c
                own.y_pixel = image.stride_w * image.c
                for (i, kh) in h.taps.enumerated() {
                    for (j, kw) in w.taps.enumerated() {
                        pack(filter, kh * image.kw + kw, as: i * own.kw + j, of: own.kh * own.kw, packed)
                    }
                }
                passes.append(
                    Pass(
                        image: own, packed: UnsafeRawPointer(packed), targetStart: (phaseH * image.w + phaseW) * image.c * size,
                        stride: image.stride_h))
                packed += (vectors * own.kh * own.kw * lanes * size + 63) / 64 * 64
            }
        }
        return passes
    }

    package func backwardInput(
        filter: UnsafeRawPointer, dy: UnsafeRawPointer, dx: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) {
        if images == 0 || image.h * image.w * channels == 0 { return }
        if isEmpty {
            dx.zero(byteCount: images * inputImageBytes)
            return
        }
        let passes = passes(filter, workspace)
        let linear = sc_depthwise_epilogue(bias: nil, slope: 1, ceiling: .infinity)
        if multiplier == 1 {
            run(passes, dy, linear, images: images, rows: image.h, target: wideImageBytes, dx)
        } else {
            let wide = workspace + phasedBytes
            for i in 0..<images {
                run(passes, dy + i * outputImageBytes, linear, images: 1, rows: image.h, target: 0, wide)
                narrow(UnsafeRawPointer(wide), into: dx + i * inputImageBytes)
            }
        }
    }

    // MARK: backward filter

    /// Parts of the sum over all rows, each summed on its own and then added in order: their number depends on the shape alone.
    private var parts: Int { max(1, min(rows, 16)) }

    package var backwardFilterWorkspaceBytes: Int { parts * packedBytes + (multiplier == 1 ? 0 : images * wideImageBytes) }

    package func backwardFilter(
        x: UnsafeRawPointer, dy: UnsafeRawPointer, dfilter: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) {
        if isEmpty {
            dfilter.zero(byteCount: taps * image.c * size)
            return
        }
        var source = x
        if multiplier > 1 {
            let wide = workspace + parts * packedBytes
            for i in 0..<images { widen(x + i * inputImageBytes, into: wide + i * wideImageBytes) }
            source = UnsafeRawPointer(wide)
        }
        let kernel = dtype == .float32 ? kernels.backward_filter_f32! : kernels.backward_filter_f64!
        parallelFor(parts, grain: 1, threads: threads) { range, _ in
            withUnsafePointer(to: image) { geometry in
                for part in range {
                    let sums = workspace + part * packedBytes
                    sums.zero(byteCount: packedBytes)
                    var row = part * rows / parts
                    let end = (part + 1) * rows / parts
                    while row < end {
                        let (index, first) = row.quotientAndRemainder(dividingBy: image.oh)
                        let last = min(image.oh, first + end - row)
                        kernel(geometry, source + index * wideImageBytes, dy + index * outputImageBytes, first, last, 0, vectors, sums)
                        row += last - first
                    }
                }
            }
        }
        if dtype == .float32 { addParts(workspace, Float.self) } else { addParts(workspace, Double.self) }
        let unpack = dtype == .float32 ? kernels.unpack_f32! : kernels.unpack_f64!
        for tap in 0..<taps { unpack(image.c, taps, tap, workspace, dfilter + tap * image.c * size) }
    }

    /// Adds the parts to the first one.
    private func addParts<T: BinaryFloatingPoint>(_ workspace: UnsafeMutableRawPointer, _: T.Type) {
        let total = workspace.assumingMemoryBound(to: T.self)
        let count = vectors * taps * lanes
        for part in 1..<max(1, parts) {
            let own = UnsafeRawPointer(workspace + part * packedBytes).assumingMemoryBound(to: T.self)
            for k in 0..<count { total[k] += own[k] }
        }
    }

    // MARK: a multiplier above 1

    private func widen(_ x: UnsafeRawPointer, into wide: UnsafeMutableRawPointer) {
        if dtype == .float32 { widen(x, wide, UInt32.self) } else { widen(x, wide, UInt64.self) }
    }

    private func widen<T>(_ x: UnsafeRawPointer, _ wide: UnsafeMutableRawPointer, _: T.Type) {
        let x = x.assumingMemoryBound(to: T.self)
        let wide = wide.assumingMemoryBound(to: T.self)
        parallelFor(image.h * image.w * channels, grain: 16384, threads: threads) { range, _ in
            for i in range { for m in 0..<multiplier { wide[i * multiplier + m] = x[i] } }
        }
    }

    private func narrow(_ wide: UnsafeRawPointer, into dx: UnsafeMutableRawPointer) {
        if dtype == .float32 { narrow(wide, dx, Float.self) } else { narrow(wide, dx, Double.self) }
    }

    private func narrow<T: BinaryFloatingPoint>(_ wide: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer, _: T.Type) {
        let wide = wide.assumingMemoryBound(to: T.self)
        let dx = dx.assumingMemoryBound(to: T.self)
        parallelFor(image.h * image.w * channels, grain: 16384, threads: threads) { range, _ in
            for i in range {
                var sum = wide[i * multiplier]
                for m in 1..<multiplier { sum += wide[i * multiplier + m] }
                dx[i] = sum
            }
        }
    }
}

/// The taps that reach the inputs of one phase of an axis, last first, and where they lie in the outputs: input phase + stride · i sees
/// output i + offset + dilation · k through tap `taps[k]`.
struct PhaseTaps {
    var taps: [Int]
    var offset = 0
    var dilation = 1

    init(_ phase: Int, before: Int, window: Int, stride: Int, dilation: Int) {
        taps = (0..<window).filter { (phase + before - $0 * dilation) % stride == 0 }.reversed()
        guard let last = taps.first else { return }
        offset = (phase + before - last * dilation) / stride
        if taps.count > 1 { self.dilation = (taps[0] - taps[1]) * dilation / stride }
    }
}
