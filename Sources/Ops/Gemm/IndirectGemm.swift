import CKernelInterface
import Runtime
import TensorCore

/// Where the rows of a product lie: a grid of pixels that slides over source images, and where each pixel's sums go.
/// All distances are in bytes. Tap (i, j) of grid pixel (y, x) lies at source row y · strideH + tapsH[i].offset, and so on.
struct PixelGrid: Sendable {
    struct Tap: Sendable {
        /// Its index in the filter.
        var index: Int
        var offset: Int
    }

    var images: Int
    var gridH: Int
    var gridW: Int
    var strideH = 1
    var strideW = 1
    var sourceH: Int
    var sourceW: Int
    var sourceImage: Int
    var sourceRow: Int
    var sourcePixel: Int
    var tapsH: [Tap]
    var tapsW: [Tap]
    /// Taps in a row of the whole filter.
    var filterW: Int
    var targetStart = 0
    var targetImage: Int
    var targetRow: Int
    var targetPixel: Int

    var pixels: Int { images * gridH * gridW }
}

/// The second operand before packing: element (tap, k, column, group), distances in elements.
struct ColumnSource: Sendable, Hashable {
    var tap: Int
    var k: Int
    var column: Int
    var group: Int
}

/// The macro-kernel of every product that is not a filter gradient: convolution forward, backward to the input (a grid for each phase
/// of the strides), dense layers.
///
/// Blocks of pixels get a table of row pointers, blocks of the sum (k) keep the packed panel in cache, and each panel runs over the
/// tiles of the block. The sum of one output is one chain in an order fixed by the shape, so blocks and threads leave no trace.
struct IndirectGemm: Sendable {
    let grids: [PixelGrid]
    let taps: Int
    let depth: Int
    let columns: Int
    let groups: Int
    let source: ColumnSource
    /// Bytes between the groups of the first operand and of the result.
    let groupA: Int
    let groupY: Int
    /// Elements between two k of a row.
    let stepA: Int
    let size: Int
    let mr: Int
    let nr: Int
    let functions: sc_gemm_functions
    let copyRuns: @convention(c) (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int, Int, Int) -> Void
    let threads: Int
    let hasBias: Bool
    /// Whether all groups add the same bias (batches) rather than each its own part of it.
    let sharedBias: Bool
    let activation: EpilogueActivation

    private let blockRows: [Int]
    /// Whether the rows of a block are packed by tiles: those of a transposed operand, each of whose k lies on a line of its own. Packing
    /// rows that lie side by side was measured 5 to 10 % slower than reading them in place.
    private let packsRows: Bool
    /// Whether each worker packs the panels it needs into its own scratch (few rows), instead of all before the start, unless b is
    /// packed for good.
    private let packsInPlace: Bool
    /// Whether the values of a tile are gathered rather than pointed at: few channels.
    private let gathers: Bool
    private let steps: [[KStep]]
    private let tableWords: Int
    /// Values gathered, or rows packed.
    private let gatherBytes: Int
    private let panelBytes: Int
    /// Panels packed together: lines of b that span several panels are read in longer runs.
    private let packedTogether: Int

    /// A block of the sum: these taps, channels d0 ..< d0 + depth of each.
    struct KStep: Sendable {
        struct Tap: Sendable {
            var offsetH: Int
            var offsetW: Int
            var sourceBytes: Int
            var bBytes: Int
            var index: Int
        }
        /// Taps that follow each other in the image's memory and in the packed panel, for pixels away from the borders.
        struct Run: Sendable {
            var sourceBytes: Int
            var bBytes: Int
            var count: Int
        }
        var taps: [Tap]
        var d0: Int
        var depth: Int

        /// Where the first tap's part of a packed panel lies.
        var start: Int { taps.first?.bBytes ?? 0 }
        /// The part of a packed panel from the first tap to the last.
        func panelBytes(_ line: Int) -> Int { (taps.last?.bBytes ?? 0) - start + depth * line }

        var runs: [Run] {
            var found: [Run] = []
            for (number, tap) in taps.enumerated() {
                if number > 0, taps[number - 1].offsetH == tap.offsetH, taps[number - 1].offsetW + 1 == tap.offsetW {
                    found[found.count - 1].count += 1
                } else {
                    found.append(Run(sourceBytes: tap.sourceBytes, bBytes: tap.bBytes - taps[0].bBytes, count: 1))
                }
            }
            return found
        }
    }

