import Benchmark
import Runtime

/// What one call of a kernel does, for the columns of rates.
struct Work {
    var flops = 0
    /// Read and written.
    var bytes = 0
    /// An iteration is so many calls that reading the clock costs nothing beside them.
    var calls = 100
}

/// The work of each benchmark by suite and name, and the machine's limits by suite (a CPU level).
var works: [String: Work] = [:]
var rooflines: [String: Roofline] = [:]

/// One level's benchmarks.
struct Level {
    let level: CPULevel
    let suite: BenchmarkSuite

    /// `body` is one call of a kernel, or a few; it runs with the tables of this level.
    func add(_ name: String, flops: Int = 0, bytes: Int = 0, _ body: @escaping () -> Void) {
        let work = Work(flops: flops, bytes: bytes)
        works["\(suite.name)/\(name)"] = work
        let level = level
        suite.benchmark(name) { state in
            Kernels.withLevel(level) {
                try? state.measure { for _ in 0..<work.calls { body() } }
            }
        }
    }
}

/// Memory that lives as long as the process, filled with small numbers.
func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let raw = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    let memory = raw.bindMemory(to: Float.self, capacity: count)
    for i in 0..<count { memory[i] = Float(i % 13) / 16 - 0.375 }
    return memory
}

/// Adds the columns: time of one call, GFLOP/s, GB/s, and the rate as a share of what the roofline allows from the first-level cache.
func addColumns() {
    func work(_ result: BenchmarkResult) -> Work { works["\(result.suiteName)/\(result.benchmarkName)"] ?? Work() }
    func perCall(_ result: BenchmarkResult) -> Double {
        let times = result.measurements.sorted()
        return times.isEmpty ? .infinity : times[times.count / 2] / Double(work(result).calls)
    }
    BenchmarkColumn.registry["call"] = BenchmarkColumn(name: "call", value: perCall, unit: .time)
    BenchmarkColumn.registry["gflops"] = BenchmarkColumn(name: "GFLOP/s", value: { Double(work($0).flops) / perCall($0) })
    BenchmarkColumn.registry["gbytes"] = BenchmarkColumn(name: "GB/s", value: { Double(work($0).bytes) / perCall($0) })
    BenchmarkColumn.registry["limit"] = BenchmarkColumn(
        name: "% of the limit",
        value: { result in
            guard let roofline = rooflines[result.suiteName] else { return 0 }
            let w = work(result)
            return 100 * roofline.nanoseconds(flops: Double(w.flops), bytes: Double(w.bytes), from: "L1") / perCall(result)
        })
}
