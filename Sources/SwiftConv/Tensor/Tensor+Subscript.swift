import TensorCore

extension Tensor {
    /// The part that one index for each leading axis describes: `x[0]`, `x[1..<3, .all]`, `x[-1, 2...]`, `x[.ellipsis, 0]`.
    ///
    /// An integer takes one element and drops the axis, a range keeps it; negative numbers count from the end. What lies outside throws.
    public subscript(_ indices: TensorIndex...) -> Tensor {
        get throws(SwiftConvError) { try part(indices) }
    }

    /// The same with integers and ranges in variables: `x[i, 0..<n]`.
    @_disfavoredOverload
    public subscript(_ indices: any TensorIndexConvertible...) -> Tensor {
        get throws(SwiftConvError) { try part(indices.map(\.tensorIndex)) }
    }

    /// `x[...]`: the whole tensor.
    public subscript(_ whole: UnboundedRange) -> Tensor {
        get throws(SwiftConvError) { self }
    }

    func part(_ indices: [TensorIndex]) throws(SwiftConvError) -> Tensor {
        if isNode { return try FunctionalNode.apply(indices, self) }
        let selection = try Selection(indices, shape)
        let part = try selection.isWhole(shape) ? self : applyOne("slice", [self], selection.attributes)
        return selection.shape == part.shape ? part : try part.reshape(selection.shape)
    }

    /// Replaces the part that the indices describe by `value`, which is broadcast to it. Copies of the tensor keep the old numbers.
    ///
    ///     var x = try Tensor.zeros([2, 3])
    ///     try x.set(Tensor([1, 2, 3]), at: 0)
    public mutating func set(_ value: Tensor, at indices: TensorIndex...) throws(SwiftConvError) { try replace(value, indices) }

    /// Replaces each element of the part that the indices describe by a number.
    public mutating func set(_ number: Double, at indices: TensorIndex...) throws(SwiftConvError) {
        try replace(likewise(number), indices)
    }

    /// The same with integers and ranges in variables.
    @_disfavoredOverload
    public mutating func set(_ value: Tensor, at indices: any TensorIndexConvertible...) throws(SwiftConvError) {
        try replace(value, indices.map(\.tensorIndex))
    }

    /// The same with integers and ranges in variables.
    @_disfavoredOverload
    public mutating func set(_ number: Double, at indices: any TensorIndexConvertible...) throws(SwiftConvError) {
        try replace(likewise(number), indices.map(\.tensorIndex))
    }

    private mutating func replace(_ value: Tensor, _ indices: [TensorIndex]) throws(SwiftConvError) {
        guard value.dtype == dtype else {
            throw SwiftConvError(.wrongType, "set: value: expected \(dtype), the type of the tensor, received \(value.dtype)")
        }
        let selection = try Selection(indices, shape)
        let fitting = try value.broadcast(to: selection.shape).reshape(selection.size)
        if isSymbolic || value.isSymbolic {
            self = try symbolicallyReplaced(fitting, selection)
            return
        }
        let source = try fitting.storage("set")
        let target = try ownStorage("set")
        let bytes = spec.dtype.size
        var steps = shape
        var step = 1
        for axis in shape.indices.reversed() {
            steps[axis] = step
            step *= shape[axis]
        }
        // the last axis in one loop, the others counted up like an odometer
        let last = selection.size.last ?? 1
        let lastStep = (steps.last ?? 1) * (selection.strides.last ?? 1)
        var place = [Int](repeating: 0, count: Swift.max(0, rank - 1))
        for start in stride(from: 0, to: fitting.count, by: Swift.max(1, last)) {
            var offset = rank > 0 ? selection.begin[rank - 1] : 0
            for axis in place.indices { offset += (selection.begin[axis] + place[axis] * selection.strides[axis]) * steps[axis] }
            for i in 0..<last {
                (target.base + (offset + i * lastStep) * bytes).copyMemory(
                    from: source.base + (start + i) * bytes, byteCount: bytes)
            }
            for axis in place.indices.reversed() {
                place[axis] += 1
                if place[axis] < selection.size[axis] { break }
                place[axis] = 0
            }
        }
    }

    /// Out of operations, which can be recorded and differentiated.
    private func symbolicallyReplaced(_ value: Tensor, _ selection: Selection) throws(SwiftConvError) -> Tensor {
        var attributes = selection.attributes
        attributes["input_shape"] = .ints(shape)
        let mask = try applyOne("slice_backward", [.ones(selection.size)], attributes)
        let spread = try applyOne("slice_backward", [value], attributes)
        return try which(mask, spread, self)
    }
}

