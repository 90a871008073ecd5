import CKernelInterface
import Runtime
import TensorCore

/// A reduction of an array [outer, rows, columns] over its rows, cut into blocks by shape alone, so that no result depends on threads.
struct ReductionStage: Sendable {
    let outer: Int
    let rows: Int
    let columns: Int
    /// So many rows are taken side by side as one, to fill vectors where there are few columns.
    let fold: Int
    /// Folded rows in a block: a block of them and its partial result stay in the first-level cache.
    let blockRows: Int
    let blocks: Int
    /// Rows that the folding leaves over.
    let rest: Int

    /// Elements of one chunk of a contiguous row.
    private static let chunk = 2048

    init(outer: Int, rows: Int, columns: Int) {
        self.outer = outer
        self.rows = rows
        self.columns = columns
        if columns == 1 {
            fold = 1
            blockRows = Self.chunk
        } else {
            fold = max(1, min(128 / columns, rows / 4))
            blockRows = min(128, max(16, 16384 / (fold * columns)))
        }
        blocks = (rows / fold + blockRows - 1) / blockRows
        rest = rows % fold
    }

    /// Rows of partial results for each outer index.
    var partialRows: Int { blocks * fold + (rest > 0 ? 1 : 0) }
    /// Whether the first phase already gives the result.
    var isDirect: Bool { partialRows == 1 }
    var partialCount: Int { isDirect ? 0 : outer * partialRows * columns }
    var resultCount: Int { outer * columns }

    func run(
        _ function: Int, _ dtype: DataType, scale: Double?, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer,
        partials: UnsafeMutableRawPointer, threads: Int
    ) {
        let kernels = Kernels.table.reduction
        let code = Int(dtype.rawValue)
        let size = dtype.size
        let reduceRow = kernels.row!
        let reduceColumns = kernels.columns!
        let target = isDirect ? y : partials
        let work = min(rows, blockRows * fold) * columns
        parallelFor(outer * blocks, grain: max(1, elementGrain / max(1, work)), threads: threads) { range, _ in
            for task in range {
                let (a, block) = (task / blocks, task % blocks)
                let first = block * blockRows
                let count = min(blockRows, rows / fold - first)
                let from = x + (a * rows + first * fold) * columns * size
                let to = target + (a * partialRows + block * fold) * columns * size
                if columns == 1 && fold == 1 {
                    reduceRow(function, code, count, from, to)
                } else {
                    reduceColumns(function, code, count, fold * columns, fold * columns, from, to)
                }
                if rest > 0, block == blocks - 1 {
                    let tail = x + (a * rows + rows - rest) * columns * size
                    reduceColumns(
                        function, code, rest, columns, columns, tail, target + (a * partialRows + partialRows - 1) * columns * size)
                }
            }
        }
        let wide = kernels.columns_wide!
        if isDirect {
            if let scale { wide(code, 1, resultCount, resultCount, y, scale, y) }
            return
        }
        // Joining: pieces of columns, since there may be one outer index only.
        let piece = 512
        let pieces = (columns + piece - 1) / piece
        parallelFor(outer * pieces, grain: max(1, elementGrain / (partialRows * min(columns, piece))), threads: threads) { range, _ in
            for task in range {
                let (a, start) = (task / pieces, task % pieces * piece)
                let width = min(piece, columns - start)
                let from = partials + (a * partialRows * columns + start) * size
                let to = y + (a * columns + start) * size
                if function == SC_REDUCE_SUM, dtype.isFloating {
                    wide(code, partialRows, width, columns, from, scale ?? 1, to)
                } else {
                    reduceColumns(function, code, partialRows, width, columns, from, to)
                }
            }
        }
    }
}

/// A reduction over any axes: one stage for each group of neighbouring reduced axes, the last group first.
struct ReductionPlan: Sendable {
    let function: Int
    let dtype: DataType
    let stages: [ReductionStage]
    /// What the result is multiplied by: 1 / n for a mean.
    let scale: Double?
    /// Elements of the result, and of the input for each of them.
    let count: Int
    let reduced: Int
    let threads: Int

    init(function: Int, _ input: TensorSpec, axes: [Int], isMean: Bool, threads: Int) {
        self.function = function
        self.threads = threads
        // any and all are max and min of bytes
        dtype = input.dtype == .bool ? .uint8 : input.dtype
        let isReduced = input.shape.indices.map { axes.contains($0) }
        reduced = input.shape.indices.reduce(1) { isReduced[$1] ? $0 * input.shape[$1] : $0 }
        count = input.shape.indices.reduce(1) { isReduced[$1] ? $0 : $0 * input.shape[$1] }
        scale = isMean ? 1 / Double(reduced) : nil
        guard count > 0, reduced > 0 else {
            stages = []
            return
        }
        var groups: [(size: Int, reduced: Bool)] = []
        for (axis, size) in input.shape.enumerated() where size != 1 {
            if let last = groups.last, last.reduced == isReduced[axis] {
                groups[groups.count - 1].size *= size
            } else {
                groups.append((size, isReduced[axis]))
            }
        }
        var stages: [ReductionStage] = []
        while let index = groups.lastIndex(where: { $0.reduced }) {
            stages.append(
                ReductionStage(
                    outer: groups[..<index].reduce(1) { $0 * $1.size }, rows: groups[index].size,
                    columns: groups[(index + 1)...].reduce(1) { $0 * $1.size }))
            groups.remove(at: index)
        }
        self.stages = stages
    }

    private var partialBytes: Int { (stages.map(\.partialCount).max() ?? 0) * dtype.size }
    /// Partial results, then the results of all stages but the last.
    var workspaceBytes: Int { partialBytes + stages.dropLast().reduce(0) { $0 + $1.resultCount } * dtype.size }

    func run(_ arguments: OpArguments) {
        let y = arguments.outputs[0]
        var x = arguments.inputs[0]
        if count == 0 { return }
        if reduced == 0 { return fillWithIdentity(y) }
        if stages.isEmpty {
            if UnsafeRawPointer(y) != x { y.copyMemory(from: x, byteCount: count * dtype.size) }
            return
        }
        var next = arguments.workspace + partialBytes
        for (index, stage) in stages.enumerated() {
            let isLast = index == stages.count - 1
            let target = isLast ? y : next
            stage.run(function, dtype, scale: isLast ? scale : nil, x, target, partials: arguments.workspace, threads: threads)
            x = UnsafeRawPointer(target)
            if !isLast { next += stage.resultCount * dtype.size }
        }
    }

    /// The result over no elements: 0, 1, the lowest or the highest number; NaN for a mean.
    private func fillWithIdentity(_ y: UnsafeMutableRawPointer) {
        func fill<T>(_ value: T) { y.assumingMemoryBound(to: T.self).update(repeating: value, count: count) }
        func real<T: BinaryFloatingPoint>(_: T.Type) {
            switch function {
            case SC_REDUCE_SUM: fill(scale == nil ? T.zero : T.nan)
            case SC_REDUCE_MAX: fill(-T.infinity)
            case SC_REDUCE_MIN: fill(T.infinity)
            default: fill(1 as T)
            }
        }
        func integer<T: FixedWidthInteger>(_: T.Type) {
            switch function {
            case SC_REDUCE_SUM: fill(T.zero)
            case SC_REDUCE_MAX: fill(T.min)
            case SC_REDUCE_MIN: fill(T.max)
            default: fill(1 as T)
            }
        }
        switch dtype {
        case .float32: real(Float.self)
        case .float64: real(Double.self)
        case .int32: integer(Int32.self)
        case .int64: integer(Int64.self)
        case .uint8, .bool: integer(UInt8.self)
        }
    }
}
