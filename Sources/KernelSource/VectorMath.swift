#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// Elementary functions written for one number, without branches, so that LLVM turns loops over them into loops over this level's vectors;
// the vectors' lanes and the tail do the same operations, hence give the same bits wherever an element lies.
// Float: within 2 ulp (pytests/ops/test_vector_math.py), what is composed of them a little more (docs/numerics.md). Double: the C library's.

/// A type with elementary functions. The protocol itself inherits nothing: that would emit weak symbols.
typealias Real = BinaryFloatingPoint & ElementaryFunctions

/// The elementary functions of an element type.
protocol ElementaryFunctions {
    static func exp(_ x: Self) -> Self
    static func expm1(_ x: Self) -> Self
    static func log(_ x: Self) -> Self
    static func log1p(_ x: Self) -> Self
    static func tanh(_ x: Self) -> Self
    static func erf(_ x: Self) -> Self
    static func sin(_ x: Self) -> Self
    static func cos(_ x: Self) -> Self
    static func pow(_ x: Self, _ y: Self) -> Self
    static func fmod(_ x: Self, _ y: Self) -> Self
}

extension Double: ElementaryFunctions {
    #if canImport(Glibc)
        @inline(__always) static func exp(_ x: Double) -> Double { Glibc.exp(x) }
        @inline(__always) static func expm1(_ x: Double) -> Double { Glibc.expm1(x) }
        @inline(__always) static func log(_ x: Double) -> Double { Glibc.log(x) }
        @inline(__always) static func log1p(_ x: Double) -> Double { Glibc.log1p(x) }
        @inline(__always) static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
        @inline(__always) static func erf(_ x: Double) -> Double { Glibc.erf(x) }
        @inline(__always) static func sin(_ x: Double) -> Double { Glibc.sin(x) }
        @inline(__always) static func cos(_ x: Double) -> Double { Glibc.cos(x) }
        @inline(__always) static func pow(_ x: Double, _ y: Double) -> Double { Glibc.pow(x, y) }
        @inline(__always) static func fmod(_ x: Double, _ y: Double) -> Double { Glibc.fmod(x, y) }
    #else
        @inline(__always) static func exp(_ x: Double) -> Double { Darwin.exp(x) }
        @inline(__always) static func expm1(_ x: Double) -> Double { Darwin.expm1(x) }
        @inline(__always) static func log(_ x: Double) -> Double { Darwin.log(x) }
        @inline(__always) static func log1p(_ x: Double) -> Double { Darwin.log1p(x) }
        @inline(__always) static func tanh(_ x: Double) -> Double { Darwin.tanh(x) }
        @inline(__always) static func erf(_ x: Double) -> Double { Darwin.erf(x) }
        @inline(__always) static func sin(_ x: Double) -> Double { Darwin.sin(x) }
        @inline(__always) static func cos(_ x: Double) -> Double { Darwin.cos(x) }
        @inline(__always) static func pow(_ x: Double, _ y: Double) -> Double { Darwin.pow(x, y) }
        @inline(__always) static func fmod(_ x: Double, _ y: Double) -> Double { Darwin.fmod(x, y) }
    #endif
}

/// x · log2(e) rounded to an integer n, as a number and as bits; |x| < 2^21. Adding 1.5 · 2^23 leaves no bit for a fraction.
@inline(__always)
private func splitPower(_ x: Float) -> (n: Float, bits: Int32) {
    let shifted = x * 1.442695041 + 12_582_912
    return (shifted - 12_582_912, Int32(bitPattern: shifted.bitPattern) &- 0x4B40_0000)
}

/// 2^n for -126 <= n <= 127.
@inline(__always)
private func power2(_ n: Int32) -> Float { Float(bitPattern: UInt32(bitPattern: (n &+ 127) &<< 23)) }

/// exp(r) - 1 for r = x - n · ln 2, |r| <= 0.35; ln 2 is split so that n times its upper part is exact.
@inline(__always)
private func reducedExpm1(_ x: Float, _ n: Float) -> Float {
    let r = multiplyAdd(multiplyAdd(x, n, -0.693359375), n, 2.12194440e-4)
    var p: Float = 1.9875691500e-4
    p = multiplyAdd(1.3981999507e-3, p, r)
    p = multiplyAdd(8.3334519073e-3, p, r)
    p = multiplyAdd(4.1665795894e-2, p, r)
    p = multiplyAdd(1.6666665459e-1, p, r)
    p = multiplyAdd(5.0000001201e-1, p, r)
    return multiplyAdd(r, p, r * r)
}

/// `x` within [low, high], NaN kept.
@inline(__always)
func clamp<T: FloatingPoint>(_ x: T, _ low: T, _ high: T) -> T {
    let y = x < low ? low : x
    return y > high ? high : y
}

extension Float: ElementaryFunctions {
    /// Polynomials of the Cephes library (S. Moshier). 2^n is applied in two halves, so that denormal results and infinity come out.
    @inline(__always) static func exp(_ x: Float) -> Float {
        let x = clamp(x, -104, 89)
        let (n, bits) = splitPower(x)
        let half = bits &>> 1
        return (1 + reducedExpm1(x, n)) * power2(half) * power2(bits &- half)
    }

    @inline(__always) static func expm1(_ x: Float) -> Float {
        let inner = clamp(x, -20, 80)
        let (n, bits) = splitPower(inner)
        let scale = power2(bits)
        let y = multiplyAdd(scale - 1, reducedExpm1(inner, n), scale)
        let large = x > 80 ? exp(x) : y
        return x == 0 ? x : large
    }