extension TensorIndex {
    /// The shape of the part that indices take of a tensor of an unknown batch (shown as 1): a batch that is kept is shown as 1 too.
    static func shape(of indices: [TensorIndex], _ full: [Int]) throws(SwiftConvError) -> [Int] {
        guard full.first == 1 else { return try Selection(indices, full).shape }
        // An index may be any of a larger batch.
        var sizes = try Selection(indices, [unknownBatch] + full.dropFirst()).shape
        let first = indices.firstIndex { $0.takesAxis || $0.isEllipsis } ?? 0
        if indices.isEmpty { return full }
        if case .at = indices[first].kind { return sizes }
        let place = indices[..<first].count
        if indices[first].isEllipsis, indices.count(where: \.takesAxis) == full.count {
            // The ellipsis stands for nothing, and the batch is the next one's.
            let rest = Array(indices[..<first] + indices[(first + 1)...])
            return try shape(of: rest, full)
        }
        if sizes.indices.contains(place) { sizes[place] = 1 }
        return sizes
    }

    private static let unknownBatch = 1 << 20
}

/// What indices come to on a shape.
private struct Selection {
    var begin: [Int] = []
    var size: [Int] = []
    var strides: [Int] = []
    /// The shape of the result: without the axes that integers drop, with new ones.
    var shape: [Int] = []

    var attributes: Attributes { ["begin": .ints(begin), "size": .ints(size), "strides": .ints(strides)] }

    func isWhole(_ shape: [Int]) -> Bool { size == shape && strides.allSatisfy { $0 == 1 } }

    init(_ indices: [TensorIndex], _ full: [Int]) throws(SwiftConvError) {
        let taking = indices.count { $0.takesAxis }
        let ellipses = indices.count { $0.isEllipsis }
        guard taking <= full.count, ellipses <= 1 else {
            let expected = ellipses > 1 ? "one ellipsis at most" : "at most \(full.count) indices for shape \(shapeText(full))"
            throw .invalidArgument("subscript: expected \(expected), received \(ellipses > 1 ? ellipses : taking)")
        }
        for index in ellipses == 0 ? indices + [.ellipsis] : indices {
            switch index.kind {
            case .newAxis: shape.append(1)
            case .ellipsis: for _ in 0..<full.count - taking { keep(full[begin.count]) }
            case .all: keep(full[begin.count])
            case .at(let position):
                let (axis, length) = (begin.count, full[begin.count])
                let at = position < 0 ? position &+ length : position
                guard (0..<length).contains(at) else {
                    throw .invalidArgument("subscript: axis \(axis): expected −\(length) to \(length - 1), received \(position)")
                }
                append(at, 1, 1)
            case .between(let lower, let upper, let isClosed):
                let (axis, length) = (begin.count, full[begin.count])
                let start = lower < 0 ? lower &+ length : lower
                var end = upper.map { $0 < 0 ? $0 &+ length : $0 } ?? length
                if isClosed, upper != nil { end = end &+ 1 }
                guard start >= 0, start <= end, end <= length else {
                    let text = "\(lower)\(isClosed ? "..." : "..<")\(upper.map(String.init) ?? "")"
                    throw .invalidArgument("subscript: axis \(axis): expected a range within 0..<\(length), received \(text)")
                }
                append(start, end - start, 1)
                shape.append(end - start)
            case .stride(let from, let to, let step):
                let (axis, length) = (begin.count, full[begin.count])
                guard step != 0, step != .min else {
                    throw .invalidArgument("subscript: axis \(axis): expected a stride other than 0, received \(step)")
                }
                // as in Python: what lies beyond an end stands for it
                func clamped(_ position: Int, _ least: Int, _ most: Int) -> Int {
                    Swift.min(most, Swift.max(least, position < 0 ? position &+ length : position))
                }
                let forward = step > 0
                let start = from.map { clamped($0, forward ? 0 : -1, forward ? length : length - 1) } ?? (forward ? 0 : length - 1)
                let end = to.map { clamped($0, forward ? 0 : -1, forward ? length : length - 1) } ?? (forward ? length : -1)
                let span = forward ? end - start : start - end
                let count = span > 0 ? (span - 1) / Swift.abs(step) + 1 : 0
                append(count > 0 ? start : 0, count, count > 1 ? step : 1)
                shape.append(count)
            case .outside:
                throw .invalidArgument("subscript: axis \(begin.count): expected a range between integers")
            }
        }
    }

