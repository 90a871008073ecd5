import Benchmark
import Runtime

// One suite for each CPU level that this machine has. Flags are those of the benchmark library: --filter 'v3/gemm.*', --format json …
addColumns()
var suites: [BenchmarkSuite] = []
for level in CPULevel.available {
    let suite = BenchmarkSuite(name: level.rawValue)
    Kernels.withLevel(level) {
        rooflines[suite.name] = try? Roofline.measure(threads: 1)
        let table = Level(level: level, suite: suite)
        table.addGemm()
        table.addWinograd()
        table.addDepthwise()
        table.addMemory()
    }
    suites.append(suite)
}
Benchmark.main(
    suites, customDefaults: [Columns(["name", "call", "std", "gflops", "gbytes", "limit"]), MinTime(seconds: 0.05), WarmupIterations(20)])
