// The one-dimensional transforms of Winograd's algorithms, on vectors of channels: a whole tile is one of them along its columns and one
// along its rows (WinogradTiles.swift). All read `count` vectors `step` elements apart and write theirs `out` elements apart.

@inline(__always)
func scaled(_ acc: F32, _ v: F32, _ s: Float) -> F32 { multiplyAdd(acc, v, F32(repeating: s)) }

/// F(m×m, r×r): `outputs` = m values a side from patches of `points` = m + r - 1; `taps` = r.
protocol WinogradTransform {
    static var outputs: Int { get }
    static var points: Int { get }
    static var taps: Int { get }
    /// B'd: points → points.
    static func input(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int)
    /// Gg: taps → points.
    static func filter(_ g: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int)
    /// A'm: points → outputs.
    static func output(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int)
}

/// F(r×r, 4×4), which has the points and so the B' of F(4×4, r×r): r×r sums from patches of x and 4×4 of dy.
protocol WinogradGradientTransform: WinogradTransform {
    /// Gg of the tile of dy: 4 → points.
    static func gradient(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int)
    /// A'm: points → taps.
    static func filterGradient(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int)
}

/// Points 0, 1, -1, 2, -2, infinity (Lavin and Gray 2015):
///   B' = [4 0 -5 0 1 0 | 0 -4 -4 1 1 0 | 0 4 -4 -1 1 0 | 0 -2 -1 2 1 0 | 0 2 -1 -2 1 0 | 0 4 0 -5 0 1]
///   G  = [1/4 0 0 | -1/6 -1/6 -1/6 | -1/6 1/6 -1/6 | 1/24 1/12 1/6 | 1/24 -1/12 1/6 | 0 0 1]
///   A' = [1 1 1 1 1 0 | 0 1 -1 2 -2 0 | 0 1 1 4 4 0 | 0 1 -1 8 -8 1]
enum Winograd4x4: WinogradTransform {
    @inline(__always) static var outputs: Int { 4 }
    @inline(__always) static var points: Int { 6 }
    @inline(__always) static var taps: Int { 3 }

    @inline(__always)
    static func input(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let d0: F32 = load(p)
        let d1: F32 = load(p + step)
        let d2: F32 = load(p + 2 * step)
        let d3: F32 = load(p + 3 * step)
        let d4: F32 = load(p + 4 * step)
        let d5: F32 = load(p + 5 * step)
        let even = scaled(d4, d2, -4)
        let odd = scaled(d3, d1, -4)
        let near = d4 - d2
        let far = d3 - d1
        store(scaled(scaled(d4, d2, -5), d0, 4), o)
        store(even + odd, o + out)
        store(even - odd, o + 2 * out)
        store(scaled(near, far, 2), o + 3 * out)
        store(scaled(near, far, -2), o + 4 * out)
        store(scaled(scaled(d5, d3, -5), d1, 4), o + 5 * out)
    }

    @inline(__always)
    static func filter(_ g: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let g0: F32 = load(g)
        let g1: F32 = load(g + step)
        let g2: F32 = load(g + 2 * step)
        let s = (g0 + g2) * F32(repeating: -1.0 / 6)
        let d = g1 * F32(repeating: -1.0 / 6)
        let t = scaled(g0 * F32(repeating: 1.0 / 24), g2, 1.0 / 6)
        let u = g1 * F32(repeating: 1.0 / 12)
        store(g0 * F32(repeating: 0.25), o)
        store(s + d, o + out)
        store(s - d, o + 2 * out)
        store(t + u, o + 3 * out)
        store(t - u, o + 4 * out)
        store(g2, o + 5 * out)
    }

