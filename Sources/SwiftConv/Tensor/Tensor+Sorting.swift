import TensorCore

/// Sorting, along one axis. NaN comes last in ascending and first in descending order; equal elements keep theirs. Asks for numbers.
extension Tensor {
    /// The positions (int64) along `axis` in the order of the elements.
    public func argsort(axis: Int = -1, descending: Bool = false) throws(SwiftConvError) -> Tensor {
        if rank == 0 { return try Tensor([Int64(0)], shape: []) }
        let place = try normalized(axis, rank: rank, "argsort")
        let moved = try moveAxis(from: place, to: -1)
        let order = try Tensor(moved.order(descending).map(Int64.init), shape: moved.shape)
        return try order.moveAxis(from: -1, to: place)
    }

    /// The elements in order along `axis`.
    public func sorted(axis: Int = -1, descending: Bool = false) throws(SwiftConvError) -> Tensor {
        if rank == 0 { return self }
        let place = try normalized(axis, rank: rank, "sorted")
        let moved = try moveAxis(from: place, to: -1)
        return try moved.picked(moved.order(descending), moved.shape).moveAxis(from: -1, to: place)
    }

    /// The `k` largest elements along the last axis, the largest first, and their positions (int64).
    public func topK(_ k: Int) throws(SwiftConvError) -> (values: Tensor, indices: Tensor) {
        guard let length = shape.last, k >= 0, k <= length else {
            throw .invalidArgument("topK: k: expected 0 to \(shape.last ?? 0), the last size of \(shapeText(shape)), received \(k)")
        }
        let order = try order(true)
        var kept: [Int] = []
        for start in stride(from: 0, to: order.count, by: Swift.max(1, length)) { kept += order[start..<start + k] }
        let wanted = Array(shape.dropLast()) + [k]
        return (try picked(kept, wanted), try Tensor(kept.map(Int64.init), shape: wanted))
    }

    /// For each row (last axis) the positions of its elements in order.
    private func order(_ descending: Bool) throws(SwiftConvError) -> [Int] {
        switch spec.dtype {
        case .float32: order(try scalars(as: Float.self), descending) { $0.isNaN }
        case .float64: order(try scalars(as: Double.self), descending) { $0.isNaN }
        case .int32: order(try scalars(as: Int32.self), descending) { _ in false }
        case .int64: order(try scalars(as: Int64.self), descending) { _ in false }
        case .uint8, .bool: order(try cast(to: .uint8).scalars(as: UInt8.self), descending) { _ in false }
        }
    }

    private func order<T: Comparable>(_ numbers: [T], _ descending: Bool, _ isNaN: (T) -> Bool) -> [Int] {
        let length = shape.last ?? 1
        var all: [Int] = []
        all.reserveCapacity(numbers.count)
        for start in stride(from: 0, to: numbers.count, by: Swift.max(1, length)) {
            // stable in both directions: equal elements are told apart by their positions
            all += (0..<length).sorted { a, b in
                let (x, y) = (numbers[start + a], numbers[start + b])
                let (xLast, yLast) = (isNaN(x), isNaN(y))
                if xLast || yLast { return xLast != yLast ? yLast != descending : a < b }
                if x == y { return a < b }
                return descending ? x > y : x < y
            }
        }
        return all
    }

    /// The elements of each row at `positions`, as many for each.
    private func picked(_ positions: [Int], _ wanted: [Int]) throws(SwiftConvError) -> Tensor {
        let (length, kept) = (shape.last ?? 1, Swift.max(1, wanted.last ?? 1))
        let flat = positions.enumerated().map { Int64($0.offset / kept * length + $0.element) }
        return try flattened().gather(Tensor(flat, shape: wanted))
    }
}
