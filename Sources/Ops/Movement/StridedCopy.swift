import CKernelInterface
import Runtime
import TensorCore

/// y[sum(i · yStep)] = x[sum(i · xStep)] over all indices i: what transpose, slice, concat, pad, broadcast_to and tile are made of.
///
/// Dimensions of size 1 vanish, neighbours that both sides walk in one stride are merged, and the two dimensions that matter most go to
/// a kernel.
struct StridedCopy: Sendable {
    private struct Dimension {
        var size: Int
        var x: Int
        var y: Int
    }

    private enum Mode { case rows, transpose, strided }

    private let size: Int
    private let mode: Mode
    /// The kernel's two dimensions (rows, columns), then all others.
    private let rows: Dimension
    private let columns: Dimension
    private let outer: [Dimension]
    private let xOffset: Int
    private let yOffset: Int
    /// Rows or columns that one task takes: about 64 KiB.
    private let piece: Int
    private let threads: Int
    private let isEmpty: Bool

    /// Steps and offsets are in elements; the last dimension should be the one along which y is contiguous.
    init(
        size: Int, dims: [Int], xSteps: [Int], ySteps: [Int], xOffset: Int = 0, yOffset: Int = 0, threads: Int
    ) {
        self.size = size
        self.xOffset = xOffset
        self.yOffset = yOffset
        self.threads = threads
        isEmpty = dims.contains(0)
        let dims = isEmpty ? [] : dims
        var merged: [Dimension] = []
        for axis in dims.indices where dims[axis] != 1 {
            let next = Dimension(size: dims[axis], x: xSteps[axis], y: ySteps[axis])
            if let last = merged.last, last.x == next.x * next.size, last.y == next.y * next.size {
                merged[merged.count - 1] = Dimension(size: last.size * next.size, x: next.x, y: next.y)
            } else {
                merged.append(next)
            }
        }
        let inner = merged.popLast() ?? Dimension(size: 1, x: 1, y: 1)
        let one = Dimension(size: 1, x: 0, y: 0)
        if inner.y == 1, inner.x == 1 {
            mode = .rows
            columns = inner
            rows = merged.popLast() ?? one
        } else if inner.y == 1, let across = merged.lastIndex(where: { $0.x == 1 }) {
            mode = .transpose
            rows = inner
            columns = merged.remove(at: across)
        } else {
            mode = .strided
            columns = inner
            rows = one
        }
        outer = merged
        let bytes = 1 << 16
        switch mode {
        case .rows: piece = rows.size == 1 ? bytes / size : max(1, bytes / size / max(1, columns.size))
        case .transpose: piece = max(16, bytes / size / max(1, rows.size) / 16 * 16)
        case .strided: piece = bytes / size
        }
    }

    func run(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
        if isEmpty { return }
        let kernels = Kernels.table.movement
        // the dimension that is cut into pieces
        let cut = mode == .rows && rows.size > 1 ? rows : columns
        let pieces = (cut.size + piece - 1) / piece
        let tasks = outer.reduce(pieces) { $0 * $1.size }
        let work = min(piece, cut.size) * (mode == .rows && rows.size > 1 ? columns.size : rows.size)
        parallelFor(tasks, grain: max(1, (1 << 16) / size / max(1, work)), threads: threads) { range, _ in
            for task in range {
                let start = task % pieces * piece
                let count = min(piece, cut.size - start)
                var from = xOffset + start * cut.x
                var to = yOffset + start * cut.y
                var rest = task / pieces
                for dimension in outer.reversed() {
                    from += rest % dimension.size * dimension.x
                    to += rest % dimension.size * dimension.y
                    rest /= dimension.size
                }
                let source = x + from * size
                let target = y + to * size
                switch mode {
                case .rows:
                    if rows.size > 1 {
                        kernels.rows(size, count, columns.size, source, rows.x, target, rows.y)
                    } else {
                        target.copyMemory(from: source, byteCount: count * size)
                    }
                case .transpose: kernels.transpose(size, rows.size, count, source, rows.x, target, columns.y)
                case .strided: kernels.strided(size, count, source, columns.x, target, columns.y)
                }
            }
        }
    }

    /// The steps of a dense row-major array.
    static func steps(_ shape: [Int]) -> [Int] {
        var steps = shape.map { _ in 1 }
        for axis in shape.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * shape[axis + 1] }
        return steps
    }

    /// Fills `count` elements of y with `number` in the type `dtype`.
    static func fill(_ y: UnsafeMutableRawPointer, _ number: Double, _ dtype: DataType, count: Int, threads: Int) {
        if number == 0, number.sign == .plus {
            let bytes = count * dtype.size
            parallelFor(bytes, grain: 1 << 18, threads: threads) { range, _ in
                (y + range.lowerBound).zero(byteCount: range.count)
            }
            return
        }
        var value: UInt64 = 0
        withUnsafeMutableBytes(of: &value) { store(number, dtype, $0) }
        let kernel = Kernels.table.movement.strided!
        let size = dtype.size
        let word = value
        parallelFor(count, grain: 1 << 16, threads: threads) { range, _ in
            withUnsafeBytes(of: word) { kernel(size, range.count, $0.baseAddress, 0, y + range.lowerBound * size, 1) }
        }
    }

    /// `number` in the type `dtype`; what does not fit saturates, NaN gives integer 0.
    private static func store(_ number: Double, _ dtype: DataType, _ p: UnsafeMutableRawBufferPointer) {
        func integer<T: FixedWidthInteger>(_: T.Type) -> T {
            if number.isNaN { return 0 }
            return T(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
        }
        switch dtype {
        case .float32: p.storeBytes(of: Float(number), as: Float.self)
        case .float64: p.storeBytes(of: number, as: Double.self)
        case .int32: p.storeBytes(of: integer(Int32.self), as: Int32.self)
        case .int64: p.storeBytes(of: integer(Int64.self), as: Int64.self)
        case .uint8: p.storeBytes(of: integer(UInt8.self), as: UInt8.self)
        case .bool: p.storeBytes(of: number != 0 ? 1 : 0, as: UInt8.self)
        }
    }
}
