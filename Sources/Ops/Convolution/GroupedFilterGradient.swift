import CKernelInterface
import Runtime
import TensorCore

/// The filter gradient of groups that are narrower than a vector (`GroupedConvolution`): dy's channels fill the lanes, the rows of the
/// product are the taps of a filter row with their channels, the sum runs over the pixels of a band.
///
/// The bands are cut into slices by the shape alone, each slice has its own sums, and these are added in the order of the slices: the bits
/// do not depend on the threads.
struct GroupedFilterGradient: Sendable {
    private let s: ConvolutionShape
    private let layout: GroupedLayout
    private let threads: Int
    private let bandRows: Int
    private let bands: Int
    private let slices: Int
    /// Sets whose copies are made together, and how many such blocks there are.
    private let sets: Int
    private let blocks: Int

    /// Columns of the image that windows reach.
    private var reach: Range<Int> {
        let w = s.geometry.w
        return w.start(0)..<w.start(s.ow - 1) + (s.kw - 1) * w.dilation + 1
    }
    private var lines: Int { (bandRows - 1) * s.geometry.h.stride + (s.kh - 1) * s.geometry.h.dilation + 1 }
    private var pixels: Int { bandRows * s.ow }
    private var stepBytes: Int { (pixels * 8 + 63) / 64 * 64 }
    private var copyBytes: Int { (sets * lines * reach.count * layout.pixelBytes + 63) / 64 * 64 }
    private var workerBytes: Int { stepBytes + copyBytes + sets * pixels * layout.lanes * 4 }
    private var elements: Int { s.kh * s.kw * s.icPerGroup * s.oc }
    private var sumBytes: Int { (elements * 4 + 63) / 64 * 64 }
    private var sliceSums: SliceSums { SliceSums(slices: slices, elements: elements, dtype: .float32) }
    var workspaceBytes: Int { sumBytes + sliceSums.bytes + threads * workerBytes }

    /// Bytes of a band's copies, and pieces of work that are wanted at least.
    private static let targetBytes = 32 << 10
    private static let targetUnits = 16

    /// nil for shapes whose vectors are full otherwise.
    init?(_ shape: ConvolutionShape, threads: Int) {
        guard shape.n > 0, shape.oh > 0, shape.ow > 0,
            let layout = GroupedLayout(groups: shape.groups, inputs: shape.icPerGroup, outputs: shape.ocPerGroup, dtype: shape.dtype)
        else { return nil }
        s = shape
        self.layout = layout
        self.threads = max(1, threads)
        let (h, w) = (shape.geometry.h, shape.geometry.w)
        let width = (shape.ow - 1) * w.stride + (shape.kw - 1) * w.dilation + 1
        guard width <= 2 * shape.iw + 1024, (shape.kh - 1) * h.dilation < shape.ih + 64, h.stride <= shape.ih + 64 else { return nil }
        let rowBytes = width * layout.pixelBytes * h.stride + shape.ow * layout.lanes * 4
        let parts = (shape.oh * rowBytes + Self.targetBytes - 1) / Self.targetBytes
        bandRows = min(shape.oh, max(4, (shape.oh + parts - 1) / parts))
        bands = (shape.oh + bandRows - 1) / bandRows
        let wanted = GroupedLayout.sets(copyBytes: bandRows * rowBytes, of: layout.sets)
        blocks = (layout.sets + wanted - 1) / wanted
        sets = (layout.sets + blocks - 1) / blocks
        let others = blocks
        let sumsLimit = (32 << 20) / max(1, shape.kh * shape.kw * shape.icPerGroup * shape.oc * 4)
        slices = max(1, min(shape.n * bands, (Self.targetUnits + others - 1) / others, sumsLimit))
    }

    func run(x: UnsafeRawPointer, dy: UnsafeRawPointer, dfilter: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer) {
        let x = x.assumingMemoryBound(to: Float.self)
        let dy = dy.assumingMemoryBound(to: Float.self)
        let sums = workspace + sumBytes
        let rooms = sums + sliceSums.bytes
        let chunks = s.n * bands
        parallelFor(slices * blocks, threads: threads) { range, worker in
            let room = rooms + worker * workerBytes
            writeSteps(room.assumingMemoryBound(to: Int.self))
            for unit in range {
                let (slice, block) = unit.quotientAndRemainder(dividingBy: blocks)
                let some = layout.sets * block / blocks..<layout.sets * (block + 1) / blocks
                let target = sliceSums.target(slice, sums, workspace)
                for chunk in slice * chunks / slices..<(slice + 1) * chunks / slices {
                    run(chunk, some, x: x, dy: dy, accumulate: chunk > slice * chunks / slices, target, room)
                }
            }
        }
        sliceSums.add(sums, to: workspace, threads: threads)
        scatter(UnsafePointer(workspace.assumingMemoryBound(to: Float.self)), dfilter.assumingMemoryBound(to: Float.self))
    }

