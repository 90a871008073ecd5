import CKernelInterface
import Runtime
import TensorCore

/// The convolution of images with few channels, or few in a group: their sums are short, so that what a tile costs besides its sum counts.
///
/// All pixels of an output row lie at even distances: one call of the strip kernel serves an output row and a panel of columns, with one
/// list of the offsets of its taps. Where there is padding, or the channels of other groups lie between, the rows of
/// a band are copied with their zeros first: few channels make that cheap. Taps above and below the image are left out.
struct FewChannelConvolution: PackedConvolution {
    private let s: ConvolutionShape
    private let threads: Int
    private let size: Int
    private let nr: Int
    private let functions: sc_gemm_functions
    private let activation: EpilogueActivation
    private let hasBias: Bool
    private let copyRuns: @convention(c) (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int, Int, Int) -> Void
    private let bandRows: Int
    private let bands: Int
    private let copies: Bool
    /// Elements of a row with its zeros.
    private let line: Int
    private let lines: Int

    /// Panels of columns of a group.
    private let panels: Int
    private let depth: Int
    private let panelBytes: Int
    var packedBytes: Int { (s.groups * panels * panelBytes + 63) / 64 * 64 }
    /// From pixel to pixel of what the kernel reads.
    private var pixelBytes: Int { (copies ? s.icPerGroup : s.ic) * size }

    /// The most channels of a group of several: beyond them the rows of taps are long enough to be read in place.
    private static let mostChannelsOfGroup = 16
    private var stepBytes: Int { (depth * 8 + 63) / 64 * 64 }
    private var workerBytes: Int { stepBytes + (copies ? (lines * line * size + 63) / 64 * 64 : 0) }
    var workspaceBytes: Int { packedBytes + threads * workerBytes }

    /// nil for shapes that the indirect product serves as well: long rows of taps.
    init?(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int,
        kernels: sc_gemm_kernels = Kernels.table.gemm
    ) {
        guard shape.icPerGroup <= (shape.groups == 1 ? 4 : Self.mostChannelsOfGroup), shape.icPerGroup > 0, shape.dtype.isFloating,
            shape.groups > 1 || !shape.isPointwise, shape.n > 0, shape.oh > 0, shape.ow > 0,
            shape.oc > 0, shape.kh * shape.kw <= 1024
        else { return nil }
        let w = shape.geometry.w
        // The columns that windows reach, padding included.
        let reach = (shape.ow - 1) * w.stride + (shape.kw - 1) * w.dilation + 1
        guard reach <= 2 * shape.iw + 1024 else { return nil }
        s = shape
        self.threads = max(1, threads)
        self.hasBias = hasBias
        self.activation = activation
        size = shape.dtype.size
        nr = shape.dtype == .float32 ? kernels.nr_f32 : kernels.nr_f64
        functions = shape.dtype == .float32 ? kernels.f32 : kernels.f64
        panels = (shape.ocPerGroup + nr - 1) / nr
        depth = shape.kh * shape.kw * shape.icPerGroup
        panelBytes = depth * nr * size
        copyRuns = kernels.copy_runs
        copies = w.before > 0 || reach > shape.iw || (shape.groups > 1 && shape.kw > 1)
        line = reach * shape.icPerGroup
        // Bands whose copied rows stay in the first-level cache or nearly so, and enough of them for all threads.
        let rowBytes = max(1, line * shape.dtype.size * shape.geometry.h.stride)
        let wanted = min(shape.oh, max(4, (32 << 10) / rowBytes))
        // as many as serve all threads alike
        let parts = (shape.oh + wanted - 1) / wanted
        let others = shape.n * shape.groups
        bands = min(shape.oh, others % self.threads == 0 ? parts : (parts + self.threads - 1) / self.threads * self.threads)
        bandRows = (shape.oh + bands - 1) / bands
        lines = (bandRows - 1) * shape.geometry.h.stride + (shape.kh - 1) * shape.geometry.h.dilation + 1
        guard !copies || lines <= 4 * shape.ih + 64 else { return nil }
    }

    func pack(_ filter: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        for group in 0..<s.groups {
            for panel in 0..<panels {
                functions.pack(
                    filter + (group * s.ocPerGroup + panel * nr) * size, depth, min(nr, s.ocPerGroup - panel * nr), s.oc, 1,
                    packed + (group * panels + panel) * panelBytes)
            }
        }
    }

