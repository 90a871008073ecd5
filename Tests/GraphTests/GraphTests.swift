import Ops
import TensorCore
import Testing
import _TestSupport

@testable import Graph

@Suite struct GraphTests {
    @Test func runsOneOp() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [2, 2]))
        let y = try graph.apply("relu", [x], [:])[0]
        let executable = try Executable(graph, feeds: [x], fetches: [y])
        let result = try executable.run([TestTensor(.float32, [2, 2], [-1, 2, -3, 4])])
        #expect(result[0].numbers == [0, 2, 0, 4])
    }

    @Test func fetchesMayBeFeedsConstantsVariablesAndTwiceTheSame() throws {
        let graph = Graph()
        let variable = try Variable(TestTensor(.float32, [2], [5, -6]))
        let x = try graph.placeholder(TensorSpec(.float32, [2]))
        let c = try graph.constant(3, TensorSpec(.float32, [2]))
        let v = try graph.variable(variable)
        let y = try graph.apply("relu", [v], [:])[0]
        let executable = try Executable(graph, feeds: [x], fetches: [x, c, v, y, y])
        let result = try executable.run([TestTensor(.float32, [2], [1, 2])])
        #expect(result.map(\.numbers) == [[1, 2], [3, 3], [5, -6], [5, 0], [5, 0]])
        variable.content = TestTensor(.float32, [2], [-5, 6])
        #expect(try executable.run([TestTensor(.float32, [2], [1, 2])]).map(\.numbers)[3] == [0, 6])
    }

    @Test func feedsOfIntermediateValuesReplaceThem() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [2]))
        let y = try graph.apply("relu", [x], [:])[0]
        let z = try graph.apply("relu", [y], [:])[0]
        let executable = try Executable(graph, feeds: [y], fetches: [z])
        #expect(try executable.run([TestTensor(.float32, [2], [-1, 2])])[0].numbers == [0, 2])
    }

    @Test func variablesSwapTheirContents() throws {
        let a = try Variable(TestTensor(.float32, [2], [1, 2]))
        let b = try Variable(TestTensor(.float32, [2], [3, 4]))
        for options in [Executable.Options(), Executable.Options(passes: false, reuse: false)] {
            let graph = Graph()
            try graph.assign(a, try graph.variable(b))
            try graph.assign(b, try graph.variable(a))
            let before = (a.content, b.content)
            _ = try Executable(graph, feeds: [], fetches: [], options: options).run([])
            #expect(a.content == before.1)
            #expect(b.content == before.0)
        }
    }

    @Test func readsOfAVariableSeeItsOldContent() throws {
        for options in [Executable.Options(), Executable.Options(passes: false, reuse: false)] {
            let variable = try Variable(TestTensor(.float32, [2], [-1, 2]))
            let graph = Graph()
            let old = try graph.variable(variable)
            let new = try graph.apply("relu", [old], [:])[0]
            try graph.assign(variable, new)
            let executable = try Executable(graph, feeds: [], fetches: [new, old], options: options)
            let result = try executable.run([])
            #expect(result.map(\.numbers) == [[0, 2], [-1, 2]])
            #expect(variable.content.numbers == [0, 2])
            #expect(variable.version >= 2)
        }
    }

    @Test func misuseThrows() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [2]))
        let y = try graph.apply("relu", [x], [:])[0]
        #expect(throws: ConvError.self) { try Executable(graph, feeds: [], fetches: [y]) }
        #expect(throws: ConvError.self) { try Executable(graph, feeds: [x, x], fetches: [y]) }
        #expect(throws: ConvError.self) { try Executable(graph, feeds: [x], fetches: [Value(99)]) }
        #expect(throws: ConvError.self) { try Executable(graph, feeds: [Value(-1)], fetches: [y]) }
        #expect(throws: ConvError.self) { try graph.apply("relu", [Value(7)], [:]) }
        #expect(throws: ConvError.self) { try graph.apply("no such op", [x], [:]) }
        #expect(throws: ConvError.self) { try graph.assign(try Variable(TensorSpec(.float32, [3])), y) }
        #expect(throws: ConvError.self) { try graph.constant(0.5, TensorSpec(.int32, [3])) }
        #expect(throws: ConvError.self) { try graph.placeholder(TensorSpec(.float32, [-1])) }
        #expect(throws: ConvError.self) { try graph.gradients(of: [y], seeds: [], to: [Value(50)]) }
        #expect(throws: ConvError.self) { try graph.gradients(of: [y], seeds: [Value(50)], to: [x]) }
        let executable = try Executable(graph, feeds: [x], fetches: [y])
        #expect(throws: ConvError.self) { try executable.run(feeds: nil, fetches: nil) }
    }

    @Test func descriptionsNameTheOps() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [2]))
        let y = try graph.apply("relu", [x], [:])[0]
        #expect(graph.text == "%0: float32(2,) = placeholder\n%1: float32(2,) = relu(%0)")
        #expect(graph.describe().contains(#""op": "relu", "inputs": [0], "outputs": [1]"#))
        let plan = try Executable(graph, feeds: [x], fetches: [y]).describe()
        #expect(plan.contains(#""algorithm": "elementwise""#))
        #expect(plan.contains(#""place": "fetch""#))
    }

    @Test func emptyTensorsRun() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [0, 2]))
        let y = try graph.apply("relu", [x], [:])[0]
        let executable = try Executable(graph, feeds: [x], fetches: [y])
        #expect(try executable.run([TestTensor(.float32, [0, 2], [])])[0].numbers == [])
    }
}

@Suite struct AutodiffTests {
    @Test func gradientOfReluAgreesWithDifferences() throws {
        let report = try checkGradient("relu", [.random([3, 5])])
        #expect(report.isGood, "\(report)")
    }

    @Test func unconnectedSourcesHaveNoGradient() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [2]))
        let other = try graph.placeholder(TensorSpec(.float32, [2]))
        let y = try graph.apply("relu", [x], [:])[0]
        let gradients = try graph.gradients(of: [y], seeds: [nil], to: [other, y, x])
        #expect(gradients[0] == nil)
        #expect(gradients[1] != nil)
        #expect(gradients[2] != nil)
    }
}
