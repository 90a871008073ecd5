import Ops
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// A random graph over square matrices, with variables that are read, updated and swapped.
private struct RandomGraph {
    let graph = Graph()
    var values: [Value] = []
    var variables: [Variable] = []
    var feeds: [Value] = []
    var fetches: [Value] = []
    let side = 6

    static func has(_ names: [String]) -> [String] { names.filter { Registry.all[$0] != nil } }

    init(_ random: inout TestGenerator) throws {
        let spec = TensorSpec(.float64, [side, side])
        for i in 0..<2 {
            feeds.append(try graph.placeholder(spec))
            variables.append(try Variable(.random([side, side], seed: UInt64(i) + 3)))
            variables.append(try Variable(.random([side, side], seed: UInt64(i) + 5)))
        }
        values = feeds + [try graph.constant(.random([side, side], seed: 9)), try graph.constant(0.5, spec)]
        for variable in variables { values.append(try graph.variable(variable)) }
        let unary = Self.has(["relu", "tanh", "sigmoid", "identity", "stop_gradient", "negative"])
        let binary = Self.has(["relu_backward", "matmul", "add", "multiply", "subtract", "maximum", "tanh_backward"])
        for _ in 0..<Int.random(in: 3...25, using: &random) {
            let x = pick(&random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                guard let op = unary.randomElement(using: &random) else { continue }
                values.append(try graph.apply(op, [x], [:])[0])
            case 3..<7:
                guard let op = binary.randomElement(using: &random) else { continue }
                let y = try graph.apply(op, [x, pick(&random)], [:])[0]
                // Keeps products of products small.
                values.append(Registry.all["tanh"] == nil ? y : try graph.apply("tanh", [y], [:])[0])
            case 7 where Registry.all["reshape"] != nil:
                let flat = try graph.apply("reshape", [x], ["shape": .ints([-1])])[0]
                values.append(try graph.apply("reshape", [flat], ["shape": .ints([side, side])])[0])
            case 8 where Registry.all["transpose"] != nil:
                values.append(try graph.apply("transpose", [x], ["perm": .ints([1, 0])])[0])
            default:
                let rate = try graph.constant(0.1, TensorSpec(.float64, []))
                guard let i = variables.indices.randomElement(using: &random) else { continue }
                let new = try graph.apply("sgd_update", [try graph.variable(variables[i]), x, rate], [:])[0]
                values.append(new)
                try graph.assign(variables[i], new)
            }
        }
        for variable in variables where Bool.random(using: &random) { try graph.assign(variable, pick(&random)) }
        for _ in 0..<Int.random(in: 0...4, using: &random) { fetches.append(pick(&random)) }
        // Feeding something in the middle replaces it.
        if Bool.random(using: &random) {
            let extra = pick(&random)
            if !feeds.contains(extra) { feeds.append(extra) }
        }
    }

    func pick(_ random: inout TestGenerator) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }

    /// Two runs from the same start: everything fetched and the variables afterwards.
    func outcome(_ options: Executable.Options) throws -> [[Double]] {
        for (i, variable) in variables.enumerated() { variable.content = .random([side, side], seed: 20 + UInt64(i)) }
        let executable = try Executable(graph, feeds: feeds, fetches: fetches, options: options)
        var numbers: [[Double]] = []
        for turn in 0..<2 {
            let inputs = feeds.indices.map { TestTensor.random([side, side], seed: UInt64(40 + 10 * turn + $0)) }
            numbers += try executable.run(inputs).map(\.numbers)
            numbers += variables.map(\.content.numbers)
        }
        return numbers
    }
}

@Suite struct FuzzTests {
    @Test func plansKeepEveryValueUntilItsLastReader() throws {
        for seed in 0..<400 {
            var random = TestGenerator(UInt64(seed))
            let made = try RandomGraph(&random)
            for passes in [true, false] {
                let executable = try Executable(
                    made.graph, feeds: made.feeds, fetches: made.fetches, options: .init(passes: passes, reuse: true))
                let problems = PlanCheck.problems(executable)
                #expect(problems.isEmpty, "seed \(seed), passes \(passes): \(problems)\n\(made.graph.text)")
            }
        }
    }

    @Test func plansAndPassesDoNotChangeResults() throws {
        for seed in 0..<200 {
            var random = TestGenerator(UInt64(seed))
            let made = try RandomGraph(&random)
            let plain = try made.outcome(.init(passes: false, reuse: false, threads: 1))
            #expect(try made.outcome(.init(passes: false, reuse: true, threads: 1)) == plain, "seed \(seed)\n\(made.graph.text)")
            let optimized = try made.outcome(.init(passes: true, reuse: true, threads: 1))
            for (a, b) in zip(optimized, plain) {
                #expect(largestError(a, b) <= 1e-9, "seed \(seed)\n\(made.graph.text)")
            }
            for threads in [2, 3] {
                let other = try made.outcome(.init(passes: true, reuse: true, threads: threads))
                let areSame = zip(optimized, other).allSatisfy { zip($0, $1).allSatisfy { $0.bitPattern == $1.bitPattern } }
                #expect(areSame, "seed \(seed), \(threads) threads")
            }
        }
    }

    /// With less memory than the plan would like, down to the least that the error names: sound plans and the same bits.
    @Test func limitsOfMemoryDoNotChangeResults() throws {
        var repeated = 0
        for seed in 0..<150 {
            var random = TestGenerator(UInt64(seed))
            let made = try RandomGraph(&random)
            func executable(_ limit: Int?) throws -> Executable {
                let settings = Settings.Values(memoryLimit: limit)
                return try Executable(made.graph, feeds: made.feeds, fetches: made.fetches, options: .init(threads: 1, settings: settings))
            }
            let whole = try executable(nil).plan.arenaBytes
            let least = try leastLimit { limit in _ = try executable(limit) } ?? whole
            let expected = try made.outcome(.init(threads: 1))
            for limit in Set([least, (least + whole) / 2]) {
                let tight = try executable(limit)
                let problems = PlanCheck.problems(tight)
                #expect(tight.plan.arenaBytes <= limit && problems.isEmpty, "seed \(seed): \(problems)\n\(made.graph.text)")
                repeated += tight.program.nodes.filter(\.isRepeated).count
                let found = try made.outcome(.init(threads: 1, settings: .init(memoryLimit: limit)))
                let areSame = zip(found, expected).allSatisfy { zip($0, $1).allSatisfy { $0.bitPattern == $1.bitPattern } }
                #expect(areSame, "seed \(seed), limit \(limit)\n\(made.graph.text)")
            }
        }
        #expect(repeated > 5)
    }

    @Test func checkFindsABadPlan() throws {
        // Two values that live at the same time, put at one place.
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [6, 6]))
        let a = try graph.apply("relu", [x], [:])[0]
        let b = try graph.apply("matmul", [x, x], [:])[0]
        let c = try graph.apply("matmul", [a, b], [:])[0]
        let good = try Executable(graph, feeds: [x], fetches: [c])
        #expect(PlanCheck.problems(good).isEmpty)
        var plan = good.plan
        for i in plan.buffers.indices {
            if case .arena = plan.buffers[i].place { plan.buffers[i].place = .arena(offset: 0) }
        }
        #expect(!PlanCheck.problems(program: good.program, plan: plan).isEmpty)
    }
}