    var panels: Int { (columns + nr - 1) / nr }
    private var panelWhole: Int { taps * depth * nr * size }
    var packedBytes: Int { groups * panels * panelWhole }
    private var zeroBytes: Int { (depth * size + 127) / 64 * 64 }
    private var workerBytes: Int { (tableWords * 8 + gatherBytes + packedTogether * panelBytes + 127) / 64 * 64 }
    func workspaceBytes(prepacked: Bool) -> Int {
        zeroBytes + threads * workerBytes + (prepacked || packsInPlace ? 0 : (packedBytes + 63) / 64 * 64)
    }

    init(
        dtype: DataType, grids: [PixelGrid], taps: Int, depth: Int, columns: Int, groups: Int, source: ColumnSource, groupA: Int,
        groupY: Int, stepA: Int = 1, threads: Int, hasBias: Bool = false, sharedBias: Bool = false,
        activation: EpilogueActivation = .linear,
        kernels: sc_gemm_kernels = Kernels.table.gemm
    ) {
        self.grids = grids.filter { $0.pixels > 0 }
        self.taps = taps
        self.depth = depth
        self.columns = columns
        self.groups = groups
        self.source = source
        self.groupA = groupA
        self.groupY = groupY
        self.stepA = stepA
        self.threads = max(1, threads)
        self.hasBias = hasBias
        self.sharedBias = sharedBias
        self.activation = activation
        let size = dtype.size
        self.size = size
        let (mr, nr) = (kernels.mr, dtype == .float32 ? kernels.nr_f32 : kernels.nr_f64)
        self.mr = mr
        self.nr = nr
        functions = dtype == .float32 ? kernels.f32 : kernels.f64
        copyRuns = kernels.copy_runs

        let rows = self.grids.map(\.pixels).max() ?? 0
        packsInPlace = rows <= Self.fewRows
        // A part of the second-level cache; a smaller one where each worker packs what it needs there.
        let limit = max(32 << 10, min(256 << 10, CacheSizes.l2 / (packsInPlace ? 16 : 8))) / (nr * size)
        let inPlace = packsInPlace
        let target = Self.targetTiles * mr
        let kept = self.grids
        let panels = (columns + nr - 1) / nr
        packsRows = kept.count == 1 && taps == 1 && kept[0].isOneLine && depth >= 16 && stepA != 1
        let perStep = packsRows ? Self.evenPart(depth, Self.packedDepth) : limit
        let steps = kept.map { Self.steps($0, depth: depth, limit: perStep, nr: nr, size: size, stepA: stepA) }
        // The gathered taps of a step take their columns in one run, so these must follow each other in the packed panel.
        self.steps = steps
        gathers =
            taps > 1 && depth < 8 && stepA == 1
            && steps.joined().allSatisfy { step in
                step.taps.indices.dropFirst().allSatisfy { step.taps[$0].index == step.taps[$0 - 1].index + 1 }
            }
        blockRows = kept.map {
            inPlace ? max(1, $0.pixels) : Self.block($0.pixels, target, units: panels * max(1, groups), threads: max(1, threads))
        }
        let longest = steps.joined().map(\.taps.count).max() ?? 0
        let tiles = ((blockRows.max() ?? 0) + mr - 1) / mr
        tableWords = tiles * Self.tileWords(longest, mr)
        gatherBytes =
            (gathers ? tiles * mr * longest * depth : packsRows ? tiles * mr * (steps.joined().map(\.depth).max() ?? 0) : 0) * size
        panelBytes = packsInPlace ? steps.joined().map { $0.panelBytes(nr * size) }.max() ?? 0 : 0
        packedTogether = source.column == 1 ? max(1, min(panels, Self.longestRun / nr / size)) : 1
    }

    /// Register tiles of a block: enough to use each line of a panel often, few enough for their inputs to stay in the second-level cache.
    /// Measured with tiles of 12 rows: 24 are 4 to 8 % faster than 8, and 32 no faster.
    private static let targetTiles = 24

    /// Rows of which each worker packs the panels it needs.
    private static let fewRows = 192

    /// Bytes of a line of b that are packed together: some cache lines in order, which the hardware reads ahead.
    private static let longestRun = 512

    /// Steps of b packed in a turn over these panels.
    private static let packedSteps = 16

    /// Steps of the sum of packed rows: a panel of 16 columns then takes 16 KB, half of a first-level cache.
    private static let packedDepth = 256

    /// The size of nearly equal parts of `count`, each of at most 3/2 · `target`.
    private static func evenPart(_ count: Int, _ target: Int) -> Int {
        let parts = max(1, (count + target / 2) / target)
        return max(1, (count + parts - 1) / parts)
    }

