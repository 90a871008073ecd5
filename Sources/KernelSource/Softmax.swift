import CKernelInterface

// Softmax and its kin over contiguous rows of n elements. The largest element is taken off first, so that exp cannot overflow.
// Sums run over 8 interleaved lanes in the order of the elements.

@inline(__always)
private func largest<T: BinaryFloatingPoint>(_ n: Int, _ x: UnsafePointer<T>) -> T {
    var lanes = InlineArray<8, T>(repeating: x[0])
    var i = 0
    while i + 8 <= n {
        for j in 0..<8 { lanes[unchecked: j] = lanes[unchecked: j] > x[i + j] ? lanes[unchecked: j] : x[i + j] }
        i += 8
    }
    var result = lanes[unchecked: 0]
    for j in 1..<8 { result = result > lanes[unchecked: j] ? result : lanes[unchecked: j] }
    while i < n {
        result = result > x[i] ? result : x[i]
        i += 1
    }
    return result
}

@inline(__always)
private func sum<T: BinaryFloatingPoint>(_ n: Int, _ f: (Int) -> T) -> T {
    var lanes = InlineArray<8, T>(repeating: 0)
    var i = 0
    while i + 8 <= n {
        for j in 0..<8 { lanes[unchecked: j] += f(i + j) }
        i += 8
    }
    var result: T = 0
    for j in 0..<8 { result += lanes[unchecked: j] }
    while i < n {
        result += f(i)
        i += 1
    }
    return result
}

/// y[i] = exp(x[i] - m), in place behind the vectoriser's overlap check.
@inline(__always)
private func shiftedExp<T: Real>(_ n: Int, _ x: UnsafePointer<T>, _ m: T, _ y: UnsafeMutablePointer<T>) {
    map(n, UnsafeRawPointer(x), UnsafeMutableRawPointer(y)) { (x: T) in T.exp(x - m) }
}

@inline(__always)
private func softmax<T: Real>(_: T.Type, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    for row in 0..<rows {
        let x = x.assumingMemoryBound(to: T.self) + row * n
        let y = y.assumingMemoryBound(to: T.self) + row * n
        shiftedExp(n, x, largest(n, x), y)
        let scale = 1 / sum(n) { y[$0] }
        for i in 0..<n { y[i] *= scale }
    }
}

/// log(sum(exp(x - m))) with m the largest element; exp goes through a block on the stack. Infinite rows shift by 0.
@inline(__always)
private func logSumExpShifted<T: Real>(_ n: Int, _ x: UnsafePointer<T>) -> (largest: T, rest: T) {
    let top = largest(n, x)
    let m = top.magnitude < .infinity ? top : (top != top ? top : 0)
    var total: T = 0
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 64) { scratch in
        let scratch = scratch.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: T.self)
        let block = 1024 / MemoryLayout<T>.stride
        var start = 0
        while start < n {
            let width = min(block, n - start)
            let x = x + start
            for i in 0..<width { scratch[i] = T.exp(x[i] - m) }
            total += sum(width) { scratch[$0] }
            start += width
        }
    }
    return (m, T.log(total))
}

@inline(__always)
private func logSoftmax<T: Real>(_: T.Type, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    for row in 0..<rows {
        let x = x.assumingMemoryBound(to: T.self) + row * n
        let y = y.assumingMemoryBound(to: T.self) + row * n
        let (m, rest) = logSumExpShifted(n, x)
        map(n, UnsafeRawPointer(x), UnsafeMutableRawPointer(y)) { (x: T) in (x - m) - rest }
    }
}

@inline(__always)
private func logSumExp<T: Real>(_: T.Type, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    let y = y.assumingMemoryBound(to: T.self)
    for row in 0..<rows {
        let (m, rest) = logSumExpShifted(n, x.assumingMemoryBound(to: T.self) + row * n)
        y[row] = m + rest
    }
}

@inline(__always)
private func softmaxBackward<T: Real>(
    _: T.Type, _ rows: Int, _ n: Int, _ dy: UnsafeRawPointer, _ y: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer
) {
    let bytes = n * MemoryLayout<T>.stride
    for row in 0..<rows {
        let a = (dy + row * bytes).assumingMemoryBound(to: T.self)
        let b = (y + row * bytes).assumingMemoryBound(to: T.self)
        let total = sum(n) { a[$0] * b[$0] }
        map(n, UnsafeRawPointer(a), 1, UnsafeRawPointer(b), 1, dx + row * bytes) { (dy: T, y: T) in (dy - total) * y }
    }
}

@inline(__always)
private func logSoftmaxBackward<T: Real>(
    _: T.Type, _ rows: Int, _ n: Int, _ dy: UnsafeRawPointer, _ y: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer
) {
    let bytes = n * MemoryLayout<T>.stride
    for row in 0..<rows {
        let a = (dy + row * bytes).assumingMemoryBound(to: T.self)
        let total = sum(n) { a[$0] }
        map(n, UnsafeRawPointer(a), 1, y + row * bytes, 1, dx + row * bytes) { (dy: T, y: T) in dy - T.exp(y) * total }
    }
}

func addSoftmaxKernels(_ k: inout sc_reduction_kernels) {
    k.softmax = { $0 == 0 ? softmax(Float.self, $1, $2, $3!, $4!) : softmax(Double.self, $1, $2, $3!, $4!) }
    k.log_softmax = { $0 == 0 ? logSoftmax(Float.self, $1, $2, $3!, $4!) : logSoftmax(Double.self, $1, $2, $3!, $4!) }
    k.logsumexp = { $0 == 0 ? logSumExp(Float.self, $1, $2, $3!, $4!) : logSumExp(Double.self, $1, $2, $3!, $4!) }
    k.softmax_backward = {
        $0 == 0 ? softmaxBackward(Float.self, $1, $2, $3!, $4!, $5!) : softmaxBackward(Double.self, $1, $2, $3!, $4!, $5!)
    }
    k.log_softmax_backward = {
        $0 == 0 ? logSoftmaxBackward(Float.self, $1, $2, $3!, $4!, $5!) : logSoftmaxBackward(Double.self, $1, $2, $3!, $4!, $5!)
    }
}
