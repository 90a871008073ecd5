/// Type and shape of a dense, row-major tensor without gaps.
package struct TensorSpec: Sendable, Hashable {
    package var dtype: DataType
    package var shape: [Int]

    package init(_ dtype: DataType, _ shape: [Int]) {
        self.dtype = dtype
        self.shape = shape
    }

    package var rank: Int { shape.count }

    /// Number of elements. Call it on specs that `validated()` accepted: it does not look for overflow.
    package var count: Int { shape.reduce(1, *) }
    package var byteCount: Int { count * dtype.size }

    /// The same with another first size.
    package func withBatch(_ size: Int) -> TensorSpec { TensorSpec(dtype, [size] + shape.dropFirst()) }

    /// The largest rank the engine takes (it is the size of the C ABI's arrays).
    package static let maxRank = 8

    /// The spec itself, if its rank, its dimensions and its size in bytes can be had.
    package func validated(_ what: String) throws(ConvError) -> TensorSpec {
        guard rank <= Self.maxRank else {
            throw .unsupported("\(what): expected at most \(Self.maxRank) dimensions, received shape \(shapeText(shape))")
        }
        var bytes = dtype.size
        for d in shape {
            guard d >= 0 else {
                throw .invalidArgument("\(what): expected dimensions of at least 0, received shape \(shapeText(shape))")
            }
        }
        // Empty tensors too: products over some of their dimensions are taken everywhere.
        for d in shape where d > 0 {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: d)
            guard !overflow, product < 1 << 47 else {
                throw .outOfMemory("\(what): a tensor of shape \(shapeText(shape)) and type \(dtype) does not fit in memory")
            }
            bytes = product
        }
        return self
    }
}

extension TensorSpec: CustomStringConvertible {
    package var description: String { "\(dtype)\(shapeText(shape))" }
}

/// A shape as people write it: `(1, 28, 28, 1)`, `(3,)`, `()`.
package func shapeText(_ shape: [Int]) -> String {
    shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
}