    /// Where the window of each pixel of a band begins.
    private func writeSteps(_ steps: UnsafeMutablePointer<Int>) {
        for row in 0..<bandRows {
            for column in 0..<s.ow {
                steps[row * s.ow + column] = (row * s.geometry.h.stride * reach.count + column * s.geometry.w.stride) * layout.pixelBytes
            }
        }
    }

    /// Adds up a band's pixels for some sets.
    private func run(
        _ chunk: Int, _ sets: Range<Int>, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, accumulate: Bool,
        _ target: UnsafeMutableRawPointer, _ room: UnsafeMutableRawPointer
    ) {
        let (image, band) = chunk.quotientAndRemainder(dividingBy: bands)
        let rows = band * bandRows..<min(s.oh, (band + 1) * bandRows)
        let h = s.geometry.h
        let copy = (room + stepBytes).assumingMemoryBound(to: Float.self)
        let gradients = (room + stepBytes + copyBytes).assumingMemoryBound(to: Float.self)
        let source = h.start(rows.lowerBound)..<h.start(rows.upperBound - 1) + (s.kh - 1) * h.dilation + 1
        layout.copy(
            sets: sets, from: x + image * s.ih * s.iw * s.ic, size: (s.ih, s.iw), pixel: s.ic, rows: source, columns: reach, to: copy)
        let from = dy + (image * s.oh + rows.lowerBound) * s.ow * s.oc
        let pixels = rows.count * s.ow
        let copied = source.count * reach.count * s.icPerGroup * layout.together
        let part = s.kh * s.kw * s.icPerGroup * layout.lanes
        for panel in 0..<layout.panels {
            layout.interleave(
                sets, from + panel * layout.width, channels: layout.width, ofGroup: s.ocPerGroup, pixel: s.oc, pixels: pixels,
                to: gradients,
                toSet: pixels * layout.lanes)
            for set in sets {
                let index = set - sets.lowerBound
                multiply(
                    UnsafeRawPointer(copy + index * copied), UnsafeRawPointer(gradients + index * pixels * layout.lanes), pixels,
                    accumulate: accumulate, target + (set * layout.panels + panel) * part * 4, steps: room)
            }
        }
    }

    /// The sums of all taps and channels over `pixels` pixels.
    private func multiply(
        _ copy: UnsafeRawPointer, _ gradients: UnsafeRawPointer, _ pixels: Int, accumulate: Bool, _ target: UnsafeMutableRawPointer,
        steps: UnsafeMutableRawPointer
    ) {
        let (h, w) = (s.geometry.h, s.geometry.w)
        var job = sc_grouped_job()
        job.b = gradients
        job.steps = UnsafePointer(steps.assumingMemoryBound(to: Int.self))
        job.depth = pixels
        job.a_pixel = layout.together * 4
        job.y_pixel = layout.lanes * 4
        job.accumulate = accumulate ? 1 : 0
        // Neighbouring taps follow each other as their channels do.
        let joined = w.dilation == 1 ? s.kw : 1
        job.pixels = joined * s.icPerGroup
        for ky in 0..<s.kh {
            for kx in stride(from: 0, to: s.kw, by: joined) {
                job.a = copy + (ky * h.dilation * reach.count + kx * w.dilation) * layout.pixelBytes
                job.y = target + (ky * s.kw + kx) * s.icPerGroup * layout.lanes * 4
                layout.kernels.strip(layout.together, &job)
            }
        }
    }

    /// dfilter from the sums [set][panel][tap][channel][lane].
    private func scatter(_ sums: UnsafePointer<Float>, _ dfilter: UnsafeMutablePointer<Float>) {
        let rows = s.kh * s.kw * s.icPerGroup
        parallelFor(layout.sets * layout.panels, grain: max(1, 8192 / (rows * layout.lanes)), threads: threads) { range, _ in
            for part in range {
                let (set, panel) = part.quotientAndRemainder(dividingBy: layout.panels)
                for row in 0..<rows {
                    let from = sums + (part * rows + row) * layout.lanes
                    for group in 0..<layout.together {
                        let to = dfilter + row * s.oc + (set * layout.together + group) * s.ocPerGroup + panel * layout.width
                        for o in 0..<layout.width { to[o] = from[o * layout.together + group] }
                    }
                }
            }
        }
    }
}