    private mutating func append(_ start: Int, _ count: Int, _ stride: Int) {
        begin.append(start)
        size.append(count)
        strides.append(stride)
    }

    private mutating func keep(_ length: Int) {
        append(0, length, 1)
        shape.append(length)
    }
}

/// What a subscript of a tensor takes for one axis: an integer, a range, a stride, `.all`, `.newAxis` or `.ellipsis`.
public struct TensorIndex: Sendable, ExpressibleByIntegerLiteral {
    enum Kind: Sendable {
        case all, newAxis, ellipsis, outside
        case at(Int)
        case between(Int, Int?, isClosed: Bool)
        case stride(Int?, Int?, Int)
    }

    let kind: Kind

    init(_ kind: Kind) { self.kind = kind }
    /// See the type.
    public init(integerLiteral value: Int) { kind = .at(value) }

    /// The whole axis.
    public static var all: TensorIndex { TensorIndex(.all) }
    /// A new axis of size 1.
    public static var newAxis: TensorIndex { TensorIndex(.newAxis) }
    /// All axes that the other indices leave.
    public static var ellipsis: TensorIndex { TensorIndex(.ellipsis) }
    /// One element; the axis goes.
    public static func at(_ position: Int) -> TensorIndex { TensorIndex(.at(position)) }
    /// The elements of a range.
    public static func range(_ range: Range<Int>) -> TensorIndex {
        TensorIndex(.between(range.lowerBound, range.upperBound, isClosed: false))
    }
    /// Each `step`th element from `start` to before `end`; backwards where `step` is negative. Ends that are not given are those of the
    /// axis.
    public static func stride(from start: Int? = nil, to end: Int? = nil, by step: Int) -> TensorIndex {
        TensorIndex(.stride(start, end, step))
    }

    /// From the lower up to before the upper.
    public static func ..< (lower: TensorIndex, upper: TensorIndex) -> TensorIndex { between(lower, upper, isClosed: false) }
    /// From the lower up to the upper.
    public static func ... (lower: TensorIndex, upper: TensorIndex) -> TensorIndex { between(lower, upper, isClosed: true) }
    /// From here to the end.
    public static postfix func ... (lower: TensorIndex) -> TensorIndex { between(lower, nil, isClosed: false) }
    /// From the beginning up to before it.
    public static prefix func ..< (upper: TensorIndex) -> TensorIndex { between(0, upper, isClosed: false) }
    /// From the beginning up to it.
    public static prefix func ... (upper: TensorIndex) -> TensorIndex { between(0, upper, isClosed: true) }

    private static func between(_ lower: TensorIndex, _ upper: TensorIndex?, isClosed: Bool) -> TensorIndex {
        guard case .at(let start) = lower.kind else { return TensorIndex(.outside) }
        guard let upper else { return TensorIndex(.between(start, nil, isClosed: isClosed)) }
        guard case .at(let end) = upper.kind else { return TensorIndex(.outside) }
        return TensorIndex(.between(start, end, isClosed: isClosed))
    }

    var takesAxis: Bool {
        switch kind {
        case .newAxis, .ellipsis: false
        default: true
        }
    }

    var isEllipsis: Bool {
        if case .ellipsis = kind { true } else { false }
    }
}

/// A type whose values are indices of tensors: integers and ranges.
public protocol TensorIndexConvertible {
    /// As an index.
    var tensorIndex: TensorIndex { get }
}

extension TensorIndex: TensorIndexConvertible {
    /// Itself.
    public var tensorIndex: TensorIndex { self }
}
extension Int: TensorIndexConvertible {
    /// One element.
    public var tensorIndex: TensorIndex { .at(self) }
}
extension Range<Int>: TensorIndexConvertible {
    /// The elements of the range.
    public var tensorIndex: TensorIndex { .range(self) }
}
extension ClosedRange<Int>: TensorIndexConvertible {
    /// The elements of the range.
    public var tensorIndex: TensorIndex { .at(lowerBound) ... .at(upperBound) }
}
extension PartialRangeFrom<Int>: TensorIndexConvertible {
    /// From the lower bound to the end.
    public var tensorIndex: TensorIndex { TensorIndex(.between(lowerBound, nil, isClosed: false)) }
}
extension PartialRangeUpTo<Int>: TensorIndexConvertible {
    /// Up to before the upper bound.
    public var tensorIndex: TensorIndex { .at(0) ..< .at(upperBound) }
}
extension PartialRangeThrough<Int>: TensorIndexConvertible {
    /// Up to the upper bound.
    public var tensorIndex: TensorIndex { .at(0) ... .at(upperBound) }
}
