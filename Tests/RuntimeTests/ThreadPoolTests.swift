import CShims
import Synchronization
import TensorCore
import Testing
import _TestSupport

@testable import Runtime

#if canImport(Glibc)
    import Glibc
#endif

/// Serialized: a test that waits for the number of threads (`ThreadSettings`) holds up its thread.
@Suite(.serialized) struct ThreadPoolTests {
    func withThreads<R>(_ threads: Int, _ body: () throws -> R) throws -> R { try ThreadSettings.with(threads: threads, body) }

    @Test func parallelForCoversEachItemOnce() throws {
        for threads in 1...5 {
            try withThreads(threads) {
                for count in 0...1000 {
                    var seen = [UInt8](repeating: 0, count: count)
                    let workers = Atomic<UInt64>(0)
                    let clashes = Atomic<Int>(0)
                    seen.withUnsafeMutableBufferPointer { seen in
                        nonisolated(unsafe) let base = seen.baseAddress
                        parallelFor(count, grain: 1, threads: threads) { range, worker in
                            let bit = UInt64(1) << UInt64(worker)
                            if workers.bitwiseOr(bit, ordering: .relaxed).oldValue & bit != 0 { clashes.add(1, ordering: .relaxed) }
                            for i in range { base![i] += 1 }
                        }
                    }
                    #expect(seen.allSatisfy { $0 == 1 }, "count \(count), \(threads) threads")
                    #expect(clashes.load(ordering: .relaxed) == 0, "a worker's index was used twice")
                    #expect(workers.load(ordering: .relaxed) >> UInt64(threads) == 0, "worker beyond \(threads)")
                }
            }
        }
    }

    @Test func splitIsContiguousAndBalanced() {
        for multiple in [1, 64] {
            for parts in 1...7 {
                for count in [0, 1, 2, 7, 63, 64, 65, 1000, 4096, 5000, 1 << 60] {
                    let split = Split(count: count, parts: parts, multiple: multiple)
                    var end = 0
                    for i in 0..<parts {
                        let range = split[i]
                        #expect(range.lowerBound == end)
                        #expect(i == 0 || range.lowerBound % multiple == 0 || range.lowerBound == count)
                        #expect(range.count <= count / parts + multiple)
                        end = range.upperBound
                    }
                    #expect(end == count)
                }
            }
        }
    }

    @Test func grainLimitsTheNumberOfParts() throws {
        try withThreads(4) {
            let parts = Atomic<Int>(0)
            parallelFor(199, grain: 100, threads: 4) { range, _ in
                parts.add(1, ordering: .relaxed)
                #expect(range.count >= 100)
            }
            #expect(parts.load(ordering: .relaxed) == 1)
            parallelFor(200, grain: 0, threads: 4) { _, _ in parts.add(1, ordering: .relaxed) }
            #expect(parts.load(ordering: .relaxed) <= 5)
        }
    }

    @Test func sharesRunOnDifferentThreads() throws {
        try withThreads(3) {
            // Other suites may hold the workers at this moment: then the caller does it all. Ask again.
            var best = 0
            let deadline = sc_nanoseconds() + 20_000_000_000
            while best < 3, sc_nanoseconds() < deadline {
                let lock = Mutex<Set<UInt>>([])
                parallelFor(3, threads: 3) { _, _ in
                    let me = UInt(pthread_self())
                    lock.withLock { _ = $0.insert(me) }
                }
                best = max(best, lock.withLock { $0.count })
                if best < 3 { usleep(100) }
            }
            #expect(best == 3)
            #expect(ThreadPool.workerCount >= 2)
        }
    }

    @Test func nestedCallsRunInline() throws {
        try withThreads(4) {
            let sum = Atomic<Int>(0)
            parallelFor(8, threads: 4) { outer, _ in
                for _ in outer {
                    parallelFor(100, threads: 4) { inner, worker in
                        if worker == 0, inner.count == 100 { sum.add(inner.count, ordering: .relaxed) }
                    }
                }
            }
            // Inline where the outer call took the workers; where it did not get them, the inner ones may have: then ask again.
            #expect(sum.load(ordering: .relaxed) <= 800)
        }
        try withThreads(2) {
            let total = Atomic<Int>(0)
            for _ in 0..<200 {
                parallelFor(4, threads: 2) { outer, _ in
                    for _ in outer { parallelFor(10, threads: 2) { inner, _ in total.add(inner.count, ordering: .relaxed) } }
                }
            }
            #expect(total.load(ordering: .relaxed) == 200 * 40)
        }
    }

    @Test func concurrentCallersAllFinish() throws {
        try withThreads(3) {
            final class Context: Sendable {
                let sum = Atomic<Int>(0)
                let finished = Atomic<Int>(0)
            }
            let context = Context()
            for _ in 0..<4 {
                let status = sc_thread_start(
                    { raw in
                        let context = Unmanaged<Context>.fromOpaque(raw!).takeRetainedValue()
                        for _ in 0..<500 {
                            parallelFor(37, threads: 3) { range, _ in context.sum.add(range.count, ordering: .relaxed) }
                        }
                        context.finished.add(1, ordering: .sequentiallyConsistent)
                    }, Unmanaged.passRetained(context).toOpaque(), "caller")
                #expect(status == 0)
            }
            let deadline = sc_nanoseconds() + 60_000_000_000
            while context.finished.load(ordering: .sequentiallyConsistent) < 4, sc_nanoseconds() < deadline { usleep(1000) }
            #expect(context.finished.load(ordering: .sequentiallyConsistent) == 4)
            #expect(context.sum.load(ordering: .relaxed) == 4 * 500 * 37)
        }
    }

    @Test func wakesAfterSleeping() throws {
        try withThreads(3) {
            for _ in 0..<20 {
                usleep(500)  // longer than the workers spin
                let sum = Atomic<Int>(0)
                parallelFor(100, threads: 3) { range, _ in sum.add(range.count, ordering: .relaxed) }
                #expect(sum.load(ordering: .relaxed) == 100)
            }
        }
    }

    @Test func floatingPointStateIsTheSameEverywhereAndRestored() throws {
        #if arch(x86_64)
            let before = sc_fp_get()
            defer { sc_fp_set(before) }
            let callers: UInt64 = 0x1F80 | 0x2000  // round down, denormals kept
            sc_fp_set(callers)
            for threads in 1...3 {
                try withThreads(threads) {
                    let wrong = Atomic<Int>(0)
                    parallelFor(6, threads: threads) { _, _ in
                        if sc_fp_get() & 0xFFC0 != 0x9FC0 { wrong.add(1, ordering: .relaxed) }
                        let denormal = Float(bitPattern: 1)
                        if denormal * withExtendedLifetime(denormal, { 2 }) != 0 { wrong.add(1, ordering: .relaxed) }
                        // The nested call must not undo it.
                        parallelFor(1, threads: 1) { _, _ in }
                        if sc_fp_get() & 0xFFC0 != 0x9FC0 { wrong.add(1, ordering: .relaxed) }
                    }
                    #expect(wrong.load(ordering: .relaxed) == 0)
                }
                #expect(sc_fp_get() == callers)
            }
        #endif
    }

    @Test func settingTheNumberOfThreads() throws {
        try ThreadSettings.exclusively {
            let before = ThreadCount.current
            let version = Settings.version
            try ThreadCount.set(before)
            #expect(Settings.version != version)
            #expect(ThreadCount.source == "set_num_threads")
            for bad in [0, -1, 1025, Int.min, Int.max] {
                #expect(throws: ConvError.self) { try ThreadCount.set(bad) }
            }
            #expect(ThreadCount.current == before)
        }
    }
}
