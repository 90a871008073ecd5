import TensorCore

/// Matrices: the last two axes.
extension Tensor {
    /// The products of each element with each of `other`, both as vectors: `[count, other.count]`.
    public func outer(_ other: Tensor) throws(SwiftConvError) -> Tensor { try reshape([count, 1]) * other.reshape([1, other.count]) }

    /// The diagonal of each matrix `[…, rows, columns]`; `offset` says how many columns to the right it begins.
    ///
    ///     let x = try Tensor([[1, 2], [3, 4]])
    ///     print(try x.diagonal().scalars())          // [1.0, 4.0]
    public func diagonal(offset: Int = 0) throws(SwiftConvError) -> Tensor {
        guard rank >= 2 else { throw .invalidArgument("diagonal: expected at least 2 dimensions, received shape \(shapeText(shape))") }
        let (rows, columns) = (shape[rank - 2], shape[rank - 1])
        let places = (0..<rows).compactMap { row -> Int64? in
            let (column, overflow) = row.addingReportingOverflow(offset)
            return !overflow && (0..<columns).contains(column) ? Int64(row * columns + column) : nil
        }
        let lead = Array(shape.dropLast(2))
        guard !places.isEmpty else { return try .zeros(lead + [0], dtype: dtype) }
        return try reshape(lead + [rows * columns]).gather(Tensor(places, shape: [places.count]), axis: rank - 2)
    }

    /// The sum of the diagonal of each matrix `[…, rows, columns]`.
    public func trace() throws(SwiftConvError) -> Tensor { try diagonal().sum(-1) }

    /// The matrices with zeros above the diagonal that begins `offset` columns to the right.
    public func lowerTriangle(offset: Int = 0) throws(SwiftConvError) -> Tensor {
        try masked("lowerTriangle") { row, column in column <= row &+ offset }
    }

    /// The matrices with zeros below the diagonal that begins `offset` columns to the right.
    public func upperTriangle(offset: Int = 0) throws(SwiftConvError) -> Tensor {
        try masked("upperTriangle") { row, column in column >= row &+ offset }
    }

    private func masked(_ what: String, _ isKept: (Int, Int) -> Bool) throws(SwiftConvError) -> Tensor {
        guard rank >= 2 else { throw .invalidArgument("\(what): expected at least 2 dimensions, received shape \(shapeText(shape))") }
        let (rows, columns) = (shape[rank - 2], shape[rank - 1])
        var mask: [Bool] = []
        mask.reserveCapacity(rows * columns)
        for row in 0..<rows { for column in 0..<columns { mask.append(isKept(row, column)) } }
        return try which(Tensor(mask, shape: [rows, columns]), self, .zeros(like: self))
    }

    /// The elements moved on by `shift` along `axis`; what leaves at the end comes in at the beginning.
    ///
    ///     print(try Tensor([1, 2, 3, 4]).rolled(by: 1, axis: 0).scalars())    // [4.0, 1.0, 2.0, 3.0]
    public func rolled(by shift: Int, axis: Int) throws(SwiftConvError) -> Tensor {
        let place = try normalized(axis, rank: rank, "rolled")
        let length = shape[place]
        guard length > 0 else { return self }
        let cut = length - ((shift % length) + length) % length
        if cut == length { return self }
        let parts = try split(sizes: [cut, length - cut], axis: place)
        return try .concatenate([parts[1], parts[0]], axis: place)
    }

    /// Along `axis` the elements at `indices` (int32 or int64), each from its own row: the shape of the result is that of the indices,
    /// whose other sizes are those of the tensor. Negative positions count from the end.
    ///
    ///     let scores = try Tensor([[1, 5, 2], [7, 3, 4]])
    ///     let best = try scores.argmax(axis: -1, keepDims: true)
    ///     print(try scores.takeAlong(best).scalars())                // [5.0, 7.0]
    public func takeAlong(_ indices: Tensor, axis: Int = -1) throws(SwiftConvError) -> Tensor {
        let place = try normalized(axis, rank: rank, "takeAlong")
        var expected = shape
        if indices.rank == rank { expected[place] = indices.shape[place] }
        guard indices.shape == expected else {
            throw .invalidArgument(
                "takeAlong: indices: expected shape \(shapeText(shape)) with any size along axis \(place), "
                    + "received \(shapeText(indices.shape))")
        }
        guard indices.dtype == .int32 || indices.dtype == .int64 else {
            throw SwiftConvError(.wrongType, "takeAlong: indices: expected int32 or int64, received \(indices.dtype)")
        }
        let length = shape[place]
        if !indices.isSymbolic, indices.count > 0 {
            for end in [try indices.min().scalar(as: Int.self), try indices.max().scalar(as: Int.self)]
            where end < -length || end >= length {
                throw .invalidArgument("takeAlong: indices: expected \(-length) to \(length - 1), received \(end)")
            }
        }
        if count == 0 || indices.count == 0 { return try .zeros(indices.shape, dtype: dtype) }
        let table = try moveAxis(from: place, to: rank - 1)
        let chosen = try indices.cast(to: .int64).moveAxis(from: place, to: rank - 1)
        let rows = count / length
        let starts = try Tensor((0..<rows).map { Int64($0 * length) }, shape: [rows, 1])
        let flat = try chosen.reshape([rows, chosen.shape[rank - 1]])
        let inRow = try which(flat .< 0, flat + Double(length), flat)
        // a position outside of its row becomes one outside of all, which is refused when the numbers are there
        let isInside = try (inRow .>= 0) .& (inRow .< Double(length))
        let places = try which(isInside, inRow + starts, Double(count))
        return try table.flattened().gather(places).reshape(chosen.shape).moveAxis(from: rank - 1, to: place)
    }
}

/// Further functions of single elements, of float32 and float64.
extension Tensor {
    /// The tangent.
    public func tan() throws(SwiftConvError) -> Tensor { try sin() / cos() }
    /// The hyperbolic sine, exact near 0.
    public func sinh() throws(SwiftConvError) -> Tensor {
        let grown = try exponentialMinusOne(), shrunk = try (-self).exponentialMinusOne()
        return try (grown - shrunk) / 2
    }
    /// The hyperbolic cosine.
    public func cosh() throws(SwiftConvError) -> Tensor { try (exp() + (-self).exp()) / 2 }
    /// The logarithm to base 2.
    public func log2() throws(SwiftConvError) -> Tensor { try log() * 1.4426950408889634 }
    /// The logarithm to base 10.
    public func log10() throws(SwiftConvError) -> Tensor { try log() * 0.4342944819032518 }
    /// The logarithm of the sum of both exponentials, without overflow.
    public func logAddExp(_ other: Tensor) throws(SwiftConvError) -> Tensor {
        try maximum(other) + (-(self - other).absolute()).exp().logOnePlus()
    }
}
