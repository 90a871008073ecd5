import TensorCore

/// The same elements in other shapes and orders.
extension Tensor {
    /// The same elements in the same order; one dimension may be −1.
    public func reshape(_ shape: [Int]) throws(SwiftConvError) -> Tensor { try applyOne("reshape", [self], ["shape": .ints(shape)]) }

    /// All elements in one dimension.
    public func flattened() throws(SwiftConvError) -> Tensor { try reshape([count]) }

    /// With one more axis of size 1 at `axis` of the result.
    public func expandDims(at axis: Int) throws(SwiftConvError) -> Tensor {
        var wanted = shape
        wanted.insert(1, at: try normalized(axis, rank: rank + 1, "expandDims"))
        return try reshape(wanted)
    }

    /// Without the axes named, which must be of size 1; without all such axes if none is.
    public func squeeze(_ axes: Int...) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? reshape(shape.filter { $0 != 1 }) : squeeze(axes: axes)
    }

    /// Without the axes named, which must be of size 1.
    public func squeeze(axes: [Int]) throws(SwiftConvError) -> Tensor {
        let places = try normalized(axes, rank: rank, "squeeze")
        guard places.allSatisfy({ shape[$0] == 1 }) else {
            throw .invalidArgument("squeeze: axes: expected axes of size 1, received \(axes) of shape \(shapeText(shape))")
        }
        return try reshape(shape.indices.filter { !places.contains($0) }.map { shape[$0] })
    }

    /// Axis `i` of the result is axis `permutation[i]`; all axes in reverse by default.
    public func transpose(_ permutation: [Int]? = nil) throws(SwiftConvError) -> Tensor {
        try applyOne("transpose", [self], ["perm": .ints(permutation ?? Array((0..<rank).reversed()))])
    }

    /// Two axes in each other's place.
    public func swapAxes(_ a: Int, _ b: Int) throws(SwiftConvError) -> Tensor {
        var order = Array(0..<rank)
        order.swapAt(try normalized(a, rank: rank, "swapAxes"), try normalized(b, rank: rank, "swapAxes"))
        return try transpose(order)
    }

    /// An axis in another place; the others keep their order.
    public func moveAxis(from source: Int, to target: Int) throws(SwiftConvError) -> Tensor {
        let place = try normalized(source, rank: rank, "moveAxis")
        let goal = try normalized(target, rank: rank, "moveAxis")
        if place == goal { return self }
        var order = Array(0..<rank)
        order.remove(at: place)
        order.insert(place, at: goal)
        return try transpose(order)
    }

    /// Repeated along axes of size 1, and new ones in front, until it has `shape`.
    public func broadcast(to shape: [Int]) throws(SwiftConvError) -> Tensor {
        if shape == self.shape { return self }
        return try applyOne("broadcast_to", [self], ["shape": .ints(shape)])
    }

    /// The numbers as another type.
    public func cast(to dtype: DType) throws(SwiftConvError) -> Tensor {
        if dtype == self.dtype { return self }
        return try applyOne("cast", [self], ["dtype": .string(dtype.rawValue)])
    }

    /// `indices` as rows of zeros with a one. See ``nn/oneHot(_:depth:axis:onValue:offValue:dtype:)``.
    public func oneHot(depth: Int, dtype: DType = .float32) throws(SwiftConvError) -> Tensor {
        try nn.oneHot(self, depth: depth, dtype: dtype)
    }

    // MARK: joining and cutting

    /// Puts tensors one after the other along `axis`.
    public static func concatenate(_ tensors: [Tensor], axis: Int = 0) throws(SwiftConvError) -> Tensor {
        try applyOne("concat", tensors, ["axis": .int(axis)])
    }

    /// Puts tensors of one shape beside each other along a new axis.
    public static func stack(_ tensors: [Tensor], axis: Int = 0) throws(SwiftConvError) -> Tensor {
        guard let first = tensors.first else { throw .invalidArgument("stack: expected at least one tensor, received none") }
        let place = try normalized(axis, rank: first.rank + 1, "stack")
        var wide: [Tensor] = []
        for tensor in tensors {
            guard tensor.shape == first.shape else {
                throw .invalidArgument(
                    "stack: expected shape \(shapeText(first.shape)) as the first one, received \(shapeText(tensor.shape))")
            }
            wide.append(try tensor.expandDims(at: place))
        }
        return try concatenate(wide, axis: place)
    }

    /// The slices along `axis`, which vanishes.
    public func unstack(axis: Int = 0) throws(SwiftConvError) -> [Tensor] {
        let place = try normalized(axis, rank: rank, "unstack")
        var slices: [Tensor] = []
        for i in 0..<shape[place] { slices.append(try part(place, i, 1).squeeze(place)) }
        return slices
    }

    /// Cut into `count` equal parts along `axis`.
    public func split(count: Int, axis: Int = 0) throws(SwiftConvError) -> [Tensor] {
        let place = try normalized(axis, rank: rank, "split")
        guard count > 0, shape[place] % count == 0, count <= Swift.max(shape[place], 1 << 16) else {
            throw .invalidArgument("split: count: expected a divisor of \(shape[place]), received \(count)")
        }
        return try split(sizes: [Int](repeating: shape[place] / count, count: count), axis: place)
    }

    /// Cut into parts of these sizes along `axis`.
    public func split(sizes: [Int], axis: Int = 0) throws(SwiftConvError) -> [Tensor] {
        let place = try normalized(axis, rank: rank, "split")
        var parts: [Tensor] = []
        var start = 0
        for size in sizes {
            guard size >= 0, size <= shape[place] - start else { throw sizesDoNotFit(sizes, shape[place]) }
            parts.append(try part(place, start, size))
            start += size
        }
        guard start == shape[place] else { throw sizesDoNotFit(sizes, shape[place]) }
        return parts
    }

    private func sizesDoNotFit(_ sizes: [Int], _ total: Int) -> SwiftConvError {
        .invalidArgument("split: sizes: expected sizes that sum to \(total), received \(sizes)")
    }

    private func part(_ axis: Int, _ start: Int, _ size: Int) throws(SwiftConvError) -> Tensor {
        var begin = shape.map { _ in 0 }
        var sizes = shape
        begin[axis] = start
        sizes[axis] = size
        return try applyOne("slice", [self], ["begin": .ints(begin), "size": .ints(sizes)])
    }

    // MARK: repeating and padding

    /// The whole tensor repeated `multiples[i]` times along axis `i`; missing numbers are 1, missing axes come in front.
    public func tile(_ multiples: [Int]) throws(SwiftConvError) -> Tensor {
        let wanted = Swift.max(rank, multiples.count)
        let wide = try wanted == rank ? self : reshape([Int](repeating: 1, count: wanted - rank) + shape)
        let all = [Int](repeating: 1, count: wanted - multiples.count) + multiples
        return try applyOne("tile", [wide], ["multiples": .ints(all)])
    }

    /// Each element (or slice along `axis`) `count` times; without an axis of all elements in one dimension.
    public func repeated(_ count: Int, axis: Int? = nil) throws(SwiftConvError) -> Tensor {
        guard count >= 0 else { throw .invalidArgument("repeated: count: expected at least 0, received \(count)") }
        guard let axis else { return try flattened().repeated(count, axis: 0) }
        let place = try normalized(axis, rank: rank, "repeated")
        var multiples = [Int](repeating: 1, count: rank + 1)
        multiples[place + 1] = count
        var wanted = shape
        let (size, overflow) = wanted[place].multipliedReportingOverflow(by: count)
        wanted[place] = overflow ? .max : size
        return try expandDims(at: place + 1).tile(multiples).reshape(wanted)
    }

    /// In reverse order along the axes named; along all if none is.
    public func flip(_ axes: Int...) throws(SwiftConvError) -> Tensor {
        let places = try axes.isEmpty ? Array(0..<rank) : normalized(axes, rank: rank, "flip")
        let begin = shape.indices.map { places.contains($0) ? Swift.max(0, shape[$0] - 1) : 0 }
        let strides = shape.indices.map { places.contains($0) ? -1 : 1 }
        return try applyOne("slice", [self], ["begin": .ints(begin), "size": .ints(shape), "strides": .ints(strides)])
    }

    /// What fills a border.
    public enum PaddingMode: String, Sendable, Hashable, CaseIterable {
        /// One number.
        case constant
        /// The elements mirrored, the edge itself left out.
        case reflect
        /// The elements mirrored, the edge repeated.
        case symmetric
    }

    /// Each axis gets a border: `paddings[i]` says how many before and after. It is filled with `value`, or mirrors the elements.
    public func padded(
        _ paddings: [(before: Int, after: Int)], mode: PaddingMode = .constant, value: Double = 0
    ) throws(SwiftConvError) -> Tensor {
        try applyOne(
            "pad", [self],
            [
                "paddings": .ints(paddings.flatMap { [$0.before, $0.after] }), "mode": .string(mode.rawValue), "value": .double(value),
            ])
    }

    // MARK: picking

    /// The elements at `indices` (int32 or int64) along `axis`, whose place the shape of the indices takes.
    public func gather(_ indices: Tensor, axis: Int = 0) throws(SwiftConvError) -> Tensor {
        try applyOne("gather", [self, indices], ["axis": .int(axis)])
    }

    /// The slices at `positions` along `axis`; negative positions count from the end.
    public func take(_ positions: [Int], axis: Int = 0) throws(SwiftConvError) -> Tensor {
        let place = try normalized(axis, rank: rank, "take")
        let length = shape[place]
        for position in positions where position < -length || position >= length {
            throw .invalidArgument("take: positions: expected \(-length) to \(length - 1), received \(position)")
        }
        return try gather(Tensor(positions.map { Int64($0 < 0 ? $0 + length : $0) }, shape: [positions.count]), axis: place)
    }

    /// The positions (int64, `[found, rank]`) of the elements that are not 0. Asks for numbers.
    public func nonZero() throws(SwiftConvError) -> Tensor {
        let truth = try truth().scalars(as: Bool.self)
        var positions: [Int64] = []
        var found = 0
        for (index, holds) in truth.enumerated() where holds {
            found += 1
            var rest = index
            var place = [Int64](repeating: 0, count: rank)
            for axis in (0..<rank).reversed() {
                place[axis] = Int64(rest % shape[axis])
                rest /= shape[axis]
            }
            positions += place
        }
        return try Tensor(positions, shape: [found, rank])
    }
}
