/// One of the plain convolutions that a convolution is made of: itself where its stride is 1, else one for every phase of the stride.
///
/// Forward, with a stride of s, the taps t = s·a + p of a filter meet the pixels of phase p alone: y is the sum over p of plain convolutions of
/// every s-th pixel from p on, with filters of ⌈k / s⌉ taps. Backward, every s-th pixel of dx is a plain convolution of dy.
/// A filter of fewer taps than its phase has room for is zero at its last tap (forward) or first (backward, where it is turned): the products
/// at the point infinity, or 0, of that axis are zero and are not computed.
struct WinogradPhase: Sendable {
    /// The most phases that are served.
    static let most = 16

    /// Where the first tile's patch begins in the input.
    fileprivate var input: (h: Int, w: Int) { (h.input, w.input) }
    /// Where the first tile's outputs begin in the output.
    fileprivate var output: (h: Int, w: Int) { (h.output, w.output) }
    let h: Axis
    let w: Axis

    /// A phase along one axis.
    struct Axis: Sendable {
        var input: Int
        var output: Int
        /// Outputs of the phase.
        var count: Int
        /// The filter's tap for each tap of the phase, nil where there is none.
        var taps: [Int?]
        /// The point at which the products are zero.
        var zero: ZeroPoint?
    }

    enum ZeroPoint { case origin, infinity }

    /// The filter's tap for each tap of the phase, row by row; nil where there is none.
    func taps(filterWidth: Int) -> [Int?] {
        h.taps.flatMap { i in w.taps.map { j in i.flatMap { i in j.map { i * filterWidth + $0 } } } }
    }

    /// The products that are zero, bit e for the product e.
    fileprivate func zeros(points: (h: Int, w: Int)) -> UInt64 {
        var bits: UInt64 = 0
        for i in 0..<points.h {
            for j in 0..<points.w where isZero(h, i, points.h) || isZero(w, j, points.w) { bits |= 1 << UInt64(i * points.w + j) }
        }
        return bits
    }

    private func isZero(_ axis: Axis, _ point: Int, _ points: Int) -> Bool {
        switch axis.zero {
        case .origin: point == 0
        case .infinity: point == points - 1
        case nil: false
        }
    }

    /// The phases whose sum is the convolution of an input with a filter.
    static func forward(_ s: ConvolutionShape) -> [WinogradPhase] {
        let (h, w) = (axes(s.geometry.h), axes(s.geometry.w))
        return h.flatMap { h in w.map { WinogradPhase(h: h, w: $0) } }
    }

    /// The phases that together are the gradient of the input: those of one list read the same patches of dy.
    static func backwardInput(_ s: ConvolutionShape) -> [[WinogradPhase]] {
        let (h, w) = (gradientAxes(s.geometry.h), gradientAxes(s.geometry.w))
        var lists: [[WinogradPhase]] = []
        for phase in h.flatMap({ h in w.map { WinogradPhase(h: h, w: $0) } }) where phase.h.count > 0 && phase.w.count > 0 {
            if let i = lists.firstIndex(where: { $0[0].input == phase.input }) {
                lists[i].append(phase)
            } else {
                lists.append([phase])
            }
        }
        return lists
    }

    private static func axes(_ g: WindowAxis) -> [Axis] {
        let room = (g.window + g.stride - 1) / g.stride
        return (0..<min(g.stride, g.window)).map { phase in
            let taps = (0..<room).map { phase + $0 * g.stride < g.window ? phase + $0 * g.stride : nil }
            return Axis(
                input: phase - g.before, output: 0, count: g.output, taps: taps, zero: taps.last == .some(nil) ? .infinity : nil)
        }
    }

    private static func gradientAxes(_ g: WindowAxis) -> [Axis] {
        let room = (g.window + g.stride - 1) / g.stride
        return (0..<g.stride).map { phase in
            // dx at s·q + phase - before is the sum of dy[q - a] · filter[s·a + phase]; with a stride of 1, of dy[q - dilation · a].
            let first = max(0, (g.before - phase + g.stride - 1) / g.stride)
            let output = g.stride * first + phase - g.before
            let taps = (0..<room).reversed().map { phase + $0 * g.stride < g.window ? phase + $0 * g.stride : nil }
            return Axis(
                input: first - (room - 1) * g.dilation, output: output, count: max(0, (g.input - output + g.stride - 1) / g.stride),
                taps: taps,
                zero: taps.first == .some(nil) ? .origin : nil)
        }
    }
}

/// What the loops over tiles need of a phase: plain numbers, read through a pointer, for the threads would fight over an array's reference count.
struct WinogradPlace: Sendable {
    let input: (h: Int, w: Int)
    let output: (h: Int, w: Int)
    /// The products that are zero, bit e for the product e.
    let zeros: UInt64
    /// The filter's taps that are the phase's: the first one, and how many there are along each axis.
    let firstTap: Int
    let taps: (h: Int, w: Int)

    init(_ phase: WinogradPhase, points: (h: Int, w: Int), filterWidth: Int) {
        let taps = (h: phase.h.taps.compactMap { $0 }, w: phase.w.taps.compactMap { $0 })
        input = phase.input
        output = phase.output
        zeros = phase.zeros(points: points)
        firstTap = (taps.h.min() ?? 0) * filterWidth + (taps.w.min() ?? 0)
        self.taps = (taps.h.count, taps.w.count)
    }

    func isZero(_ product: Int) -> Bool { (zeros &>> UInt64(product)) & 1 == 1 }
}

/// The phases' numbers, as long as a convolution runs.
typealias WinogradPlaces = UnsafeBufferPointer<WinogradPlace>
