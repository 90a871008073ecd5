import CKernelInterface
import Runtime
import TensorCore

/// The gradient of an input with few channels. As columns of a product these would leave most lanes of a vector idle; here the columns
/// are all (tap, channel) pairs: the product of dy and the filter gives each output pixel's contributions, which are then added where they
/// belong. A band of input rows is computed from all output rows that reach it, so that bands need not know of each other.
struct FewChannelGradient: Sendable {
    private let s: ConvolutionShape
    private let threads: Int
    private let size: Int
    private let nr: Int
    private let functions: sc_gemm_functions
    private let bands: Int
    /// Output rows whose products are made at once.
    private let rowsAtOnce: Int

    private var columns: Int { s.kh * s.kw * s.ic }
    private var panels: Int { (columns + nr - 1) / nr }
    var packedBytes: Int { (panels * s.oc * nr * size + 63) / 64 * 64 }
    private var width: Int { panels * nr }
    private var workerBytes: Int { (rowsAtOnce * s.ow * width * size + 63) / 64 * 64 }
    private var stepBytes: Int { (s.oc * 8 + 63) / 64 * 64 }
    var workspaceBytes: Int { stepBytes + packedBytes + threads * workerBytes }

    /// nil where the direct product is estimated to be as fast. In cycles an output pixel: a vector of sums costs half of one for each
    /// output channel, a tile of one vector's width a third more; an addition costs about one.
    init?(_ shape: ConvolutionShape, threads: Int, kernels: sc_gemm_kernels = Kernels.table.gemm) {
        let nr = shape.dtype == .float32 ? kernels.nr_f32 : kernels.nr_f64
        guard shape.groups == 1, shape.dtype.isFloating, shape.kh * shape.kw > 1, shape.kh * shape.kw <= 1024, shape.ic <= nr / 2,
            shape.n > 0, shape.oh > 0, shape.ow > 0, shape.oc > 0, shape.ih > 0, shape.iw > 0
        else { return nil }
        let taps = shape.kh * shape.kw
        let direct = taps * shape.oc * 2 / 3
        let own = (taps * shape.ic + nr - 1) / nr * shape.oc + taps * shape.ic * 5 / 4
        guard own < direct else { return nil }
        s = shape
        self.threads = max(1, threads)
        self.nr = nr
        size = shape.dtype.size
        functions = shape.dtype == .float32 ? kernels.f32 : kernels.f64
        let width = (taps * shape.ic + nr - 1) / nr * nr
        let rowBytes = shape.ow * width * shape.dtype.size
        guard rowBytes <= 8 << 20 else { return nil }
        rowsAtOnce = max(1, min(shape.oh, (128 << 10) / rowBytes))
        // Bands share the output rows at their border; eight times as many of their own keep that below an eighth.
        let shared = max(1, (shape.kh - 1) * shape.geometry.h.dilation / shape.geometry.h.stride)
        bands = max(1, min((8 + shape.n - 1) / shape.n, shape.oh / (8 * shared)))
    }

    /// B[k = output channel][column = (tap, channel)].
    func pack(_ filter: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        for panel in 0..<panels {
            let column = panel * nr
            functions.pack(
                filter + column * s.oc * size, s.oc, min(nr, columns - column), 1, s.oc, packed + panel * s.oc * nr * size)
        }
    }

    func run(
        filter: UnsafeRawPointer, packed: UnsafeRawPointer?, dy: UnsafeRawPointer, dx: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer
    ) {
        if packed == nil { pack(filter, into: workspace + stepBytes) }
        let b = packed ?? UnsafeRawPointer(workspace + stepBytes)
        let steps = workspace.assumingMemoryBound(to: Int.self)
        for channel in 0..<s.oc { steps[channel] = channel * size }
        parallelFor(s.n * bands, threads: threads) { range, worker in
            let room = workspace + stepBytes + packedBytes + worker * workerBytes
            for unit in range {
                let (image, band) = unit.quotientAndRemainder(dividingBy: bands)
                let rows = s.ih * band / bands..<s.ih * (band + 1) / bands
                (dx + (image * s.ih + rows.lowerBound) * s.iw * s.ic * size)
                    .zero(byteCount: rows.count * s.iw * s.ic * size)
                runBand(image, rows, dy: dy, b: b, dx: dx, steps: steps, products: room)
            }
        }
    }

    private func runBand(
        _ image: Int, _ rows: Range<Int>, dy: UnsafeRawPointer, b: UnsafeRawPointer, dx: UnsafeMutableRawPointer,
        steps: UnsafePointer<Int>, products: UnsafeMutableRawPointer
    ) {
        let h = s.geometry.h
        // Output o reaches rows o · stride − before … + (kh − 1) · dilation.
        let reach = (s.kh - 1) * h.dilation
        let first = max(0, (rows.lowerBound + h.before - reach + h.stride - 1) / h.stride)
        let end = min(s.oh, (rows.upperBound - 1 + h.before) / h.stride + 1)
        var job = sc_strip_job()
        job.steps = steps
        job.depth = s.oc
        job.a_pixel = s.oc * size
        job.y_pixel = width * size
        job.columns = nr
        var oy = first
        while oy < end {
            let some = min(rowsAtOnce, end - oy)
            job.a = dy + (image * s.oh + oy) * s.ow * s.oc * size
            job.pixels = some * s.ow
            for panel in 0..<panels {
                job.b = b + panel * s.oc * nr * size
                job.y = products + panel * nr * size
                functions.strip(&job)
            }
            for row in 0..<some { add(image, oy + row, rows, products + row * s.ow * width * size, dx) }
            oy += some
        }
    }

    /// Adds the products of an output row to the input rows of a band.
    private func add(_ image: Int, _ oy: Int, _ rows: Range<Int>, _ products: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer) {
        let (h, w) = (s.geometry.h, s.geometry.w)
        for ky in 0..<s.kh {
            let iy = h.start(oy) + ky * h.dilation
            guard rows.contains(iy) else { continue }
            let line = dx + (image * s.ih + iy) * s.iw * s.ic * size
            if w.dilation == 1 {
                add(products + ky * s.kw * s.ic * size, first: -w.before * s.ic, length: s.kw * s.ic, line)
            } else {
                for kx in 0..<s.kw {
                    add(products + (ky * s.kw + kx) * s.ic * size, first: (kx * w.dilation - w.before) * s.ic, length: s.ic, line)
                }
            }
        }
    }

    /// `length` products of each output pixel o to elements first + o · stride … of a row; what lies outside is dropped.
    private func add(_ products: UnsafeRawPointer, first: Int, length: Int, _ line: UnsafeMutableRawPointer) {
        let step = s.geometry.w.stride * s.ic
        let count = s.iw * s.ic
        let low = min(s.ow, first >= 0 ? 0 : (-first + step - 1) / step)
        let room = count - length - first
        let high = max(low, min(s.ow, room < 0 ? 0 : room / step + 1))
        // Runs that follow each other overlap: those at a distance do not wait for each other's stores.
        let apart = (length + step - 1) / step
        for phase in 0..<apart where low + phase < high {
            let o = low + phase
            functions.add_runs(
                products + o * width * size, apart * width, line + (first + o * step) * size, apart * step, length,
                (high - o + apart - 1) / apart)
        }
        for o in 0..<s.ow where o < low || o >= high {
            let from = max(0, -(first + o * step))
            let to = min(length, count - first - o * step)
            if from < to {
                functions.add_runs(
                    products + (o * width + from) * size, 0, line + (first + o * step + from) * size, 0, to - from, 1)
            }
        }
    }
}
