import TensorCore

/// The largest |a - b| / (scale + |b|), infinite for different counts; NaN agrees with NaN only, an infinity with itself only.
package func largestError(_ a: [Double], _ b: [Double], scale: Double = 1) -> Double {
    guard a.count == b.count else { return .infinity }
    var worst = 0.0
    for (x, y) in zip(a, b) where x != y && !(x.isNaN && y.isNaN) {
        let error = abs(x - y) / (scale + abs(y))
        worst = error.isNaN ? .infinity : max(worst, error)
    }
    return worst
}

/// What rounding may do to a result of a few operations.
package func tolerance(_ dtype: DataType) -> Double { dtype == .float32 ? 2e-6 : 1e-13 }

/// Half of the distance from 1 to the next number: the unit of docs/numerics.md.
package func rounding(_ dtype: DataType) -> Double { dtype == .float32 ? 0x1p-24 : 0x1p-53 }

/// Whether two lists of finite numbers agree: each |a - b| at most `tolerance` times the larger of 1 and |b|.
package func isClose<T: BinaryFloatingPoint>(_ a: [T], _ b: [T], _ tolerance: T = 1e-5) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

/// Why `received` is not `expected`, or nil if it is, within the tolerance of `pytests/reference/__init__.py`.
package func difference(_ received: [Double], _ expected: TestTensor, factor: Double = 1) -> String? {
    let values = expected.numbers
    guard received.count == values.count else { return "expected \(values.count) elements, received \(received.count)" }
    let tolerance = expected.spec.dtype.isFloating ? factor * (expected.spec.dtype == .float64 ? 1e-10 : 1e-5) : 0
    var scale = values.lazy.filter(\.isFinite).map(abs).max() ?? 1
    if scale > 1e6 { scale = 1 }
    for (i, (r, e)) in zip(received, values).enumerated() {
        let same = r == e || (r.isNaN && e.isNaN) || abs(r - e) <= tolerance * (max(1, scale) + abs(e))
        if !same { return "element \(i): expected \(e), received \(r)" }
    }
    return nil
}