    /// The rows of a block; where there are few pieces of work, as many blocks as give all threads as many. A block gives `units` pieces.
    private static func block(_ rows: Int, _ target: Int, units: Int, threads: Int) -> Int {
        var parts = max(1, (rows + target / 2) / target)
        if parts * units < 8 * threads {
            while parts * units % threads != 0 && parts < rows { parts += 1 }
        }
        return max(1, (rows + parts - 1) / parts)
    }

    private static func tileWords(_ segments: Int, _ mr: Int) -> Int { 1 + mr + segments * (mr + 2) }

    private static func steps(
        _ grid: PixelGrid, depth: Int, limit: Int, nr: Int, size: Int, stepA: Int
    ) -> [KStep] {
        var found: [KStep] = []
        let chunk = max(1, min(depth, limit))
        let together = max(1, limit / max(1, depth))
        for d0 in depth > 0 ? Array(stride(from: 0, to: depth, by: chunk)) : [] {
            let part = min(chunk, depth - d0)
            var current = KStep(taps: [], d0: d0, depth: part)
            for h in grid.tapsH {
                for w in grid.tapsW {
                    if current.taps.count == together || (chunk < depth && !current.taps.isEmpty) {
                        found.append(current)
                        current.taps = []
                    }
                    let index = h.index * grid.filterW + w.index
                    current.taps.append(
                        KStep.Tap(
                            offsetH: h.offset, offsetW: w.offset,
                            sourceBytes: h.offset * grid.sourceRow + w.offset * grid.sourcePixel + d0 * stepA * size,
                            bBytes: (index * depth + d0) * nr * size, index: index))
                }
            }
            if !current.taps.isEmpty { found.append(current) }
        }
        return found.isEmpty ? [KStep(taps: [], d0: 0, depth: 0)] : found
    }

    func prepack(input: Int) -> PreparedOp.Prepack? {
        PreparedOp.Prepack(input: input, bytes: packedBytes) { pack($0, into: $1) }
    }

    /// Packs every panel: [group][panel][tap][k][nr].
    func pack(_ b: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        let panels = self.panels
        let sets = (panels + packedTogether - 1) / packedTogether
        let line = nr * size
        let grain = max(1, 16384 / max(1, depth * nr * packedTogether))
        parallelFor(groups * sets * taps, grain: grain, threads: threads) { range, _ in
            for index in range {
                let (setIndex, tap) = index.quotientAndRemainder(dividingBy: taps)
                let (group, set) = setIndex.quotientAndRemainder(dividingBy: sets)
                let some = set * packedTogether..<min(panels, (set + 1) * packedTogether)
                pack(
                    b + (group * source.group + tap * source.tap) * size, depth, some,
                    into: packed + (group * panels + some.lowerBound) * panelWhole + tap * depth * line, panelStep: panelWhole)
            }
        }
    }

    /// Packs `depth` lines of b of some panels.
    private func pack(
        _ b: UnsafeRawPointer, _ depth: Int, _ some: Range<Int>, into packed: UnsafeMutableRawPointer, panelStep: Int
    ) {
        let turn = some.count == 1 ? max(1, depth) : Self.packedSteps
        var k = 0
        while k < depth {
            var to = packed + k * nr * size
            for panel in some {
                let column = panel * nr
                functions.pack(
                    b + (k * source.k + column * source.column) * size, min(turn, depth - k), min(nr, columns - column), source.k,
                    source.column, to)
                to += panelStep
            }
            k += turn
        }
    }

    func run(
        a: UnsafeRawPointer, b: UnsafeRawPointer, packed: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer
    ) {
        guard columns > 0, groups > 0, !grids.isEmpty else { return }
        workspace.initializeMemory(as: UInt8.self, repeating: 0, count: zeroBytes)
        let scratch = workspace + zeroBytes
        var ready = packed
        if ready == nil && !packsInPlace {
            let room = scratch + threads * workerBytes
            pack(b, into: room)
            ready = UnsafeRawPointer(room)
        }
        let blocks = grids.indices.map { (grids[$0].pixels + blockRows[$0] - 1) / blockRows[$0] }
        let zero = UnsafeRawPointer(workspace)
        // A worker's panels of a block are computed together, with one table.
        parallelFor(groups * blocks.reduce(0, +) * panels, threads: threads) { range, worker in
            let room = scratch + worker * workerBytes
            var unit = range.lowerBound
            while unit < range.upperBound {
                let (rest, panel) = unit.quotientAndRemainder(dividingBy: panels)
                var (block, group) = rest.quotientAndRemainder(dividingBy: groups)
                var index = 0
                while block >= blocks[index] {
                    block -= blocks[index]
                    index += 1
                }
                let rows = block * blockRows[index]..<min(grids[index].pixels, (block + 1) * blockRows[index])
                let some = panel..<min(panels, panel + range.upperBound - unit)
                runBlock(index, group, rows, some, a: a, b: b, packed: ready, bias: bias, y: y, zero: zero, room: room)
                unit += some.count
            }
        }
    }

