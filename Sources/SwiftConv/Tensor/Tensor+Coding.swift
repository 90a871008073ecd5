import TensorCore

/// As `shape`, `dtype` and `data`, the elements in row-major order. Symbolic tensors cannot be encoded.
extension Tensor: Codable {
    private enum CodingKeys: String, CodingKey { case shape, dtype, data }

    /// Writes shape, type and elements.
    public func encode(to encoder: any Encoder) throws {
        guard !isSymbolic else {
            throw EncodingError.invalidValue(
                self, EncodingError.Context(codingPath: encoder.codingPath, debugDescription: "a symbolic tensor has no numbers yet"))
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(shape, forKey: .shape)
        try container.encode(dtype, forKey: .dtype)
        switch dtype {
        case .float32: try container.encode(scalars(as: Float.self), forKey: .data)
        case .float64: try container.encode(scalars(as: Double.self), forKey: .data)
        case .int32: try container.encode(scalars(as: Int32.self), forKey: .data)
        case .int64: try container.encode(scalars(as: Int64.self), forKey: .data)
        case .uint8: try container.encode(scalars(as: UInt8.self), forKey: .data)
        case .bool: try container.encode(scalars(as: Bool.self), forKey: .data)
        }
    }

    /// Reads what ``encode(to:)`` wrote; throws `DecodingError` where it does not fit together.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let shape = try container.decode([Int].self, forKey: .shape)
        let dtype = try container.decode(DType.self, forKey: .dtype)
        func read<Scalar: TensorScalar & Decodable>(_: Scalar.Type) throws -> Tensor {
            let numbers = try container.decode([Scalar].self, forKey: .data)
            do {
                return try Tensor(numbers, shape: shape)
            } catch {
                throw DecodingError.dataCorruptedError(forKey: .data, in: container, debugDescription: error.message)
            }
        }
        self =
            switch dtype {
            case .float32: try read(Float.self)
            case .float64: try read(Double.self)
            case .int32: try read(Int32.self)
            case .int64: try read(Int64.self)
            case .uint8: try read(UInt8.self)
            case .bool: try read(Bool.self)
            }
    }
}
