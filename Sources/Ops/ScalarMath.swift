#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// float32 and float64 with the C library's functions, for the parts of ops that are too small to be worth a vector kernel.
protocol MathScalar: BinaryFloatingPoint, Sendable {
    static func exp(_ x: Self) -> Self
    static func log(_ x: Self) -> Self
    static func log1p(_ x: Self) -> Self
    static func cos(_ x: Self) -> Self
    static func sin(_ x: Self) -> Self
}

extension Float: MathScalar {
    @inline(__always) static func exp(_ x: Float) -> Float { expf(x) }
    @inline(__always) static func log(_ x: Float) -> Float { logf(x) }
    @inline(__always) static func log1p(_ x: Float) -> Float { log1pf(x) }
    @inline(__always) static func cos(_ x: Float) -> Float { cosf(x) }
    @inline(__always) static func sin(_ x: Float) -> Float { sinf(x) }
}

#if canImport(Darwin)
    extension Double: MathScalar {
        @inline(__always) static func exp(_ x: Double) -> Double { Darwin.exp(x) }
        @inline(__always) static func log(_ x: Double) -> Double { Darwin.log(x) }
        @inline(__always) static func log1p(_ x: Double) -> Double { Darwin.log1p(x) }
        @inline(__always) static func cos(_ x: Double) -> Double { Darwin.cos(x) }
        @inline(__always) static func sin(_ x: Double) -> Double { Darwin.sin(x) }
    }
#else
    extension Double: MathScalar {
        @inline(__always) static func exp(_ x: Double) -> Double { Glibc.exp(x) }
        @inline(__always) static func log(_ x: Double) -> Double { Glibc.log(x) }
        @inline(__always) static func log1p(_ x: Double) -> Double { Glibc.log1p(x) }
        @inline(__always) static func cos(_ x: Double) -> Double { Glibc.cos(x) }
        @inline(__always) static func sin(_ x: Double) -> Double { Glibc.sin(x) }
    }
#endif
