import TensorCore

/// Comparisons give a tensor of bool, with NumPy's broadcasting; both sides must have one type.
extension Tensor {
    /// Where the elements are equal.
    public func equal(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("equal", [self, other]) }
    /// Where the elements are equal.
    public func equal(_ other: Double) throws(SwiftConvError) -> Tensor { try equal(likewise(other)) }

    /// Where the elements differ.
    public func notEqual(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("not_equal", [self, other]) }
    /// Where the elements differ.
    public func notEqual(_ other: Double) throws(SwiftConvError) -> Tensor { try notEqual(likewise(other)) }

    /// Where this element is smaller than the other.
    public func less(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("less", [self, other]) }
    /// Where this element is smaller than the other.
    public func less(_ other: Double) throws(SwiftConvError) -> Tensor { try less(likewise(other)) }

    /// Where this element is at most the other.
    public func lessOrEqual(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("less_equal", [self, other]) }
    /// Where this element is at most the other.
    public func lessOrEqual(_ other: Double) throws(SwiftConvError) -> Tensor { try lessOrEqual(likewise(other)) }

    /// Where this element is larger than the other.
    public func greater(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("greater", [self, other]) }
    /// Where this element is larger than the other.
    public func greater(_ other: Double) throws(SwiftConvError) -> Tensor { try greater(likewise(other)) }

    /// Where this element is at least the other.
    public func greaterOrEqual(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("greater_equal", [self, other]) }
    /// Where this element is at least the other.
    public func greaterOrEqual(_ other: Double) throws(SwiftConvError) -> Tensor { try greaterOrEqual(likewise(other)) }

    /// Where the elements are equal.
    public static func .== (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.equal(b) }
    /// Where the elements are equal.
    public static func .== (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a.equal(b) }
    /// Where the elements differ.
    public static func .!= (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.notEqual(b) }
    /// Where the elements differ.
    public static func .!= (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a.notEqual(b) }
    /// Where the left element is smaller than the right one.
    public static func .< (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.less(b) }
    /// Where the left element is smaller than the right one.
    public static func .< (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a.less(b) }
    /// Where the left element is at most the right one.
    public static func .<= (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.lessOrEqual(b) }
    /// Where the left element is at most the right one.
    public static func .<= (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a.lessOrEqual(b) }
    /// Where the left element is larger than the right one.
    public static func .> (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.greater(b) }
    /// Where the left element is larger than the right one.
    public static func .> (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a.greater(b) }
    /// Where the left element is at least the right one.
    public static func .>= (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.greaterOrEqual(b) }
    /// Where the left element is at least the right one.
    public static func .>= (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a.greaterOrEqual(b) }
}

/// Logic on tensors of bool; other types are true where they are not 0.
extension Tensor {
    /// Where both hold.
    public func logicalAnd(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("logical_and", [truth(), other.truth()]) }
    /// Where one of both holds, or both.
    public func logicalOr(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("logical_or", [truth(), other.truth()]) }
    /// Where one of both holds, but not both.
    public func logicalXor(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("logical_xor", [truth(), other.truth()]) }
    /// Where it does not hold.
    public func logicalNot() throws(SwiftConvError) -> Tensor { try applyOne("logical_not", [truth()]) }

    /// Where both hold.
    public static func .& (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.logicalAnd(b) }
    /// Where one of both holds, or both.
    public static func .| (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.logicalOr(b) }
    /// Where one of both holds, but not both.
    public static func .^ (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try a.logicalXor(b) }
    /// Where it does not hold.
    public static prefix func .! (a: Tensor) throws(SwiftConvError) -> Tensor { try a.logicalNot() }

    /// As bool.
    func truth() throws(SwiftConvError) -> Tensor { try cast(to: .bool) }
}

/// `a` where `condition` holds, else `b`; all three are broadcast.
public func which(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws(SwiftConvError) -> Tensor {
    try applyOne("select", [condition.truth(), a, b])
}

/// `a` where `condition` holds, else the number `b`.
public func which(_ condition: Tensor, _ a: Tensor, _ b: Double) throws(SwiftConvError) -> Tensor {
    try which(condition, a, a.likewise(b))
}

/// The number `a` where `condition` holds, else `b`.
public func which(_ condition: Tensor, _ a: Double, _ b: Tensor) throws(SwiftConvError) -> Tensor {
    try which(condition, b.likewise(a), b)
}

/// `a == b` says whether both have one shape, one type and equal elements (NaN equals nothing), as ``isEqual(to:)`` does; `a .== b` says
/// where. Symbolic tensors, which have no numbers yet, equal themselves alone.
///
///     let halves = try Tensor([1, 2, 3]) / 2
///     print(try halves == Tensor([0.5, 1, 1.5]))     // true
extension Tensor: Equatable {
    /// Whether both have one shape, one type and equal elements.
    public static func == (a: Tensor, b: Tensor) -> Bool {
        switch (a.content, b.content) {
        case (.numbers, .numbers): (try? a.isEqual(to: b)) ?? false
        case (.symbol(let one, let first), .symbol(let other, let second)): one === other && first == second
        case (.node(let one, let first), .node(let other, let second)): one === other && first == second
        default: false
        }
    }
}

/// Comparisons of whole tensors.
extension Tensor {
    /// Whether both have one shape, one type and equal elements (NaN equals nothing).
    public func isEqual(to other: Tensor) throws(SwiftConvError) -> Bool {
        guard spec == other.spec else { return false }
        return try equal(other).all().scalar(as: Bool.self)
    }

    /// Where the elements differ by at most `absoluteTolerance + relativeTolerance · |other|`.
    public func isClose(
        to other: Tensor, relativeTolerance: Double = 1e-5, absoluteTolerance: Double = 1e-8, equalNaN: Bool = false
    ) throws(SwiftConvError) -> Tensor {
        let limit = try other.absolute() * relativeTolerance + absoluteTolerance
        // infinities are close to their like alone
        let bothFinite = try isFinite() .& other.isFinite()
        let near = try ((self - other).absolute() .<= limit) .& bothFinite .| (self .== other)
        return try equalNaN ? near .| (isNaN() .& other.isNaN()) : near
    }

    /// Whether all elements are close, see ``isClose(to:relativeTolerance:absoluteTolerance:equalNaN:)``. Shapes are broadcast.
    public func allClose(
        to other: Tensor, relativeTolerance: Double = 1e-5, absoluteTolerance: Double = 1e-8, equalNaN: Bool = false
    ) throws(SwiftConvError) -> Bool {
        try isClose(
            to: other, relativeTolerance: relativeTolerance, absoluteTolerance: absoluteTolerance, equalNaN: equalNaN
        ).all().scalar(as: Bool.self)
    }
}
