import Runtime

/// A number the plain loops can convolve: integers wrap around as in TensorFlow.
protocol ConvolutionScalar: AdditiveArithmetic, Sendable {
    static func multiplyAdd(_ acc: Self, _ a: Self, _ b: Self) -> Self
}
extension Float: ConvolutionScalar {
    @inline(__always) static func multiplyAdd(_ acc: Float, _ a: Float, _ b: Float) -> Float { acc + a * b }
}
extension Double: ConvolutionScalar {
    @inline(__always) static func multiplyAdd(_ acc: Double, _ a: Double, _ b: Double) -> Double { acc + a * b }
}
extension Int32: ConvolutionScalar {
    @inline(__always) static func multiplyAdd(_ acc: Int32, _ a: Int32, _ b: Int32) -> Int32 { acc &+ a &* b }
}

/// The definition of a convolution as loops, one output element at a time. It ends the algorithm lists: nothing is refused here.
struct ReferenceConvolution<T: ConvolutionScalar>: Sendable {
    let shape: ConvolutionShape
    let threads: Int

    func forward(_ x: UnsafePointer<T>, _ filter: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, epilogue: (Int, T) -> T) {
        let s = shape
        parallelFor(s.n * s.oh, threads: threads) { rows, _ in
            for row in rows {
                let (image, oy) = row.quotientAndRemainder(dividingBy: s.oh)
                for ox in 0..<s.ow {
                    for o in 0..<s.oc {
                        let first = o / s.ocPerGroup * s.icPerGroup
                        var sum = T.zero
                        for ky in s.geometry.h.taps(oy) {
                            let iy = s.geometry.h.start(oy) + ky * s.geometry.h.dilation
                            for kx in s.geometry.w.taps(ox) {
                                let ix = s.geometry.w.start(ox) + kx * s.geometry.w.dilation
                                let pixel = x + ((image * s.ih + iy) * s.iw + ix) * s.ic + first
                                let tap = filter + (ky * s.kw + kx) * s.icPerGroup * s.oc + o
                                for c in 0..<s.icPerGroup { sum = T.multiplyAdd(sum, pixel[c], tap[c * s.oc]) }
                            }
                        }
                        y[(row * s.ow + ox) * s.oc + o] = epilogue(o, sum)
                    }
                }
            }
        }
    }

    func backwardInput(_ filter: UnsafePointer<T>, _ dy: UnsafePointer<T>, _ dx: UnsafeMutablePointer<T>) {
        let s = shape
        (dx).update(repeating: .zero, count: s.n * s.ih * s.iw * s.ic)
        parallelFor(s.n, threads: threads) { images, _ in
            for image in images {
                for oy in 0..<s.oh {
                    for ox in 0..<s.ow {
                        let row = dy + ((image * s.oh + oy) * s.ow + ox) * s.oc
                        for ky in s.geometry.h.taps(oy) {
                            let iy = s.geometry.h.start(oy) + ky * s.geometry.h.dilation
                            for kx in s.geometry.w.taps(ox) {
                                let ix = s.geometry.w.start(ox) + kx * s.geometry.w.dilation
                                let pixel = dx + ((image * s.ih + iy) * s.iw + ix) * s.ic
                                let tap = filter + (ky * s.kw + kx) * s.icPerGroup * s.oc
                                for o in 0..<s.oc {
                                    let first = o / s.ocPerGroup * s.icPerGroup
                                    for c in 0..<s.icPerGroup {
                                        pixel[first + c] = T.multiplyAdd(pixel[first + c], row[o], tap[c * s.oc + o])
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    func backwardFilter(_ x: UnsafePointer<T>, _ dy: UnsafePointer<T>, _ dfilter: UnsafeMutablePointer<T>) {
        let s = shape
        parallelFor(s.geometry.taps * s.icPerGroup, threads: threads) { rows, _ in
            for row in rows {
                let (tap, c) = row.quotientAndRemainder(dividingBy: s.icPerGroup)
                let (ky, kx) = tap.quotientAndRemainder(dividingBy: s.kw)
                for o in 0..<s.oc {
                    let channel = o / s.ocPerGroup * s.icPerGroup + c
                    var sum = T.zero
                    for image in 0..<s.n {
                        for oy in s.geometry.h.outputs(tap: ky) {
                            let iy = s.geometry.h.start(oy) + ky * s.geometry.h.dilation
                            for ox in s.geometry.w.outputs(tap: kx) {
                                let ix = s.geometry.w.start(ox) + kx * s.geometry.w.dilation
                                sum = T.multiplyAdd(
                                    sum, x[((image * s.ih + iy) * s.iw + ix) * s.ic + channel],
                                    dy[((image * s.oh + oy) * s.ow + ox) * s.oc + o])
                            }
                        }
                    }
                    dfilter[row * s.oc + o] = sum
                }
            }
        }
    }
}