    func run(
        x: UnsafeRawPointer, filter: UnsafeRawPointer, packed: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer
    ) {
        if packed == nil { pack(filter, into: workspace) }
        let b = packed ?? UnsafeRawPointer(workspace)
        parallelFor(s.n * bands * s.groups, threads: threads) { range, worker in
            let room = workspace + packedBytes + worker * workerBytes
            for unit in range {
                let (rest, group) = unit.quotientAndRemainder(dividingBy: s.groups)
                let (image, band) = rest.quotientAndRemainder(dividingBy: bands)
                let rows = s.oh * band / bands..<s.oh * (band + 1) / bands
                run(image, rows, group, x: x, b: b, bias: bias, y: y, room: room)
            }
        }
    }

    private func run(
        _ image: Int, _ rows: Range<Int>, _ group: Int, x: UnsafeRawPointer, b: UnsafeRawPointer, bias: UnsafeRawPointer?,
        y: UnsafeMutableRawPointer, room: UnsafeMutableRawPointer
    ) {
        let (h, w) = (s.geometry.h, s.geometry.w)
        let steps = room.assumingMemoryBound(to: Int.self)
        let rowBytes = s.iw * s.ic * size
        let source = x + image * s.ih * rowBytes + group * s.icPerGroup * size
        var base = source
        var step = rowBytes
        // The image row at `base`.
        var origin = 0
        if copies {
            step = line * size
            origin = h.start(rows.lowerBound)
            let end = h.start(rows.upperBound - 1) + (s.kh - 1) * h.dilation + 1
            let from = max(0, origin)
            copy(from..<max(from, min(s.ih, end)), origin, source, room + stepBytes)
            base = UnsafeRawPointer(room + stepBytes)
        }
        var job = sc_strip_job()
        job.a_pixel = w.stride * pixelBytes
        job.y_pixel = s.oc * size
        job.pixels = s.ow
        job.activation = activation.kind
        job.alpha = activation.alpha
        let tapRow = s.kw * s.icPerGroup
        writeSteps(h.dilation * step, w.dilation * pixelBytes, steps)
        let (channels, outputRow) = (s.ocPerGroup, s.ow * s.oc * size)
        for oy in rows {
            // Taps in the padding above and below are left out.
            let taps = h.taps(oy)
            job.steps = UnsafePointer(steps + taps.lowerBound * tapRow)
            job.depth = taps.count * tapRow
            let skipped = taps.lowerBound * tapRow * nr * size
            job.a = base + (h.start(oy) - origin) * step
            let target = y + (image * s.oh + oy) * outputRow
            for panel in 0..<panels {
                let column = group * channels + panel * nr
                job.b = b + (group * panels + panel) * panelBytes + skipped
                job.y = target + column * size
                job.columns = min(nr, channels - panel * nr)
                job.bias = hasBias ? bias.map { $0 + column * size } : nil
                functions.strip(&job)
            }
        }
    }

    /// The offsets of the taps, bytes from the first one.
    private func writeSteps(_ down: Int, _ right: Int, _ steps: UnsafeMutablePointer<Int>) {
        var count = 0
        for ky in 0..<s.kh {
            for kx in 0..<s.kw {
                for channel in 0..<s.icPerGroup { steps[count + channel] = ky * down + kx * right + channel * size }
                count += s.icPerGroup
            }
        }
    }

    /// Copies a group's channels of image rows with the zeros beside them; the first row of the copy is image row `origin`.
    private func copy(_ rows: Range<Int>, _ origin: Int, _ source: UnsafeRawPointer, _ to: UnsafeMutableRawPointer) {
        let channels = s.icPerGroup
        let before = min(s.geometry.w.before * channels, line)
        let inside = max(0, min(s.iw * channels, line - before))
        for row in rows {
            let at = to + (row - origin) * line * size
            let from = source + row * s.iw * s.ic * size
            at.zero(byteCount: before * size)
            if s.groups == 1 {
                (at + before * size).copyMemory(from: from, byteCount: inside * size)
            } else {
                copyRuns(from, s.ic * size, at + before * size, channels * size, channels * size, inside / channels)
            }
            (at + (before + inside) * size).zero(byteCount: (line - before - inside) * size)
        }
    }
}
