// The one-dimensional transforms for filters of two taps, in the manner of WinogradTransforms.swift: what a strided filter of three or four
// taps is on the grid of every second pixel.

/// F(4, 2). Points 0, 1, -1, 2, infinity:
///   B' = [2 -1 -2 1 0 | 0 -2 -1 1 0 | 0 2 -3 1 0 | 0 -1 0 1 0 | 0 2 -1 -2 1]
///   G  = [1/2 0 | -1/2 -1/2 | -1/6 1/6 | 1/6 1/3 | 0 1]
///   A' = [1 1 1 1 0 | 0 1 -1 2 0 | 0 1 1 4 0 | 0 1 -1 8 1]
enum Winograd4From2: WinogradTransform {
    @inline(__always) static var outputs: Int { 4 }
    @inline(__always) static var points: Int { 5 }
    @inline(__always) static var taps: Int { 2 }

    @inline(__always)
    static func input(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let d0: F32 = load(p)
        let d1: F32 = load(p + step)
        let d2: F32 = load(p + 2 * step)
        let d3: F32 = load(p + 3 * step)
        let d4: F32 = load(p + 4 * step)
        let near = d3 - d1
        store(scaled(near, d0 - d2, 2), o)
        store(scaled(d3 - d2, d1, -2), o + out)
        store(scaled(scaled(d3, d2, -3), d1, 2), o + 2 * out)
        store(near, o + 3 * out)
        store(scaled(d4 - d2, near, -2), o + 4 * out)
    }

    @inline(__always)
    static func filter(_ g: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let g0: F32 = load(g)
        let g1: F32 = load(g + step)
        store(g0 * F32(repeating: 0.5), o)
        store((g0 + g1) * F32(repeating: -0.5), o + out)
        store((g1 - g0) * F32(repeating: 1.0 / 6), o + 2 * out)
        store(scaled(g0 * F32(repeating: 1.0 / 6), g1, 1.0 / 3), o + 3 * out)
        store(g1, o + 4 * out)
    }

    @inline(__always)
    static func output(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let m0: F32 = load(p)
        let m1: F32 = load(p + step)
        let m2: F32 = load(p + 2 * step)
        let m3: F32 = load(p + 3 * step)
        let m4: F32 = load(p + 4 * step)
        let s = m1 + m2
        let d = m1 - m2
        store(m0 + s + m3, o)
        store(scaled(d, m3, 2), o + out)
        store(scaled(s, m3, 4), o + 2 * out)
        store(scaled(d + m4, m3, 8), o + 3 * out)
    }
}

/// F(2, 4):
///   G  = [1/2 0 0 0 | -1/2 -1/2 -1/2 -1/2 | -1/6 1/6 -1/6 1/6 | 1/6 1/3 2/3 4/3 | 0 0 0 1]
///   A' = [1 1 1 1 0 | 0 1 -1 2 1]
extension Winograd4From2: WinogradGradientTransform {
    @inline(__always)
    static func gradient(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let g0: F32 = load(p)
        let g1: F32 = load(p + step)
        let g2: F32 = load(p + 2 * step)
        let g3: F32 = load(p + 3 * step)
        let even = g0 + g2
        let odd = g1 + g3
        store(g0 * F32(repeating: 0.5), o)
        store((even + odd) * F32(repeating: -0.5), o + out)
        store((odd - even) * F32(repeating: 1.0 / 6), o + 2 * out)
        store(scaled(scaled(g0 * F32(repeating: 1.0 / 6), g1, 1.0 / 3), scaled(g2, g3, 2), 2.0 / 3), o + 3 * out)
        store(g3, o + 4 * out)
    }

    @inline(__always)
    static func filterGradient(_ p: UnsafePointer<Float>, _ step: Int, _ o: UnsafeMutablePointer<Float>, _ out: Int) {
        let m0: F32 = load(p)
        let m1: F32 = load(p + step)
        let m2: F32 = load(p + 2 * step)
        let m3: F32 = load(p + 3 * step)
        let m4: F32 = load(p + 4 * step)
        store(m0 + (m1 + m2) + m3, o)
        store(scaled((m1 - m2) + m4, m3, 2), o + out)
    }
}