    @inline(__always) static func log(_ x: Float) -> Float {
        // Denormal numbers are zeros to every instruction on numbers (the kernels' floating-point state), so that their bits are read as an
        // integer: x = bits · 2^-149.
        let bits = Int32(bitPattern: x.bitPattern)
        let denormal = bits < 0x0080_0000
        let scaled = denormal ? Float(bits) : x
        // x = m · 2^e with m in [sqrt(1/2), sqrt(2))
        let shifted = Int32(bitPattern: scaled.bitPattern) &- 0x3F35_04F3
        let e = Float(shifted &>> 23) - (denormal ? 149 : 0)
        let m = Float(bitPattern: UInt32(bitPattern: (shifted & 0x007F_FFFF) &+ 0x3F35_04F3))
        let f = m - 1
        var p: Float = 7.0376836292e-2
        p = multiplyAdd(-1.1514610310e-1, p, f)
        p = multiplyAdd(1.1676998740e-1, p, f)
        p = multiplyAdd(-1.2420140846e-1, p, f)
        p = multiplyAdd(1.4249322787e-1, p, f)
        p = multiplyAdd(-1.6668057665e-1, p, f)
        p = multiplyAdd(2.0000714765e-1, p, f)
        p = multiplyAdd(-2.4999993993e-1, p, f)
        p = multiplyAdd(3.3333331174e-1, p, f)
        let square = f * f
        var y = p * f * square
        y = multiplyAdd(y, e, -2.12194440e-4)
        y = multiplyAdd(y, square, -0.5)
        let result = multiplyAdd(f + y, e, 0.693359375)
        // what the bits above did not mean: 0, infinity, NaN and negative numbers
        let special = bits & 0x7FFF_FFFF == 0 ? -Float.infinity : (bits == 0x7F80_0000 ? x : Float.nan)
        return bits > 0 && bits < 0x7F80_0000 ? result : special
    }

    /// log(u) for u = 1 + x as rounded, and what the rounding left: (x - (u - 1)) / u.
    @inline(__always) static func log1p(_ x: Float) -> Float {
        let u = 1 + x
        let y = log(u) + (x - (u - 1)) / u
        let edge = u == 0 || u == .infinity ? log(u) : y
        return x == 0 ? x : edge
    }

    @inline(__always) static func tanh(_ x: Float) -> Float {
        let a = x.magnitude
        let square = x * x
        var p: Float = -5.70498872745e-3
        p = multiplyAdd(2.06390887954e-2, p, square)
        p = multiplyAdd(-5.37397155531e-2, p, square)
        p = multiplyAdd(1.33314422036e-1, p, square)
        p = multiplyAdd(-3.33332819422e-1, p, square)
        let small = multiplyAdd(x, p * square, x)
        let large = 1 - 2 / (exp(2 * clamp(a, 0, 20)) + 1)
        return x == 0 ? x : (a < 0.625 ? small : (x < 0 ? -large : large))
    }

    /// Below 0.93 x times an even polynomial; above 1 - exp(polynomial), fitted to log(erfc(x)) on [0.9, 4].
    @inline(__always) static func erf(_ x: Float) -> Float {
        let square = x * x
        var p: Float = 8.316746800793307e-05
        p = multiplyAdd(-0.0008130005229617515, p, square)
        p = multiplyAdd(0.005199905926830464, p, square)
        p = multiplyAdd(-0.026858941158003677, p, square)
        p = multiplyAdd(0.11283687180744334, p, square)
        p = multiplyAdd(-0.37612633187672484, p, square)
        p = multiplyAdd(0.1283791665796137, p, square)
        let small = multiplyAdd(x, p, x)
        let a = clamp(x.magnitude, 0, 4)
        var q: Float = -2.082869679564947e-05
        q = multiplyAdd(0.00043139438761419235, q, a)
        q = multiplyAdd(-0.00415625850723117, q, a)
        q = multiplyAdd(0.02508062497466662, q, a)
        q = multiplyAdd(-0.10822039574066561, q, a)
        q = multiplyAdd(-0.6334008414375436, q, a)
        q = multiplyAdd(-1.1294884105354097, q, a)
        q = multiplyAdd(0.00016920587378502634, q, a)
        let large = 1 - exp(q)
        return x.magnitude < 0.93 ? small : (x < 0 ? -large : large)
    }

    #if canImport(Glibc)
        @inline(__always) static func sin(_ x: Float) -> Float { Glibc.sinf(x) }
        @inline(__always) static func cos(_ x: Float) -> Float { Glibc.cosf(x) }
        @inline(__always) static func pow(_ x: Float, _ y: Float) -> Float { Glibc.powf(x, y) }
        @inline(__always) static func fmod(_ x: Float, _ y: Float) -> Float { Glibc.fmodf(x, y) }
    #else
        @inline(__always) static func sin(_ x: Float) -> Float { Darwin.sinf(x) }
        @inline(__always) static func cos(_ x: Float) -> Float { Darwin.cosf(x) }
        @inline(__always) static func pow(_ x: Float, _ y: Float) -> Float { Darwin.powf(x, y) }
        @inline(__always) static func fmod(_ x: Float, _ y: Float) -> Float { Darwin.fmodf(x, y) }
    #endif
}

/// Functions that are composed of the elementary ones, the same for both types.
extension ElementaryFunctions where Self: BinaryFloatingPoint {
    /// Stable on both sides: exp never overflows. What the rounding of the divisor lost is made good: sigmoid(-x) = 1 - sigmoid(x) is 1 / divisor.
    @inline(__always) static func sigmoid(_ x: Self) -> Self {
        let e = exp(-x.magnitude)
        let divisor = 1 + e
        let lost = e - (divisor - 1)
        let y = (x < 0 ? e : 1) / divisor
        return y - y * lost * (x < 0 ? 1 - y : y)
    }

    @inline(__always) static func softplus(_ x: Self) -> Self { (x < 0 ? 0 : x) + log1p(exp(-x.magnitude)) }
}
