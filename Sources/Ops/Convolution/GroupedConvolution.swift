import CKernelInterface
import Runtime
import TensorCore

/// Convolution of groups that are narrower than a vector: some of them share each vector, so that no lane is idle. Also the gradient of
/// the input, where pixels at distances of the strides see the same taps: each such phase slides over dy with stride 1.
///
/// The rows of a band are copied with their zeros and alternating groups; then one call of the kernel serves an output row and a panel.
/// Taps above and below the image are left out.
struct GroupedConvolution: PackedConvolution {
    /// Outputs that see the same taps, whose offsets rise or fall.
    private struct Phase: Sendable {
        let grid: PixelGrid
        /// The smallest and largest offset of rows, and the columns of the source that the windows of a row of outputs reach.
        let rowOffsets: ClosedRange<Int>
        let reach: Range<Int>
        /// Where this phase's taps begin in a packed panel.
        var packedTaps = 0
        var bands = 1
        var lines = 0
        /// Sets whose copies are made together, and how many such blocks there are.
        var sets = 1
        var blocks = 1

        var taps: Int { grid.tapsH.count * grid.tapsW.count }

        init(_ grid: PixelGrid) {
            self.grid = grid
            rowOffsets = (grid.tapsH.map(\.offset).min() ?? 0)...(grid.tapsH.map(\.offset).max() ?? 0)
            let offsets = grid.tapsW.map(\.offset)
            if let first = offsets.min(), let last = offsets.max() {
                reach = first..<(grid.gridW - 1) * grid.strideW + last + 1
            } else {
                reach = 0..<0
            }
        }

        /// The rows of taps of an output row that lie in the source: neighbours.
        func tapRows(of row: Int) -> Range<Int> {
            var inside = 0..<0
            for tap in grid.tapsH.indices {
                let at = row * grid.strideH + grid.tapsH[tap].offset
                if at >= 0, at < grid.sourceH { inside = inside.isEmpty ? tap..<tap + 1 : inside.lowerBound..<tap + 1 }
            }
            return inside
        }
    }

    private let layout: GroupedLayout
    private let phases: [Phase]
    private let threads: Int
    private let images: Int
    private let filter: ColumnSource
    private let filterTaps: Int
    private let hasBias: Bool
    private let activation: EpilogueActivation

    private var panelFloats: Int { filterTaps * layout.inputs * layout.lanes }
    var packedBytes: Int { (layout.sets * layout.panels * panelFloats * 4 + 63) / 64 * 64 }
    private var stepBytes: Int { ((phases.map(\.taps).max() ?? 0) * layout.inputs * 8 + 63) / 64 * 64 }
    private var biasBytes: Int { (layout.panels * layout.lanes * 4 + 63) / 64 * 64 }
    private var copyBytes: Int { phases.map { $0.sets * $0.lines * $0.reach.count * layout.pixelBytes }.max() ?? 0 }
    private var workerBytes: Int { stepBytes + biasBytes + (copyBytes + 63) / 64 * 64 }
    var workspaceBytes: Int { packedBytes + threads * workerBytes }

    /// Bytes of a band's copied rows: they stay in the first-level cache.
    private static let targetBytes = 24 << 10

    /// nil for shapes whose vectors are full otherwise.
    static func forward(_ s: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int) -> GroupedConvolution? {
        guard activation.kind != 3,
            let layout = GroupedLayout(groups: s.groups, inputs: s.icPerGroup, outputs: s.ocPerGroup, dtype: s.dtype)
        else { return nil }
        return GroupedConvolution(
            layout, [IndirectConvolution.forwardGrid(s)], IndirectConvolution.forwardFilter(s), hasBias: hasBias, activation, threads)
    }

    /// dx from the filter and dy; nil as above.
    static func backwardInput(_ s: ConvolutionShape, threads: Int) -> GroupedConvolution? {
        guard let layout = GroupedLayout(groups: s.groups, inputs: s.ocPerGroup, outputs: s.icPerGroup, dtype: s.dtype),
            s.geometry.h.stride * s.geometry.w.stride <= 64
        else { return nil }
        return GroupedConvolution(
            layout, IndirectConvolution.backwardGrids(s), IndirectConvolution.backwardFilter(s), hasBias: false, .linear, threads)
    }

