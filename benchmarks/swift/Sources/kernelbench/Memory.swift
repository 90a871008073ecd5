import CKernelInterface
import Runtime

extension Level {
    /// What should run at the rate of the first-level cache, and the elementary functions.
    func addMemory() {
        let n = 2048
        let (x, y, z) = (floats(n), floats(n), floats(n))
        let unary = Kernels.table.elementwise.unary!
        for (name, function) in [
            ("relu", SC_RELU), ("exp", SC_EXP), ("tanh", SC_TANH), ("sigmoid", SC_SIGMOID), ("erf", SC_ERF), ("log", SC_LOG),
        ] {
            add("\(name), \(n)", bytes: 8 * n) { unary(Int(function), 0, n, x, y, 0, 0) }
        }
        let binary = Kernels.table.elementwise.binary!
        add("add, \(n)", bytes: 12 * n) { binary(Int(SC_ADD), 0, n, x, 1, y, 1, z) }
        let softmax = Kernels.table.reduction.softmax!
        add("softmax, 32 rows of 64", bytes: 8 * n) { softmax(0, 32, 64, x, y) }
        let sums = Kernels.table.reduction.columns!
        add("sum of 32 rows of 64", flops: n, bytes: 4 * n) { sums(Int(SC_REDUCE_SUM), 0, 32, 64, 64, x, y) }
        let columns = sc_columns(rows: 32, width: 64, stride: 64)
        let shift = UnsafeMutablePointer<Double>.allocate(capacity: 192)
        shift.initialize(repeating: 0, count: 192)
        let moments = Kernels.table.normalization.moments_f32!
        add("moments of 32 rows of 64", flops: 4 * n, bytes: 4 * n) {
            withUnsafePointer(to: columns) { moments($0, x, shift, shift + 64, shift + 128) }
        }
        let normalize = Kernels.table.normalization.normalize_f32!
        let channels = floats(64)
        add("normalize 32 rows of 64", flops: 3 * n, bytes: 8 * n) {
            withUnsafePointer(to: columns) { normalize($0, x, channels, channels, channels, -1, y) }
        }
        let window = sc_pool_window(
            h: 4, w: 16, c: 32, oh: 2, ow: 8, kh: 2, kw: 2, stride_h: 2, stride_w: 2, pad_top: 0, pad_left: 0)
        let (maximum, average) = (Kernels.table.pooling.max_f32!, Kernels.table.pooling.avg_f32!)
        add("max pooling 2x2, a row of 8x32", bytes: (2 * 16 * 32 + 8 * 32) * 4) {
            withUnsafePointer(to: window) { maximum($0, 0, x, y) }
        }
        add("average pooling 2x2, a row of 8x32", bytes: (2 * 16 * 32 + 8 * 32) * 4) {
            withUnsafePointer(to: window) { average($0, 0, x, y) }
        }
        let transpose = Kernels.table.movement.transpose!
        add("transpose 32x64", bytes: 8 * n) { transpose(4, 32, 64, x, 64, y, 32) }
    }
}
