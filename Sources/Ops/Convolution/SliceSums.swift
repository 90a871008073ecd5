import CKernelInterface
import Runtime
import TensorCore

/// The sums of a gradient that is cut into slices of pixels: each slice has its own, and they are added in the order of the slices, so
/// that the bits do not depend on the threads. A single slice sums into the result itself.
struct SliceSums: Sendable {
    let slices: Int
    let elements: Int
    let dtype: DataType
    private let kernels: sc_movement_kernels

    init(slices: Int, elements: Int, dtype: DataType, kernels: sc_movement_kernels = Kernels.table.movement) {
        self.slices = slices
        self.elements = elements
        self.dtype = dtype
        self.kernels = kernels
    }

    private var sliceBytes: Int { (elements * dtype.size + 63) / 64 * 64 }
    /// The workspace for all slices.
    var bytes: Int { slices > 1 ? slices * sliceBytes : 0 }

    /// Where a slice sums.
    func target(_ slice: Int, _ sums: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        slices > 1 ? sums + slice * sliceBytes : result
    }

    func add(_ sums: UnsafeMutableRawPointer, to result: UnsafeMutableRawPointer, threads: Int) {
        guard slices > 1 else { return }
        parallelFor(elements, grain: 4096, threads: threads) { range, _ in
            let start = range.lowerBound * dtype.size
            (result + start).copyMemory(from: sums + start, byteCount: range.count * dtype.size)
            for slice in 1..<slices {
                kernels.accumulate(Int(dtype.rawValue), range.count, sums + slice * sliceBytes + start, result + start)
            }
        }
    }
}