    private init?(
        _ layout: GroupedLayout, _ grids: [PixelGrid], _ filter: ColumnSource, hasBias: Bool, _ activation: EpilogueActivation,
        _ threads: Int
    ) {
        guard let images = grids.first?.images, images > 0, grids.allSatisfy({ $0.gridH > 0 && $0.gridW > 0 }) else { return nil }
        self.layout = layout
        self.threads = max(1, threads)
        self.images = images
        self.filter = filter
        self.hasBias = hasBias
        self.activation = activation
        var placed: [Phase] = []
        var taps = 0
        for var phase in grids.map({ Phase($0) }) {
            let grid = phase.grid
            // Copies far beyond the image would cost more than they serve.
            guard phase.reach.count <= 2 * grid.sourceW + 1024 else { return nil }
            phase.packedTaps = taps
            taps += phase.taps
            let lineBytes = max(1, phase.reach.count * layout.pixelBytes * grid.strideH)
            let wantedRows = max(4, Self.targetBytes / lineBytes)
            let parts = (grid.gridH + wantedRows - 1) / wantedRows
            let wanted = GroupedLayout.sets(copyBytes: (grid.gridH + parts - 1) / parts * lineBytes, of: layout.sets)
            phase.blocks = (layout.sets + wanted - 1) / wanted
            phase.sets = (layout.sets + phase.blocks - 1) / phase.blocks
            let others = images * phase.blocks
            phase.bands = min(grid.gridH, others % self.threads == 0 ? parts : (parts + self.threads - 1) / self.threads * self.threads)
            let most = (grid.gridH + phase.bands - 1) / phase.bands
            phase.lines = phase.taps == 0 ? 0 : (most - 1) * grid.strideH + phase.rowOffsets.count
            guard phase.lines <= 4 * grid.sourceH + 64 else { return nil }
            placed.append(phase)
        }
        phases = placed
        filterTaps = taps
    }

    /// [set][panel][tap][channel][lane] from the filter.
    func pack(_ from: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        let from = from.assumingMemoryBound(to: Float.self)
        let packed = packed.assumingMemoryBound(to: Float.self)
        parallelFor(layout.sets * layout.panels, grain: max(1, 8192 / max(1, panelFloats)), threads: threads) { range, _ in
            for unit in range {
                let (set, panel) = unit.quotientAndRemainder(dividingBy: layout.panels)
                var to = packed + unit * panelFloats
                for phase in phases {
                    for row in phase.grid.tapsH {
                        for column in phase.grid.tapsW {
                            let tap = from + (row.index * phase.grid.filterW + column.index) * filter.tap
                            for channel in 0..<layout.inputs {
                                for group in 0..<layout.together {
                                    let at = (set * layout.together + group) * filter.group + channel * filter.k
                                    for o in 0..<layout.width {
                                        to[o * layout.together + group] = tap[at + (panel * layout.width + o) * filter.column]
                                    }
                                }
                                to += layout.lanes
                            }
                        }
                    }
                }
            }
        }
    }

    func run(
        x: UnsafeRawPointer, filter: UnsafeRawPointer, packed: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer
    ) {
        if packed == nil { pack(filter, into: workspace) }
        let b = (packed ?? UnsafeRawPointer(workspace)).assumingMemoryBound(to: Float.self)
        let bias = hasBias ? bias?.assumingMemoryBound(to: Float.self) : nil
        for phase in phases {
            parallelFor(images * phase.bands * phase.blocks, threads: threads) { range, worker in
                let room = workspace + packedBytes + worker * workerBytes
                writeSteps(phase, room.assumingMemoryBound(to: Int.self))
                for unit in range {
                    let (rest, block) = unit.quotientAndRemainder(dividingBy: phase.blocks)
                    let (image, band) = rest.quotientAndRemainder(dividingBy: phase.bands)
                    let rows = phase.grid.gridH * band / phase.bands..<phase.grid.gridH * (band + 1) / phase.bands
                    let sets = layout.sets * block / phase.blocks..<layout.sets * (block + 1) / phase.blocks
                    runBand(phase, image, rows, sets, x: x, b: b, bias: bias, y: y, room: room)
                }
            }
        }
    }

