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
            stride_h: h.stride, stride_w: w.stride, dilation_h: h.dilation, dilation_w: w.dilation, pad_top: h.before, pad_left: w.before)
    }

    private var size: Int { dtype.size }
    private var taps: Int { image.kh * image.kw }
    private var inputImageBytes: Int { image.h * image.w * channels * size }
    /// An input image with repeated channels.
    private var wideImageBytes: Int { image.h * image.w * image.c * size }
    private var outputImageBytes: Int { image.oh * image.ow * image.c * size }
    private var filterBytes: Int { taps * image.c * size }
    private var isEmpty: Bool { images == 0 || image.c == 0 || image.oh == 0 || image.ow == 0 }

    /// Rows of all images' outputs.
    private var rows: Int { images * image.oh }
    /// Multiplications of a row: at least some ten thousand are worth a thread.
    private var rowGrain: Int { max(1, 65536 / max(1, image.ow * image.c * taps)) }

    // MARK: forward

    package var forwardWorkspaceBytes: Int { multiplier == 1 ? 0 : wideImageBytes }

    package func forward(
        x: UnsafeRawPointer, filter: UnsafeRawPointer, bias: UnsafeRawPointer?, slope: Double, ceiling: Double, y: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer
    ) {
        if isEmpty { return }
        let epilogue = sc_depthwise_epilogue(bias: bias, slope: slope, ceiling: ceiling)
        if multiplier == 1 {
            forwardRows(image, x, filter, epilogue, images: images, y)
        } else {
            for i in 0..<images {
                widen(x + i * inputImageBytes, into: workspace)
                forwardRows(image, UnsafeRawPointer(workspace), filter, epilogue, images: 1, y + i * outputImageBytes)
            }
        }
    }

    private func forwardRows(
        _ image: sc_depthwise_image, _ x: UnsafeRawPointer, _ filter: UnsafeRawPointer, _ epilogue: sc_depthwise_epilogue, images: Int,
        _ y: UnsafeMutableRawPointer
    ) {
        let kernel = dtype == .float32 ? kernels.forward_f32! : kernels.forward_f64!
        let inputBytes = image.h * image.w * image.c * size
        let outputBytes = image.oh * image.ow * image.c * size
        parallelFor(images * image.oh, grain: rowGrain, threads: threads) { range, _ in
            withUnsafePointer(to: image) { image in
                withUnsafePointer(to: epilogue) { epilogue in
                    eachImage(range, rows: image.pointee.oh) { index, part in
                        kernel(image, x + index * inputBytes, filter, epilogue, part.lowerBound, part.upperBound, y + index * outputBytes)
                    }
                }
            }
        }
    }

    // MARK: backward input

    /// With strides of 1 the gradient is a convolution too, with the filter turned by half a turn.
    private var isTurned: Bool { image.stride_h == 1 && image.stride_w == 1 }

    package var backwardInputWorkspaceBytes: Int { (isTurned ? filterBytes + 64 : 0) + (multiplier == 1 ? 0 : wideImageBytes) }

    package func backwardInput(
        filter: UnsafeRawPointer, dy: UnsafeRawPointer, dx: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) {
        if images == 0 || image.h * image.w * channels == 0 { return }
        if isEmpty {
            dx.initializeMemory(as: UInt8.self, repeating: 0, count: images * inputImageBytes)
            return
        }
        var turned = image
        let turnedFilter = workspace
        if isTurned {
            (turned.h, turned.w, turned.oh, turned.ow) = (image.oh, image.ow, image.h, image.w)
            turned.pad_top = (image.kh - 1) * image.dilation_h - image.pad_top
            turned.pad_left = (image.kw - 1) * image.dilation_w - image.pad_left
            let row = image.c * size
            for tap in 0..<taps {
                (turnedFilter + (taps - 1 - tap) * row).copyMemory(from: filter + tap * row, byteCount: row)
            }
        }
        let wide = workspace + (isTurned ? (filterBytes + 63) / 64 * 64 : 0)
        for i in 0..<(multiplier == 1 ? 1 : images) {
            let count = multiplier == 1 ? images : 1
            let target = multiplier == 1 ? dx : wide
            if isTurned {
                let linear = sc_depthwise_epilogue(bias: nil, slope: 1, ceiling: .infinity)
                forwardRows(turned, dy + i * outputImageBytes, UnsafeRawPointer(turnedFilter), linear, images: count, target)
            } else {
                scatter(filter, dy + i * outputImageBytes, images: count, target)
            }
            if multiplier > 1 { narrow(UnsafeRawPointer(wide), into: dx + i * inputImageBytes) }
        }
    }

    private func scatter(_ filter: UnsafeRawPointer, _ dy: UnsafeRawPointer, images: Int, _ dx: UnsafeMutableRawPointer) {
        let kernel = dtype == .float32 ? kernels.backward_input_f32! : kernels.backward_input_f64!
        // A cache line of channels at a time.
        let group = 64 / size
        let groups = (image.c + group - 1) / group
        parallelFor(images * groups, grain: 1, threads: threads) { range, _ in
            withUnsafePointer(to: image) { geometry in
                for task in range {
                    let (i, g) = task.quotientAndRemainder(dividingBy: groups)
                    kernel(
                        geometry, filter, dy + i * outputImageBytes, g * group, min(image.c, (g + 1) * group), dx + i * wideImageBytes)
                }
            }
        }
    }

    // MARK: backward filter

    /// Parts of the sum over all rows, each summed on its own and then added in order: their number depends on the shape alone.
    private var parts: Int { max(1, min(rows, 16)) }

    package var backwardFilterWorkspaceBytes: Int { parts * filterBytes + (multiplier == 1 ? 0 : images * wideImageBytes) }

    package func backwardFilter(
        x: UnsafeRawPointer, dy: UnsafeRawPointer, dfilter: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) {
        if isEmpty {
            dfilter.initializeMemory(as: UInt8.self, repeating: 0, count: filterBytes)
            return
        }
        var source = x
        if multiplier > 1 {
            let wide = workspace + parts * filterBytes
            for i in 0..<images { widen(x + i * inputImageBytes, into: wide + i * wideImageBytes) }
            source = UnsafeRawPointer(wide)
        }
        let kernel = dtype == .float32 ? kernels.backward_filter_f32! : kernels.backward_filter_f64!
        // Rows that stay in the second-level cache while the taps and channels go over them.
        let step = max(1, (128 << 10) / max(1, (image.w + image.ow) * image.c * size))
        parallelFor(parts, grain: 1, threads: threads) { range, _ in
            withUnsafePointer(to: image) { geometry in
                for part in range {
                    let sums = workspace + part * filterBytes
                    sums.initializeMemory(as: UInt8.self, repeating: 0, count: filterBytes)
                    eachImage(part * rows / parts..<(part + 1) * rows / parts, rows: image.oh) { index, own in
                        for first in stride(from: own.lowerBound, to: own.upperBound, by: step) {
                            kernel(
                                geometry, source + index * wideImageBytes, dy + index * outputImageBytes, first,
                                min(own.upperBound, first + step), 0, image.c, sums)
                        }
                    }
                }
            }
        }
        if dtype == .float32 { addParts(workspace, dfilter, Float.self) } else { addParts(workspace, dfilter, Double.self) }
    }

    private func addParts<T: BinaryFloatingPoint>(_ workspace: UnsafeMutableRawPointer, _ dfilter: UnsafeMutableRawPointer, _: T.Type) {
        let sums = workspace.assumingMemoryBound(to: T.self)
        let total = dfilter.assumingMemoryBound(to: T.self)
        let count = taps * image.c
        for k in 0..<count { total[k] = sums[k] }
        for part in 1..<max(1, parts) {
            let own = sums + part * count
            for k in 0..<count { total[k] += own[k] }
        }
    }

    // MARK: a multiplier above 1

    /// Calls `body` with each image that the rows `range` of all images touch and its part of its own rows.
    private func eachImage(_ range: Range<Int>, rows: Int, _ body: (Int, Range<Int>) -> Void) {
        var row = range.lowerBound
        while row < range.upperBound {
            let (index, first) = row.quotientAndRemainder(dividingBy: rows)
            let last = min(rows, first + range.upperBound - row)
            body(index, first..<last)
            row += last - first
        }
    }

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
