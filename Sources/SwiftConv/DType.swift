import TensorCore

/// The type of a tensor's elements.
public enum DType: String, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    /// NumPy's names.
    case float32, float64, int32, int64, uint8, bool

    /// For people.
    public var description: String { rawValue }

    init(_ type: DataType) {
        self =
            switch type {
            case .float32: .float32
            case .float64: .float64
            case .int32: .int32
            case .int64: .int64
            case .uint8: .uint8
            case .bool: .bool
            }
    }

    var engineType: DataType {
        switch self {
        case .float32: .float32
        case .float64: .float64
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .bool: .bool
        }
    }
}

/// A Swift type that tensors store.
public protocol TensorScalar: Sendable, BitwiseCopyable {
    /// The element type of its tensors.
    static var dtype: DType { get }
    /// The value nearest to `number`.
    static func nearest(_ number: Double) -> Self
    /// The number itself, or the nearest Double.
    var asDouble: Double { get }
}

extension Float: TensorScalar {
    /// The element type.
    public static var dtype: DType { .float32 }
    /// The value nearest to `number`.
    public static func nearest(_ number: Double) -> Float { Float(number) }
    /// The number itself, or the nearest Double.
    public var asDouble: Double { Double(self) }
}
extension Double: TensorScalar {
    /// The element type.
    public static var dtype: DType { .float64 }
    /// The value nearest to `number`.
    public static func nearest(_ number: Double) -> Double { number }
    /// The number itself, or the nearest Double.
    public var asDouble: Double { self }
}
extension Int32: TensorScalar {
    /// The element type.
    public static var dtype: DType { .int32 }
    /// The value nearest to `number`.
    public static func nearest(_ number: Double) -> Int32 { clamped(number) }
    /// The number itself, or the nearest Double.
    public var asDouble: Double { Double(self) }
}
extension Int64: TensorScalar {
    /// The element type.
    public static var dtype: DType { .int64 }
    /// The value nearest to `number`.
    public static func nearest(_ number: Double) -> Int64 { clamped(number) }
    /// The number itself, or the nearest Double.
    public var asDouble: Double { Double(self) }
}
extension UInt8: TensorScalar {
    /// The element type.
    public static var dtype: DType { .uint8 }
    /// The value nearest to `number`.
    public static func nearest(_ number: Double) -> UInt8 { clamped(number) }
    /// The number itself, or the nearest Double.
    public var asDouble: Double { Double(self) }
}
extension Int: TensorScalar {
    /// The element type.
    public static var dtype: DType { .int64 }
    /// The value nearest to `number`.
    public static func nearest(_ number: Double) -> Int { clamped(number) }
    /// The number itself, or the nearest Double.
    public var asDouble: Double { Double(self) }
}
extension Bool: TensorScalar {
    /// The element type.
    public static var dtype: DType { .bool }
    /// Whether `number` is not 0.
    public static func nearest(_ number: Double) -> Bool { number != 0 }
    /// 1 or 0.
    public var asDouble: Double { self ? 1 : 0 }
}

/// The integer nearest to `number`; the ends of the range beyond them, 0 for NaN.
private func clamped<T: FixedWidthInteger>(_ number: Double) -> T {
    if number.isNaN { return 0 }
    let whole = number.rounded()
    return T(exactly: whole) ?? (whole < 0 ? .min : .max)
}
