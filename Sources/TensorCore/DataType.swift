/// The element types the engine stores. The raw values are part of the C ABI (`sc_dtype`).
package enum DataType: Int32, Sendable, Hashable, CaseIterable {
    case float32 = 0
    case float64 = 1
    case int32 = 2
    case int64 = 3
    case uint8 = 4
    case bool = 5

    /// Bytes of one element.
    package var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .uint8, .bool: 1
        }
    }

    package var isFloating: Bool { self == .float32 || self == .float64 }
    package var isInteger: Bool { self == .int32 || self == .int64 || self == .uint8 }

    /// NumPy's and TensorFlow's name.
    package var name: String {
        switch self {
        case .float32: "float32"
        case .float64: "float64"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .bool: "bool"
        }
    }

    package init?(name: String) {
        guard let found = DataType.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}

extension DataType: CustomStringConvertible {
    package var description: String { name }
}
