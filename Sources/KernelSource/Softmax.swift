import CKernelInterface

// Softmax and its kin over contiguous rows of n elements. The largest element is taken off first, so that exp cannot overflow.
// Sums run over one vector of lanes in the order of the elements; the lanes are joined in order, then comes the tail.

@inline(__always)
private func largest<V: SIMD>(_: V.Type, _ n: Int, _ x: UnsafePointer<V.Scalar>) -> V.Scalar where V.Scalar: BinaryFloatingPoint {
    var result = x[0]
    var i = 0
    if V.scalarCount <= n {
        var lanes: V = load(x)
        i = V.scalarCount
        while i + V.scalarCount <= n {
            let v: V = load(x + i)
            lanes = v.replacing(with: lanes, where: isLess(v, lanes))
            i += V.scalarCount
        }
        result = lanes[0]
        for lane in 1..<V.scalarCount { result = result > lanes[lane] ? result : lanes[lane] }
    }
    while i < n {
        result = result > x[i] ? result : x[i]
        i += 1
    }
    return result
}

/// The sum of `term` over the offsets, given as vectors and, for the tail, as numbers.
@inline(__always)
private func sum<V: SIMD>(_: V.Type, _ n: Int, _ term: (Int) -> V, _ tail: (Int) -> V.Scalar) -> V.Scalar
where V.Scalar: BinaryFloatingPoint {
    var result: V.Scalar = 0
    var i = 0
    if V.scalarCount <= n {
        var lanes = term(0)
        i = V.scalarCount
        while i + V.scalarCount <= n {
            lanes += term(i)
            i += V.scalarCount
        }
        result = lanes[0]
        for lane in 1..<V.scalarCount { result += lanes[lane] }
    }
    while i < n {
        result += tail(i)
        i += 1
    }
    return result
}

@inline(__always)
private func sum<V: SIMD>(_: V.Type, _ n: Int, _ x: UnsafePointer<V.Scalar>) -> V.Scalar where V.Scalar: BinaryFloatingPoint {
    sum(V.self, n, { load(x + $0) }, { x[$0] })
}

/// y[i] = exp(x[i] - m), in place behind the vectoriser's overlap check.
@inline(__always)
private func shiftedExp<T: Real>(_ n: Int, _ x: UnsafePointer<T>, _ m: T, _ y: UnsafeMutablePointer<T>) {
    map(n, UnsafeRawPointer(x), UnsafeMutableRawPointer(y)) { (x: T) in T.exp(x - m) }
}

/// Short rows go in groups through two blocks on the stack: the loop over exp is then long. What is shifted is exact either way.
@inline(__always)
private func softmax<V: SIMD>(_: V.Type, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer)
where V.Scalar: Real {
    typealias T = V.Scalar
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    let room = 512 / MemoryLayout<T>.stride
    let group = room / n
    guard group > 1 else {
        for row in 0..<rows {
            let (x, y) = (x + row * n, y + row * n)
            shiftedExp(n, x, largest(V.self, n, x), y)
            scale(V.self, n, y, 1 / sum(V.self, n, y), y)
        }
        return
    }
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { scratch in
        let shifted = scratch.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: T.self)
        let powers = shifted + room
        var row = 0
        while row < rows {
            let count = rows - row < group ? rows - row : group
            for r in 0..<count {
                let from = x + (row + r) * n
                subtract(V.self, n, from, largest(V.self, n, from), shifted + r * n)
            }
            map(count * n, UnsafeRawPointer(shifted), UnsafeMutableRawPointer(powers)) { (x: T) in T.exp(x) }
            for r in 0..<count {
                let from = powers + r * n
                scale(V.self, n, from, 1 / sum(V.self, n, from), y + (row + r) * n)
            }
            row += count
        }
    }
}

/// y = x - m
@inline(__always)
private func subtract<V: SIMD>(
    _: V.Type, _ n: Int, _ x: UnsafePointer<V.Scalar>, _ m: V.Scalar, _ y: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    forVectors(V.self, n) { i, lanes in
        if lanes == V.scalarCount {
            store((load(x + i) as V) - V(repeating: m), y + i)
        } else {
            for j in i..<n { y[j] = x[j] - m }
        }
    }
}

/// y = x · factor
@inline(__always)
private func scale<V: SIMD>(
    _: V.Type, _ n: Int, _ x: UnsafePointer<V.Scalar>, _ factor: V.Scalar, _ y: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    forVectors(V.self, n) { i, lanes in
        if lanes == V.scalarCount {
            store((load(x + i) as V) * V(repeating: factor), y + i)
        } else {
            for j in i..<n { y[j] = x[j] * factor }
        }
    }
}

