/// The shifted exponentials of one row of logits: what the cross entropies and their gradients are made of.
///
/// Numerics: the row's maximum is taken off first, so that no exponential overflows; the sum is in float64.
struct SoftmaxRow<T: MathScalar> {
    var largest: T
    /// log Σ exp(x − largest)
    var logSum: T

    /// Writes softmax(x) to `softmax`.
    @inline(__always)
    init(_ x: UnsafePointer<T>, _ count: Int, _ softmax: UnsafeMutablePointer<T>) {
        var most = -T.infinity
        for i in 0..<count where x[i] > most || x[i].isNaN { most = x[i] }
        var sum = 0.0
        for i in 0..<count {
            let e = T.exp(x[i] - most)
            softmax[i] = e
            sum += Double(e)
        }
        let scale = T(1 / sum)
        for i in 0..<count { softmax[i] *= scale }
        largest = most
        logSum = T(Double.log(sum))
    }
}