    /// Where the channels of each tap lie, from the first one of the first pixel on.
    private func writeSteps(_ phase: Phase, _ steps: UnsafeMutablePointer<Int>) {
        let line = phase.reach.count * layout.pixelBytes
        var step = steps
        for row in phase.grid.tapsH {
            for column in phase.grid.tapsW {
                let at = (row.offset - phase.rowOffsets.lowerBound) * line + (column.offset - phase.reach.lowerBound) * layout.pixelBytes
                for channel in 0..<layout.inputs { step[channel] = at + channel * layout.together * 4 }
                step += layout.inputs
            }
        }
    }

    private func runBand(
        _ phase: Phase, _ image: Int, _ rows: Range<Int>, _ sets: Range<Int>, x: UnsafeRawPointer, b: UnsafePointer<Float>,
        bias: UnsafePointer<Float>?, y: UnsafeMutableRawPointer, room: UnsafeMutableRawPointer
    ) {
        let grid = phase.grid
        let copy = (room + stepBytes + biasBytes).assumingMemoryBound(to: Float.self)
        let first = rows.lowerBound * grid.strideH + phase.rowOffsets.lowerBound
        let source = first..<first + (rows.count - 1) * grid.strideH + phase.rowOffsets.count
        if phase.taps > 0 {
            layout.copy(
                sets: sets, from: (x + image * grid.sourceImage).assumingMemoryBound(to: Float.self), size: (grid.sourceH, grid.sourceW),
                pixel: grid.sourcePixel / 4, rows: source, columns: phase.reach, to: copy)
        }
        let copied = phase.taps > 0 ? source.count * phase.reach.count * layout.inputs * layout.together : 0
        for set in sets {
            runSet(
                phase, rows, set, copy: copy + (set - sets.lowerBound) * copied, b: b + set * layout.panels * panelFloats, bias: bias,
                y: y + image * grid.targetImage + grid.targetStart + set * layout.together * layout.outputs * 4, room: room)
        }
    }

    private func runSet(
        _ phase: Phase, _ rows: Range<Int>, _ set: Int, copy: UnsafePointer<Float>, b: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        y: UnsafeMutableRawPointer, room: UnsafeMutableRawPointer
    ) {
        let grid = phase.grid
        let steps = UnsafePointer(room.assumingMemoryBound(to: Int.self))
        let start = (room + stepBytes).assumingMemoryBound(to: Float.self)
        if let bias {
            for panel in 0..<layout.panels {
                for lane in 0..<layout.lanes {
                    let group = set * layout.together + lane % layout.together
                    start[panel * layout.lanes + lane] = bias[group * layout.outputs + panel * layout.width + lane / layout.together]
                }
            }
        }
        let perRow = grid.tapsW.count * layout.inputs
        var job = sc_grouped_job()
        job.a_pixel = grid.strideW * layout.pixelBytes
        job.y_pixel = grid.targetPixel
        job.y_group = layout.outputs * 4
        job.pixels = grid.gridW
        job.activation = activation.kind
        for row in rows {
            let inside = phase.tapRows(of: row)
            let first = inside.lowerBound
            job.depth = inside.count * perRow
            job.steps = steps + first * perRow
            job.a = UnsafeRawPointer(copy) + (row - rows.lowerBound) * grid.strideH * phase.reach.count * layout.pixelBytes
            for panel in 0..<layout.panels {
                job.b = UnsafeRawPointer(b + panel * panelFloats + (phase.packedTaps * layout.inputs + first * perRow) * layout.lanes)
                job.y = y + row * grid.targetRow + panel * layout.width * 4
                job.bias = bias == nil ? nil : UnsafeRawPointer(start + panel * layout.lanes)
                layout.kernels.strip(layout.together, &job)
            }
        }
    }
}