/// log(sum(exp(x - m))) with m the largest element; exp goes through a block on the stack. Infinite rows shift by 0.
@inline(__always)
private func logSumExpShifted<V: SIMD>(_: V.Type, _ n: Int, _ x: UnsafePointer<V.Scalar>) -> (largest: V.Scalar, rest: V.Scalar)
where V.Scalar: Real {
    typealias T = V.Scalar
    let top = largest(V.self, n, x)
    let m = top.magnitude < .infinity ? top : (top != top ? top : 0)
    var total: T = 0
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { scratch in
        let scratch = scratch.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: T.self)
        let block = 1024 / MemoryLayout<T>.stride
        var start = 0
        while start < n {
            let width = min(block, n - start)
            let x = x + start
            for i in 0..<width { scratch[i] = T.exp(x[i] - m) }
            total += sum(V.self, width, scratch)
            start += width
        }
    }
    return (m, T.log(total))
}

@inline(__always)
private func logSoftmax<V: SIMD>(_: V.Type, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer)
where V.Scalar: Real {
    typealias T = V.Scalar
    for row in 0..<rows {
        let x = x.assumingMemoryBound(to: T.self) + row * n
        let y = y.assumingMemoryBound(to: T.self) + row * n
        let (m, rest) = logSumExpShifted(V.self, n, x)
        map(n, UnsafeRawPointer(x), UnsafeMutableRawPointer(y)) { (x: T) in (x - m) - rest }
    }
}

@inline(__always)
private func logSumExp<V: SIMD>(_: V.Type, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer)
where V.Scalar: Real {
    typealias T = V.Scalar
    let y = y.assumingMemoryBound(to: T.self)
    for row in 0..<rows {
        let (m, rest) = logSumExpShifted(V.self, n, x.assumingMemoryBound(to: T.self) + row * n)
        y[row] = m + rest
    }
}

@inline(__always)
private func softmaxBackward<V: SIMD>(
    _: V.Type, _ rows: Int, _ n: Int, _ dy: UnsafeRawPointer, _ y: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer
) where V.Scalar: Real {
    typealias T = V.Scalar
    let bytes = n * MemoryLayout<T>.stride
    for row in 0..<rows {
        let a = (dy + row * bytes).assumingMemoryBound(to: T.self)
        let b = (y + row * bytes).assumingMemoryBound(to: T.self)
        let total = sum(V.self, n, { (load(a + $0) as V) * (load(b + $0) as V) }, { a[$0] * b[$0] })
        map(n, UnsafeRawPointer(a), 1, UnsafeRawPointer(b), 1, dx + row * bytes) { (dy: T, y: T) in (dy - total) * y }
    }
}

@inline(__always)
private func logSoftmaxBackward<V: SIMD>(
    _: V.Type, _ rows: Int, _ n: Int, _ dy: UnsafeRawPointer, _ y: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer
) where V.Scalar: Real {
    typealias T = V.Scalar
    let bytes = n * MemoryLayout<T>.stride
    for row in 0..<rows {
        let a = (dy + row * bytes).assumingMemoryBound(to: T.self)
        let total = sum(V.self, n, a)
        map(n, UnsafeRawPointer(a), 1, y + row * bytes, 1, dx + row * bytes) { (dy: T, y: T) in dy - T.exp(y) * total }
    }
}

func addSoftmaxKernels(_ k: inout sc_reduction_kernels) {
    k.softmax = { $0 == 0 ? softmax(F32.self, $1, $2, $3!, $4!) : softmax(F64.self, $1, $2, $3!, $4!) }
    k.log_softmax = { $0 == 0 ? logSoftmax(F32.self, $1, $2, $3!, $4!) : logSoftmax(F64.self, $1, $2, $3!, $4!) }
    k.logsumexp = { $0 == 0 ? logSumExp(F32.self, $1, $2, $3!, $4!) : logSumExp(F64.self, $1, $2, $3!, $4!) }
    k.softmax_backward = {
        $0 == 0 ? softmaxBackward(F32.self, $1, $2, $3!, $4!, $5!) : softmaxBackward(F64.self, $1, $2, $3!, $4!, $5!)
    }
    k.log_softmax_backward = {
        $0 == 0 ? logSoftmaxBackward(F32.self, $1, $2, $3!, $4!, $5!) : logSoftmaxBackward(F64.self, $1, $2, $3!, $4!, $5!)
    }
}
