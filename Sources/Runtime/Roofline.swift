import CKernelInterface
import CShims
import TensorCore

/// What this machine can do at most, measured: the arithmetic of the chosen level, and the bandwidth of each level of memory.
/// Source: S. Williams, A. Waterman, D. Patterson, "Roofline: An Insightful Visual Performance Model", CACM 52 (4), 2009.
package struct Roofline: Sendable {
    /// One level of memory.
    package struct Memory: Sendable {
        /// "L1", "L2", "L3" or "memory".
        package var name: String
        /// The bytes that each thread worked on.
        package var workingSet: Int
        /// All threads together, in bytes a nanosecond, which are GB/s. A copy counts what it reads and what it writes.
        package var read: Double
        package var copy: Double
    }

    package var threads: Int
    /// float32 additions and multiplications a nanosecond (GFLOP/s), all threads together.
    package var gflops: Double
    package var memory: [Memory]

    /// The least time in nanoseconds in which so much arithmetic and so much traffic with the memory level `name` can be done.
    package func nanoseconds(flops: Double, bytes: Double, from name: String = "memory") -> Double {
        let bandwidth = memory.first { $0.name == name }?.copy ?? .infinity
        return max(flops / gflops, bytes / bandwidth)
    }

    /// Measures for about a quarter of a second. Each figure is the best of several tries, for other programs only take away.
    package static func measure(threads: Int) throws(ConvError) -> Roofline {
        let threads = max(1, min(threads, ThreadCount.maximum))
        let kernels = Kernels.table.roofline
        guard let arithmetic = kernels.multiply_add, let read = kernels.read, let copy = kernels.copy else {
            throw .unsupported("roofline: the kernels of level \(Kernels.level.rawValue) have no loops to measure with")
        }
        let rounds = 200_000
        let sink = Sink(threads)
        let time = best(8, threads) { worker in sink[worker] = arithmetic(rounds, 0.5, 0.25) }
        let gflops = Double(rounds * kernels.flops * threads) / time

        var memory: [Memory] = []
        let shares = [CacheSizes.l1 / 2, CacheSizes.l2 / 2, CacheSizes.l3 / 2 / threads]
        var levels: [(String, Int)] = []
        for (index, share) in shares.enumerated() where share > (levels.last?.1 ?? 0) { levels.append(("L\(index + 1)", share)) }
        levels.append(("memory", max(64 << 20, 4 * CacheSizes.l3) / threads))
        for (name, bytes) in levels {
            let count = bytes / 2 / 256 * 64  // two buffers of whole 256 bytes
            guard count > 0, let block = BufferPool.acquire(threads * count * 8) else { continue }
            defer { BufferPool.release(block, threads * count * 8) }
            let floats = block.assumingMemoryBound(to: Float.self)
            for i in 0..<threads * count * 2 { floats[i] = 1 }
            let start = Pointer(floats)
            // About 32 MB a try, or once through: a wake-up of the threads must not count.
            let repeats = max(1, (32 << 20) / (count * 8))
            let reading = best(6, threads) { worker in
                for _ in 0..<repeats { sink[worker] = read(2 * count, start.at(worker * 2 * count)) }
            }
            let copying = best(6, threads) { worker in
                for _ in 0..<repeats { copy(count, start.at(worker * 2 * count), start.at((worker * 2 + 1) * count)) }
            }
            let traffic = Double(threads * repeats * count * 8)
            memory.append(Memory(name: name, workingSet: count * 8, read: traffic / reading, copy: traffic / copying))
        }
        return Roofline(threads: threads, gflops: gflops, memory: memory)
    }

    /// The least time of at least `tries` in nanoseconds, one share for each thread; a first one warms up. It goes on for some time, for
    /// threads that just woke may share a core at first.
    private static func best(_ tries: Int, _ threads: Int, _ body: @Sendable (_ worker: Int) -> Void) -> Double {
        var least = UInt64.max
        let begin = sc_nanoseconds()
        var round = -1
        while round < tries || sc_nanoseconds() &- begin < 25_000_000 {
            round += 1
            let start = sc_nanoseconds()
            parallelFor(threads, threads: threads) { range, _ in
                for worker in range { body(worker) }
            }
            let time = sc_nanoseconds() &- start
            if round > 0 { least = min(least, time) }
        }
        return Double(max(1, least))
    }

    /// A place for results that nobody needs.
    private final class Sink: @unchecked Sendable {
        private let values: UnsafeMutablePointer<Float>
        private let stride = 64
        init(_ threads: Int) {
            values = .allocate(capacity: threads * stride)
            values.initialize(repeating: 0, count: threads * stride)
        }
        deinit { values.deallocate() }
        subscript(worker: Int) -> Float {
            get { values[worker * stride] }
            set { values[worker * stride] = newValue }
        }
    }

    private struct Pointer: @unchecked Sendable {
        private let base: UnsafeMutablePointer<Float>
        init(_ base: UnsafeMutablePointer<Float>) { self.base = base }
        func at(_ offset: Int) -> UnsafeMutablePointer<Float> { base + offset }
    }
}
