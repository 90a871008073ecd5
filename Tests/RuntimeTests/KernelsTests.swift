import CKernelInterface
import TensorCore
import Testing

@testable import Runtime

@Suite struct KernelsTests {
    @Test func everyAvailableLevelCanBeReached() {
        for level in CPULevel.available {
            let name = Kernels.withLevel(level) {
                // Nested, and restored.
                Kernels.withLevel(CPULevel.available[0]) { #expect(Kernels.level == CPULevel.available[0]) }
                return Kernels.level
            }
            #expect(name == level)
        }
        #expect(Kernels.level == Environment.current.level)
    }

    @Test func workersSeeTheCallersLevel() {
        for level in CPULevel.available {
            Kernels.withLevel(level) {
                parallelFor(4, threads: 4) { _, _ in #expect(Kernels.level == level) }
            }
        }
        parallelFor(4, threads: 4) { _, _ in #expect(Kernels.level == Environment.current.level) }
    }

    @Test func errorsPassThrough() {
        #expect(throws: ConvError.self) {
            try Kernels.withLevel(CPULevel.available[0]) { () throws(ConvError) in throw .internal("x") }
        }
    }
}
