import TensorCore

extension Tensor {
    /// The same elements in the same order; one dimension may be −1.
    public func reshape(_ shape: [Int]) throws(SwiftConvError) -> Tensor { try applyOne("reshape", [self], ["shape": .ints(shape)]) }

    /// Axis `i` of the result is axis `permutation[i]`; all axes in reverse by default.
    public func transpose(_ permutation: [Int]? = nil) throws(SwiftConvError) -> Tensor {
        try applyOne("transpose", [self], ["perm": .ints(permutation ?? Array((0..<rank).reversed()))])
    }

    /// Repeated along axes of size 1, and new ones in front, until it has `shape`.
    public func broadcast(to shape: [Int]) throws(SwiftConvError) -> Tensor {
        try applyOne("broadcast_to", [self], ["shape": .ints(shape)])
    }

    /// The numbers as another type.
    public func cast(to dtype: DType) throws(SwiftConvError) -> Tensor {
        if dtype == self.dtype { return self }
        return try applyOne("cast", [self], ["dtype": .string(dtype.rawValue)])
    }

    /// Puts tensors one after the other along `axis`.
    public static func concatenate(_ tensors: [Tensor], axis: Int = 0) throws(SwiftConvError) -> Tensor {
        try applyOne("concat", tensors, ["axis": .int(axis)])
    }

    /// Each axis gets zeros: `paddings[i]` says how many before and after.
    public func padded(_ paddings: [(before: Int, after: Int)]) throws(SwiftConvError) -> Tensor {
        try applyOne("pad", [self], ["paddings": .ints(paddings.flatMap { [$0.before, $0.after] })])
    }

    /// The elements at `indices` (int32 or int64) along `axis`.
    public func gather(_ indices: Tensor, axis: Int = 0) throws(SwiftConvError) -> Tensor {
        try applyOne("gather", [self, indices], ["axis": .int(axis)])
    }

    /// The part that one index for each leading axis describes: `x[0]`, `x[1..<3, .all]`, `x[-1, 2...]`.
    ///
    /// An integer takes one element and drops the axis (negative ones count from the end); a range keeps it.
    public subscript(_ indices: TensorIndex...) -> Tensor {
        get throws(SwiftConvError) {
            guard indices.count <= rank else {
                throw .invalidArgument(
                    "subscript: expected at most \(rank) indices for shape \(shapeText(shape)), received \(indices.count)")
            }
            var begin = [Int](repeating: 0, count: rank)
            var size = shape
            var kept = shape
            for (axis, index) in indices.enumerated() {
                let length = shape[axis]
                switch index.kind {
                case .all: continue
                case .at(let position):
                    let at = position < 0 ? position &+ length : position
                    guard (0..<length).contains(at) else {
                        throw .invalidArgument("subscript: axis \(axis): expected −\(length) to \(length - 1), received \(position)")
                    }
                    (begin[axis], size[axis], kept[axis]) = (at, 1, -1)
                case .between(let lower, let upper):
                    let end = upper ?? length
                    guard lower >= 0, lower <= end, end <= length else {
                        throw .invalidArgument("subscript: axis \(axis): expected a range within 0..<\(length), received \(lower)..<\(end)")
                    }
                    (begin[axis], size[axis], kept[axis]) = (lower, end - lower, end - lower)
                }
            }
            let part = try applyOne("slice", [self], ["begin": .ints(begin), "size": .ints(size)])
            let final = kept.filter { $0 != -1 }
            return final == part.shape ? part : try part.reshape(final)
        }
    }
}

/// What a subscript of a tensor takes for one axis: an integer, a range, or `.all`.
public struct TensorIndex: Sendable, ExpressibleByIntegerLiteral {
    enum Kind: Sendable {
        case all
        case at(Int)
        case between(Int, Int?)
    }

    let kind: Kind

    init(_ kind: Kind) { self.kind = kind }
    /// See the type.
    public init(integerLiteral value: Int) { kind = .at(value) }

    /// The whole axis.
    public static var all: TensorIndex { TensorIndex(.all) }
    /// One element; the axis goes.
    public static func at(_ position: Int) -> TensorIndex { TensorIndex(.at(position)) }
    /// The elements of a range.
    public static func range(_ range: Range<Int>) -> TensorIndex { TensorIndex(.between(range.lowerBound, range.upperBound)) }

    /// From the lower up to before the upper.
    public static func ..< (lower: TensorIndex, upper: TensorIndex) -> TensorIndex {
        TensorIndex(.between(lower.number, upper.number))
    }
    /// From the lower up to the upper.
    public static func ... (lower: TensorIndex, upper: TensorIndex) -> TensorIndex {
        TensorIndex(.between(lower.number, upper.number &+ 1))
    }
    /// From here to the end.
    public static postfix func ... (lower: TensorIndex) -> TensorIndex { TensorIndex(.between(lower.number, nil)) }
    /// From the beginning up to before it.
    public static prefix func ..< (upper: TensorIndex) -> TensorIndex { TensorIndex(.between(0, upper.number)) }

    /// Of an index that is a number; ranges are made of numbers only, so the others lie outside of every axis.
    private var number: Int {
        if case .at(let position) = kind { position } else { -1 }
    }
}