    /// Packs the rows of a block by tiles, [tile][k][row of the tile], and writes the table that points there.
    private func packRows(
        _ rows: Range<Int>, _ heights: TileHeights, _ step: KStep, _ grid: PixelGrid, a: UnsafeRawPointer, y: UnsafeMutableRawPointer,
        table: UnsafeMutablePointer<Int>, into room: UnsafeMutableRawPointer
    ) {
        var to = room
        var entry = table
        for tile in 0..<heights.count {
            let height = heights.height(tile)
            let first = rows.lowerBound + heights.start(tile)
            let from = a + first * grid.sourcePixel + step.d0 * stepA * size
            copyRuns(from, stepA * size, to, height * size, height * size, step.depth)
            entry[0] = 1
            entry[1 + mr] = step.taps[0].bBytes
            entry[2 + mr] = step.depth
            for p in 0..<mr {
                let row = min(p, height - 1)
                entry[1 + p] = Int(bitPattern: y) + grid.targetStart + (first + row) * grid.targetPixel
                entry[3 + mr + p] = Int(bitPattern: to) + row * size
            }
            to += height * step.depth * size
            entry += Self.tileWords(1, mr)
        }
    }

    private func runBlock(
        _ index: Int, _ group: Int, _ rows: Range<Int>, _ some: Range<Int>, a: UnsafeRawPointer, b: UnsafeRawPointer,
        packed: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer, zero: UnsafeRawPointer,
        room: UnsafeMutableRawPointer
    ) {
        let table = room.assumingMemoryBound(to: Int.self)
        let gathered = room + tableWords * 8
        let panelRoom = gathered + gatherBytes
        var job = sc_gemm_job()
        let heights = TileHeights(rows: rows.count, mr: mr)
        job.a_step = stepA
        job.b_step = nr
        job.activation = activation.kind
        job.alpha = activation.alpha
        let writer = RowTable(
            grid: grids[index], mr: mr, size: size, a: a + group * groupA, y: y + group * groupY, zero: zero, table: table)
        for (number, step) in steps[index].enumerated() {
            job.tile_words = Self.tileWords(step.taps.count, mr)
            job.accumulate = number == 0 ? 0 : 1
            job.finish = number == steps[index].count - 1 ? 1 : 0
            if packsRows {
                packRows(
                    rows, heights, step, grids[index], a: a + group * groupA, y: y + group * groupY, table: table, into: gathered)
            } else if gathers {
                writer.gather(rows, step, into: gathered)
            } else {
                writer.point(rows, step)
            }
            // The gathered k of a block follow each other in the panel, for its taps do.
            let start = gathers ? 0 : step.start
            for panel in some {
                let column = panel * nr
                job.columns = min(nr, columns - column)
                job.y_offset = column * size
                job.bias = hasBias ? bias.map { $0 + ((sharedBias ? 0 : group * columns) + column) * size } : nil
                if let packed {
                    job.b = packed + (group * panels + panel) * panelWhole + step.start - start
                    job.next = panel + 1 < some.upperBound ? packed + (group * panels + panel + 1) * panelWhole + step.start : nil
                } else {
                    let number = (panel - some.lowerBound) % packedTogether
                    if number == 0 {
                        let set = panel..<min(some.upperBound, panel + packedTogether)
                        for tap in step.taps {
                            let from = group * source.group + tap.index * source.tap + step.d0 * source.k
                            pack(b + from * size, step.depth, set, into: panelRoom + tap.bBytes - step.start, panelStep: panelBytes)
                        }
                    }
                    job.b = UnsafeRawPointer(panelRoom + number * panelBytes) - start
                }
                job.tiles = UnsafePointer(table)
                job.tile_count = heights.taller
                job.rows = heights.height
                if packsRows { job.a_step = heights.height }
                functions.tiles(&job)
                guard heights.taller < heights.count else { continue }
                job.tiles += heights.taller * job.tile_words
                job.tile_count = heights.count - heights.taller
                job.rows -= 1
                if packsRows { job.a_step -= 1 }
                functions.tiles(&job)
            }
        }
    }
}
