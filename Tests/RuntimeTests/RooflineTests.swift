import CShims
import Testing

@testable import Runtime

@Test func rooflineMeasuresEachLevelOfMemory() throws {
    let limits = try Roofline.measure(threads: 1)
    #expect(limits.threads == 1)
    #expect(limits.gflops > 0.1)
    #expect(limits.memory.first?.name == "L1")
    #expect(limits.memory.last?.name == "memory")
    for level in limits.memory { #expect(level.read > 0 && level.copy > 0 && level.workingSet > 0) }
    // A second's worth of arithmetic, and twice that time's worth of traffic.
    let bandwidth = try #require(limits.memory.last?.copy)
    #expect(abs(limits.nanoseconds(flops: limits.gflops * 1e9, bytes: 0) - 1e9) < 1)
    #expect(abs(limits.nanoseconds(flops: limits.gflops * 1e9, bytes: bandwidth * 2e9) - 2e9) < 1)
}

@Test func cachesGrowWithTheirLevel() {
    #expect(sc_cache_bytes(1) >= 4 << 10)
    #expect(sc_cache_bytes(2) >= sc_cache_bytes(1))
    #expect(sc_cache_bytes(0) == 0 && sc_cache_bytes(4) == 0)
}