    @inline(__always)
    static func output(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let m0: F32 = load(p)
        let m1: F32 = load(p + step)
        let m2: F32 = load(p + 2 * step)
        let m3: F32 = load(p + 3 * step)
        let m4: F32 = load(p + 4 * step)
        let m5: F32 = load(p + 5 * step)
        let s = m1 + m2
        let d = m1 - m2
        let t = m3 + m4
        let u = m3 - m4
        store(m0 + s + t, o)
        store(scaled(d, u, 2), o + out)
        store(scaled(s, t, 4), o + 2 * out)
        store(scaled(d + m5, u, 8), o + 3 * out)
    }
}

/// F(3×3, 4×4):
///   G  = [1/4 0 0 0 | -1/6 -1/6 -1/6 -1/6 | -1/6 1/6 -1/6 1/6 | 1/24 1/12 1/6 1/3 | 1/24 -1/12 1/6 -1/3 | 0 0 0 1]
///   A' = [1 1 1 1 1 0 | 0 1 -1 2 -2 0 | 0 1 1 4 4 1]
extension Winograd4x4: WinogradGradientTransform {
    @inline(__always)
    static func gradient(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let g0: F32 = load(p)
        let g1: F32 = load(p + step)
        let g2: F32 = load(p + 2 * step)
        let g3: F32 = load(p + 3 * step)
        let s = (g0 + g2) * F32(repeating: -1.0 / 6)
        let d = (g1 + g3) * F32(repeating: -1.0 / 6)
        let t = scaled(g0 * F32(repeating: 1.0 / 24), g2, 1.0 / 6)
        let u = scaled(g1 * F32(repeating: 1.0 / 12), g3, 1.0 / 3)
        store(g0 * F32(repeating: 0.25), o)
        store(s + d, o + out)
        store(s - d, o + 2 * out)
        store(t + u, o + 3 * out)
        store(t - u, o + 4 * out)
        store(g3, o + 5 * out)
    }

    @inline(__always)
    static func filterGradient(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let m0: F32 = load(p)
        let m1: F32 = load(p + step)
        let m2: F32 = load(p + 2 * step)
        let m3: F32 = load(p + 3 * step)
        let m4: F32 = load(p + 4 * step)
        let m5: F32 = load(p + 5 * step)
        let s = m1 + m2
        let t = m3 + m4
        store(m0 + s + t, o)
        store(scaled(m1 - m2, m3 - m4, 2), o + out)
        store(scaled(s + m5, t, 4), o + 2 * out)
    }
}

/// Points 0, 1, -1, infinity:
///   B' = [1 0 -1 0 | 0 1 1 0 | 0 -1 1 0 | 0 1 0 -1]   G = [1 0 0 | 1/2 1/2 1/2 | 1/2 -1/2 1/2 | 0 0 1]   A' = [1 1 1 0 | 0 1 -1 -1]
enum Winograd2x2: WinogradTransform {
    @inline(__always) static var outputs: Int { 2 }
    @inline(__always) static var points: Int { 4 }
    @inline(__always) static var taps: Int { 3 }

    @inline(__always)
    static func input(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let d0: F32 = load(p)
        let d1: F32 = load(p + step)
        let d2: F32 = load(p + 2 * step)
        let d3: F32 = load(p + 3 * step)
        store(d0 - d2, o)
        store(d1 + d2, o + out)
        store(d2 - d1, o + 2 * out)
        store(d1 - d3, o + 3 * out)
    }

    @inline(__always)
    static func filter(_ g: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let g0: F32 = load(g)
        let g1: F32 = load(g + step)
        let g2: F32 = load(g + 2 * step)
        let s = (g0 + g2) * F32(repeating: 0.5)
        let d = g1 * F32(repeating: 0.5)
        store(g0, o)
        store(s + d, o + out)
        store(s - d, o + 2 * out)
        store(g2, o + 3 * out)
    }

    @inline(__always)
    static func output(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let m0: F32 = load(p)
        let m1: F32 = load(p + step)
        let m2: F32 = load(p + 2 * step)
        let m3: F32 = load(p + 3 * step)
        store(m0 + m1 + m2, o)
        store(m1 - m2 - m3, o + out)
    }
}
