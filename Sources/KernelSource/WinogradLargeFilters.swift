// The one-dimensional transforms for filters of five and seven taps, in the manner of WinogradTransforms.swift. Two outputs: the amplification
// of rounding errors, and so the error bound, stays below that of F(4×4, 3×3) (docs/numerics.md).

/// F(2, 5), which has the points and so the B' of F(4, 3):
///   G  = [1/4 0 0 0 0 | -1/6 · (1 1 1 1 1) | -1/6 · (1 -1 1 -1 1) | 1/24 · (1 2 4 8 16) | 1/24 · (1 -2 4 -8 16) | 0 0 0 0 1]
///   A' = [1 1 1 1 1 0 | 0 1 -1 2 -2 1]
enum Winograd2From5: WinogradTransform {
    @inline(__always) static var outputs: Int { 2 }
    @inline(__always) static var points: Int { 6 }
    @inline(__always) static var taps: Int { 5 }

    @inline(__always)
    static func input(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        Winograd4x4.input(p, step, o, out)
    }

    @inline(__always)
    static func filter(_ g: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let g0: F32 = load(g)
        let g1: F32 = load(g + step)
        let g2: F32 = load(g + 2 * step)
        let g3: F32 = load(g + 3 * step)
        let g4: F32 = load(g + 4 * step)
        let s = (g0 + g2 + g4) * F32(repeating: -1.0 / 6)
        let d = (g1 + g3) * F32(repeating: -1.0 / 6)
        let t = scaled(scaled(g0 * F32(repeating: 1.0 / 24), g2, 1.0 / 6), g4, 2.0 / 3)
        let u = scaled(g1 * F32(repeating: 1.0 / 12), g3, 1.0 / 3)
        store(g0 * F32(repeating: 0.25), o)
        store(s + d, o + out)
        store(s - d, o + 2 * out)
        store(t + u, o + 3 * out)
        store(t - u, o + 4 * out)
        store(g4, o + 5 * out)
    }

    @inline(__always)
    static func output(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let m0: F32 = load(p)
        let m1: F32 = load(p + step)
        let m2: F32 = load(p + 2 * step)
        let m3: F32 = load(p + 3 * step)
        let m4: F32 = load(p + 4 * step)
        let m5: F32 = load(p + 5 * step)
        store(m0 + (m1 + m2) + (m3 + m4), o)
        store(scaled((m1 - m2) + m5, m3 - m4, 2), o + out)
    }
}

/// F(2, 7). Points 0, 1, -1, 2, -2, 1/2, -1/2, infinity (those of F(6, 3); A. Lavin, wincnn, 2016):
///   B' = [1 0 -21/4 0 21/4 0 -1 0 | 0 1 1 -17/4 -17/4 1 1 0 | 0 -1 1 17/4 -17/4 -1 1 0 | 0 1/2 1/4 -5/2 -5/4 2 1 0 |
///   0 -1/2 1/4 5/2 -5/4 -2 1 0 | 0 2 4 -5/2 -5 1/2 1 0 | 0 -2 4 5/2 -5 -1/2 1 0 | 0 -1 0 21/4 0 -21/4 0 1]
///   G  = [1 0 … | -2/9 · (±1)ⁱ | 1/90 · (±2)ⁱ | 32/45 · (±1/2)ⁱ | … 0 1]
///   A' = [1 1 1 1 1 1 1 0 | 0 1 -1 2 -2 1/2 -1/2 1]
enum Winograd2From7: WinogradTransform {
    @inline(__always) static var outputs: Int { 2 }
    @inline(__always) static var points: Int { 8 }
    @inline(__always) static var taps: Int { 7 }

    @inline(__always)
    static func input(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let d0: F32 = load(p)
        let d1: F32 = load(p + step)
        let d2: F32 = load(p + 2 * step)
        let d3: F32 = load(p + 3 * step)
        let d4: F32 = load(p + 4 * step)
        let d5: F32 = load(p + 5 * step)
        let d6: F32 = load(p + 6 * step)
        let d7: F32 = load(p + 7 * step)
        store(scaled(d0 - d6, d4 - d2, 5.25), o)
        store(scaled(d7 - d1, d3 - d5, 5.25), o + 7 * out)
        let even1 = scaled(d2 + d6, d4, -4.25)
        let odd1 = scaled(d1 + d5, d3, -4.25)
        store(even1 + odd1, o + out)
        store(even1 - odd1, o + 2 * out)
        let even2 = scaled(scaled(d6, d2, 0.25), d4, -1.25)
        let odd2 = scaled(scaled(d1 * F32(repeating: 0.5), d3, -2.5), d5, 2)
        store(even2 + odd2, o + 3 * out)
        store(even2 - odd2, o + 4 * out)
        let even3 = scaled(scaled(d6, d2, 4), d4, -5)
        let odd3 = scaled(scaled(d1 * F32(repeating: 2), d3, -2.5), d5, 0.5)
        store(even3 + odd3, o + 5 * out)
        store(even3 - odd3, o + 6 * out)
    }

    @inline(__always)
    static func filter(_ g: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let g0: F32 = load(g)
        let g1: F32 = load(g + step)
        let g2: F32 = load(g + 2 * step)
        let g3: F32 = load(g + 3 * step)
        let g4: F32 = load(g + 4 * step)
        let g5: F32 = load(g + 5 * step)
        let g6: F32 = load(g + 6 * step)
        store(g0, o)
        let even1 = (g0 + g2 + g4 + g6) * F32(repeating: -2.0 / 9)
        let odd1 = (g1 + g3 + g5) * F32(repeating: -2.0 / 9)
        store(even1 + odd1, o + out)
        store(even1 - odd1, o + 2 * out)
        let even2 = scaled(scaled(scaled(g0 * F32(repeating: 1.0 / 90), g2, 4.0 / 90), g4, 16.0 / 90), g6, 64.0 / 90)
        let odd2 = scaled(scaled(g1 * F32(repeating: 2.0 / 90), g3, 8.0 / 90), g5, 32.0 / 90)
        store(even2 + odd2, o + 3 * out)
        store(even2 - odd2, o + 4 * out)
        let even3 = scaled(scaled(scaled(g0 * F32(repeating: 32.0 / 45), g2, 8.0 / 45), g4, 2.0 / 45), g6, 0.5 / 45)
        let odd3 = scaled(scaled(g1 * F32(repeating: 16.0 / 45), g3, 4.0 / 45), g5, 1.0 / 45)
        store(even3 + odd3, o + 5 * out)
        store(even3 - odd3, o + 6 * out)
        store(g6, o + 7 * out)
    }

    @inline(__always)
    static func output(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let m0: F32 = load(p)
        let m1: F32 = load(p + step)
        let m2: F32 = load(p + 2 * step)
        let m3: F32 = load(p + 3 * step)
        let m4: F32 = load(p + 4 * step)
        let m5: F32 = load(p + 5 * step)
        let m6: F32 = load(p + 6 * step)
        let m7: F32 = load(p + 7 * step)
        store(m0 + (m1 + m2) + (m3 + m4) + (m5 + m6), o)
        store(scaled(scaled((m1 - m2) + m7, m3 - m4, 2), m5 - m6, 0.5), o + out)
    }
}
