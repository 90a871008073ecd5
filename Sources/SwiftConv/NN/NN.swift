import TensorCore

/// Height and width of a kernel, a stride or a window; an integer literal means both.
public struct Size2: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// Along the rows.
    public var height: Int
    /// Along the columns.
    public var width: Int
    /// See the type.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }
    /// See the type.
    public init(integerLiteral value: Int) { self.init(value, value) }
    var list: [Int] { [height, width] }
}

/// How a convolution or a pooling goes over the edges of the image.
public enum Padding: Sendable, Hashable {
    /// Zeros (or what counts as nothing) around it, so that with stride 1 the output is as large as the input; TensorFlow's rule.
    case same
    /// Nothing: windows lie within the image.
    case valid
    /// So many rows and columns on each side.
    case explicit(top: Int, bottom: Int, left: Int, right: Int)

    var attribute: AttributeValue {
        switch self {
        case .same: .string("SAME")
        case .valid: .string("VALID")
        case .explicit(let top, let bottom, let left, let right): .ints([top, bottom, left, right])
        }
    }
}

/// The functions of neural networks. Images are `[batch, height, width, channels]`, filters `[height, width, in / groups, out]`.
///
/// Each takes tensors with numbers and gives its result at once; in a function that is recorded, it takes part in the recording.
public enum nn {}

/// The axis counted from the front, if there are so many.
func normalized(_ axis: Int, rank: Int, _ what: String) throws(SwiftConvError) -> Int {
    guard axis >= -rank, axis < rank else {
        let expected = rank == 0 ? "no axis (the tensor has no dimensions)" : "an axis from \(-rank) to \(rank - 1)"
        throw .invalidArgument("\(what): axis: expected \(expected), received \(axis)")
    }
    return axis < 0 ? axis + rank : axis
}

/// The axes counted from the front, each of them once.
func normalized(_ axes: [Int], rank: Int, _ what: String) throws(SwiftConvError) -> [Int] {
    var found: [Int] = []
    for axis in axes {
        let normal = try normalized(axis, rank: rank, what)
        guard !found.contains(normal) else {
            throw .invalidArgument("\(what): axes: expected each axis once, received \(axes)")
        }
        found.append(normal)
    }
    return found
}

extension Tensor {
    /// Throws unless there are `expected` dimensions.
    func expectRank(_ expected: Int, _ what: String) throws(SwiftConvError) {
        guard rank == expected else {
            throw .invalidArgument("\(what): expected \(expected) dimensions, received shape \(shapeText(shape))")
        }
    }

    /// `body` of this tensor with `axis` last; the axis of the result goes back to its place.
    func withLast(
        _ axis: Int, _ what: String, _ body: (Tensor) throws(SwiftConvError) -> Tensor
    ) throws(SwiftConvError) -> Tensor {
        let place = try normalized(axis, rank: rank, what)
        if place == rank - 1 { return try body(self) }
        return try body(try moveAxis(from: place, to: -1)).moveAxis(from: -1, to: place)
    }
}
