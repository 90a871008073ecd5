import CKernelInterface
import CShims
import TensorCore

#if arch(arm64)
    import KernelsNEON
#else
    import KernelsBaseline
    import KernelsV3
    import KernelsV4
#endif

/// The kernels of the level that this process uses.
package enum Kernels {
    nonisolated(unsafe) package static let table: sc_kernel_table = {
        #if arch(arm64)
            return KernelsNEON.makeKernelTable()
        #else
            switch sc_cpu_x86_level() {
            case 4: return KernelsV4.makeKernelTable()
            case 3: return KernelsV3.makeKernelTable()
            default: return KernelsBaseline.makeKernelTable()
            }
        #endif
    }()
}
