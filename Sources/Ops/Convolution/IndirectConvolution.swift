import Runtime
import TensorCore

/// Convolutions as indirect products: images are read in place, through a pointer for each pixel and tap.
enum IndirectConvolution {
    /// y = conv(x, filter): a row of the product is an output pixel, its columns are the output channels of a group.
    /// `addsToY`: on top of what y holds.
    static func forward(
        _ s: ConvolutionShape, hasBias: Bool, addsToY: Bool = false, _ activation: EpilogueActivation, threads: Int
    ) -> IndirectGemm {
        let size = s.dtype.size
        var grid = forwardGrid(s)
        if s.isPointwise { grid.flatten() }
        return IndirectGemm(
            dtype: s.dtype, grids: [grid], taps: s.kh * s.kw, depth: s.icPerGroup, columns: s.ocPerGroup, groups: s.groups,
            source: forwardFilter(s), groupA: s.icPerGroup * size,
            groupY: s.ocPerGroup * size, threads: threads, hasBias: hasBias, addsToY: addsToY, activation: activation)
    }

    /// dx: a row of a product is an input pixel.
    static func backwardInput(_ s: ConvolutionShape, threads: Int) -> IndirectGemm {
        let size = s.dtype.size
        var grids = backwardGrids(s)
        if s.isPointwise { for i in grids.indices { grids[i].flatten() } }
        return IndirectGemm(
            dtype: s.dtype, grids: grids, taps: s.kh * s.kw, depth: s.ocPerGroup, columns: s.icPerGroup, groups: s.groups,
            source: backwardFilter(s), groupA: s.ocPerGroup * size, groupY: s.icPerGroup * size, threads: threads)
    }

    /// The output pixels over the images.
    static func forwardGrid(_ s: ConvolutionShape) -> PixelGrid {
        let pixel = (source: s.ic * s.dtype.size, target: s.oc * s.dtype.size)
        return PixelGrid(
            images: s.n, gridH: s.oh, gridW: s.ow, strideH: s.geometry.h.stride, strideW: s.geometry.w.stride, sourceH: s.ih,
            sourceW: s.iw, sourceImage: s.ih * s.iw * pixel.source, sourceRow: s.iw * pixel.source, sourcePixel: pixel.source,
            tapsH: forwardTaps(s.geometry.h), tapsW: forwardTaps(s.geometry.w), filterW: s.kw,
            targetImage: s.oh * s.ow * pixel.target, targetRow: s.ow * pixel.target, targetPixel: pixel.target)
    }

    /// The input pixels over dy. Those at distances of the strides see the same taps, so each such phase is a grid of its own that slides
    /// over dy with stride 1.
    static func backwardGrids(_ s: ConvolutionShape) -> [PixelGrid] {
        let pixel = (source: s.oc * s.dtype.size, target: s.ic * s.dtype.size)
        let (h, w) = (s.geometry.h, s.geometry.w)
        var grids: [PixelGrid] = []
        for py in 0..<min(h.stride, h.input) {
            for px in 0..<min(w.stride, w.input) {
                let (gridH, gridW) = ((h.input - py + h.stride - 1) / h.stride, (w.input - px + w.stride - 1) / w.stride)
                grids.append(
                    PixelGrid(
                        images: s.n, gridH: gridH, gridW: gridW, sourceH: s.oh, sourceW: s.ow, sourceImage: s.oh * s.ow * pixel.source,
                        sourceRow: s.ow * pixel.source, sourcePixel: pixel.source, tapsH: backwardTaps(h, phase: py, grid: gridH),
                        tapsW: backwardTaps(w, phase: px, grid: gridW), filterW: s.kw, targetStart: (py * s.iw + px) * pixel.target,
                        targetImage: s.ih * s.iw * pixel.target, targetRow: h.stride * s.iw * pixel.target,
                        targetPixel: w.stride * pixel.target))
            }
        }
        return grids
    }

    /// The filter as an operand of the products over input channels, and over output channels.
    static func forwardFilter(_ s: ConvolutionShape) -> ColumnSource {
        ColumnSource(tap: s.icPerGroup * s.oc, k: s.oc, column: 1, group: s.ocPerGroup)
    }
    static func backwardFilter(_ s: ConvolutionShape) -> ColumnSource {
        ColumnSource(tap: s.icPerGroup * s.oc, k: 1, column: s.oc, group: s.ocPerGroup)
    }

    /// The taps that meet the input at all.
    static func forwardTaps(_ axis: WindowAxis) -> [PixelGrid.Tap] {
        (0..<axis.window).filter { !axis.outputs(tap: $0).isEmpty }
            .map { PixelGrid.Tap(index: $0, offset: $0 * axis.dilation - axis.before) }
    }

    /// The taps that reach inputs of a phase: tap t of output o lies at input o · stride + t · dilation − before.
    static func backwardTaps(_ axis: WindowAxis, phase: Int, grid: Int) -> [PixelGrid.Tap] {
        (0..<axis.window).compactMap { t in
            let distance = phase + axis.before - t * axis.dilation
            guard distance % axis.stride == 0 else { return nil }
            let offset = distance / axis.stride
            return offset < axis.output && offset + grid > 0 ? PixelGrid.Tap(index: t, offset: offset) : nil
        }
    }
}

extension ConvolutionShape {
    /// 1×1, stride 1, no padding: all pixels are one row of a product.
    var isPointwise: Bool {
        let (h, w) = (geometry.h, geometry.w)
        return kh == 1 && kw == 1 && h.stride == 1 && w.stride == 1 && ih == oh && iw == ow && h.before == 0 && w.before == 0
    }
}

extension PixelGrid {
    /// One long row instead of images of rows: for grids that read and write their pixels in the order of memory.
    mutating func flatten() {
        gridW = pixels
        (images, gridH, sourceH, sourceW) = (1, 1, 1, gridW)
    }
}

extension PixelGrid {
    /// Whether all rows of the product lie at one distance, read by one tap: no borders.
    var isOneLine: Bool {
        images == 1 && gridH == 1 && sourceH == 1 && strideW == 1 && gridW <= sourceW && tapsH.count == 1 && tapsW.count == 1
            && tapsH[0].offset == 0 && tapsW[0].offset == 0
    }
}
