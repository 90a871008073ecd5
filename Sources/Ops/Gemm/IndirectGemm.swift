import CKernelInterface
import Runtime
import TensorCore

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
    /// Whether tiles span two panels of b.
    let pairs: Bool
    let mr: Int
    let nr: Int
    let functions: sc_gemm_functions
    let copyRuns: @convention(c) (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int, Int, Int) -> Void
    let threads: Int
    let hasBias: Bool
    /// Whether the products are added to what y holds.
    let addsToY: Bool
    /// Whether all groups add the same bias (batches) rather than each its own part of it.
    let sharedBias: Bool
    let activation: EpilogueActivation

    let blockRows: [Int]
    /// Whether the rows of a block are packed by tiles: those of a transposed operand, each of whose k lies on a line of its own. Packing
    /// rows that lie side by side was measured 5 to 10 % slower than reading them in place.
    let packsRows: Bool
    /// Whether the rows of a block are copied to an even distance of their own: those whose lines would fall on the same few sets of the
    /// first-level cache, which then holds none of them until it is used up (1,024 channels: 4,096 bytes from pixel to pixel). Measured: 2 to 4 %
    /// faster for many rows, slower for few.
    let copiesRows: Bool
    /// Whether each worker packs the panels it needs into its own scratch (few rows), instead of all before the start, unless b is
    /// packed for good.
    let packsInPlace: Bool
    /// Whether whole panels are then read where they lie, without being packed: lines of b whose columns are neighbours, and far enough from
    /// each other for a panel to stay in the second-level cache.
    let readsInPlace: Bool
    /// Whether the result is more than a cache keeps, and written past the caches where its rows are aligned: else each of its lines would
    /// first be read. A step of the sum that goes on from what y holds cannot.
    let streams: Bool
    /// Whether the values of a tile are gathered rather than pointed at: few channels.
    let gathers: Bool
    let steps: [[KStep]]
    let tableWords: Int
    /// From row to row of a copied block: an odd number of cache lines.
    let copyStride: Int
    /// Values gathered, or rows packed or copied.
    let gatherBytes: Int
    let panelBytes: Int
    /// Panels packed together: lines of b that span several panels are read in longer runs.
    let packedTogether: Int

    var panels: Int { (columns + nr - 1) / nr }
    var panelWhole: Int { taps * depth * nr * size }
    var packedBytes: Int { groups * panels * panelWhole }
    var zeroBytes: Int { (depth * size + 127) / 64 * 64 }
    var workerBytes: Int { (tableWords * 8 + gatherBytes + packedTogether * panelBytes + 127) / 64 * 64 }
    func workspaceBytes(prepacked: Bool) -> Int {
        zeroBytes + threads * workerBytes + (prepacked || packsInPlace ? 0 : (packedBytes + 63) / 64 * 64)
    }

    init(
        dtype: DataType, grids: [PixelGrid], taps: Int, depth: Int, columns: Int, groups: Int, source: ColumnSource, groupA: Int,
        groupY: Int, stepA: Int = 1, threads: Int, hasBias: Bool = false, addsToY: Bool = false, sharedBias: Bool = false,
        activation: EpilogueActivation = .linear, cache: Int = CacheSizes.kept,
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
        self.addsToY = addsToY
        self.sharedBias = sharedBias
        self.activation = activation
        let size = dtype.size
        self.size = size
        let nr = dtype == .float32 ? kernels.nr_f32 : kernels.nr_f64
        let panels = (columns + nr - 1) / nr
        pairs = dtype == .float32 && Self.takesPairs(columns: columns, kernels)
        let mr = pairs ? kernels.pair_mr : kernels.mr
        self.mr = mr
        self.nr = nr
        functions = dtype == .float32 ? kernels.f32 : kernels.f64
        copyRuns = kernels.copy_runs

        let rows = self.grids.map(\.pixels).max() ?? 0
        packsInPlace = rows <= Self.fewRows
        // A part of the second-level cache; a smaller one where each worker packs what it needs there.
        let limit = max(32 << 10, min(256 << 10, CacheSizes.l2 / (packsInPlace ? 16 : 8))) / (nr * size)
        let inPlace = packsInPlace
        let isWriting = taps * depth <= Self.shortSum && columns * size > Self.shortRow
        let target = (isWriting ? Self.fewTiles : Self.targetTiles) * kernels.mr
        let kept = self.grids
        packsRows = kept.count == 1 && taps == 1 && kept[0].isOneLine && depth >= 16 && stepA != 1
        copiesRows =
            !packsRows && depth >= 64 && kept.count == 1 && taps == 1 && kept[0].isOneLine && stepA == 1 && !packsInPlace
            && Self.rowsShareSets(min(mr, rows), kept[0].sourcePixel)
        let perStep = packsRows || copiesRows ? Self.evenPart(depth, Self.packedDepth) : limit
        let steps = kept.map { Self.steps($0, depth: depth, limit: perStep, nr: nr, size: size, stepA: stepA) }
        readsInPlace =
            packsInPlace && source.column == 1 && steps.joined().allSatisfy { $0.taps.count <= 1 }
            && Self.spreadsOverCache(steps.joined().map(\.depth).max() ?? 0, source.k * size)
        // The gathered taps of a step take their columns in one run, so these must follow each other in the packed panel.
        self.steps = steps
        gathers =
            taps > 1 && depth < 8 && stepA == 1
            && steps.joined().allSatisfy { step in
                step.taps.indices.dropFirst().allSatisfy { step.taps[$0].index == step.taps[$0 - 1].index + 1 }
            }
        let units = (pairs ? (panels + 1) / 2 : panels) * max(1, groups)
        blockRows = kept.map {
            inPlace ? max(1, $0.pixels) : Self.block($0.pixels, target, units: units, threads: max(1, threads))
        }
        let results = self.grids.reduce(0.0) { $0 + Double($1.pixels) } * Double(columns) * Double(groups) * Double(size)
        let isLeaky = if case .leakyRelu = activation { true } else { false }
        streams =
            dtype == .float32 && results > Double(cache) && !addsToY && !isLeaky && steps.allSatisfy { $0.count == 1 }
            && groupY % 64 == 0 && self.grids.allSatisfy(\.hasAlignedRows)
        let longest = steps.joined().map(\.taps.count).max() ?? 0
        let tiles = ((blockRows.max() ?? 0) + mr - 1) / mr
        tableWords = tiles * Self.tileWords(longest, mr)
        let deepest = steps.joined().map(\.depth).max() ?? 0
        copyStride = ((deepest * size + 63) / 64 | 1) * 64
        gatherBytes =
            copiesRows
            ? (blockRows.max() ?? 0) * copyStride
            : (gathers ? tiles * mr * longest * depth : packsRows ? tiles * mr * deepest : 0) * size
        panelBytes = packsInPlace ? steps.joined().map { $0.panelBytes(nr * size) }.max() ?? 0 : 0
        let run = source.column == 1 ? max(1, min(panels, Self.longestRun / nr / size)) : 1
        packedTogether = pairs ? (run + 1) / 2 * 2 : run
    }

    /// Whether tiles of float32 over two panels pay: nearly all panels have a second one beside them, the others lose by the lower tiles.
    private static func takesPairs(columns: Int, _ kernels: sc_gemm_kernels) -> Bool {
        guard kernels.pair_mr > 0 else { return false }
        let panels = (columns + kernels.nr_f32 - 1) / kernels.nr_f32
        let alone = panels - columns / (2 * kernels.nr_f32) * 2
        return alone * 4 <= panels
    }

    /// Register tiles of a block: enough to use each line of a panel often, few enough for their inputs to stay in the second-level cache.
    /// Measured with tiles of 12 rows: 24 are 4 to 8 % faster than 8, and 32 no faster.
    private static let targetTiles = 24

    /// Steps of a sum so short that its time is that of writing the results, and bytes of a row of these beyond which each row has pages of its
    /// own: a block then has no more rows than there are entries in a first-level TLB (4096×8×1000 in 0.5 to 0.7 of the time, Ice Lake).
    private static let shortSum = 16
    private static let shortRow = 2048
    private static let fewTiles = 4

    /// Rows of which each worker packs the panels it needs.
    private static let fewRows = 192

    /// Bytes of a line of b that are packed together: some cache lines in order, which the hardware reads ahead.
    private static let longestRun = 512

    /// Steps of b packed in a turn over these panels.
    static let packedSteps = 16

    /// Steps of the sum of packed rows: a panel of 16 columns then takes 16 KB, half of a first-level cache.
    private static let packedDepth = 256

    /// Whether that many rows at a distance in bytes have more lines in one set of the first-level cache than it can hold beside those of b.
    private static func rowsShareSets(_ rows: Int, _ distance: Int) -> Bool {
        guard distance % 64 == 0 else { return false }
        // sets and ways of all levels of x86-64 and arm64 processors whose first level is indexed by the offset in a page of 4,096 bytes
        let sets = 64
        let ways = max(1, CacheSizes.l1 / (64 * sets))
        let distinct = sets / greatestCommonDivisor(distance / 64, sets)
        return (rows + distinct - 1) / distinct + 2 > ways
    }

    /// Whether half of the second-level cache's ways hold `lines` short runs at a distance in bytes.
    private static func spreadsOverCache(_ lines: Int, _ distance: Int) -> Bool {
        let ways = 8
        let span = max(64, CacheSizes.l2 / ways)
        return lines <= span / max(64, greatestCommonDivisor(max(1, distance), span)) * ways / 2
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

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

    static func tileWords(_ segments: Int, _ mr: Int) -> Int { 1 + mr + segments * (mr + 2) }
}
