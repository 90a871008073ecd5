import Foundation
import Ops
import TensorCore
import Testing
import _TestSupport

@testable import Graph

@Suite struct SavedGraphTests {
    /// A name of a file that does not exist yet, removed afterwards.
    private func withPath<R>(_ body: (String) throws -> R) throws -> R {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("swiftconv-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    /// All kinds of values and attributes: infinities, whole numbers that are doubles, lists, words, a fill of NaN, two outputs of one op.
    @Test func graphComesBackAsItWas() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [1, 4, 4, 2]))
        let clipped = try graph.apply("clip", [x], ["min": .double(-.infinity), "max": .double(2)])[0]
        let padded = try graph.apply(
            "pad", [clipped], ["paddings": .ints([0, 0, 1, 2, 0, 1, 0, 0]), "value": .double(0.1), "mode": .string("constant")])[0]
        let pooled = try graph.apply("max_pool2d_with_argmax", [padded], ["ksize": .ints([2, 2]), "strides": .ints([2, 2])])
        let nans = try graph.constant(.nan, graph.spec(pooled[0]))
        let sum = try graph.apply("select", [try graph.apply("is_nan", [nans], [:])[0], pooled[0], nans], [:])[0]
        let unused = try graph.apply("exp", [x], [:])[0]
        _ = unused
        let input = TestTensor.random([1, 4, 4, 2], .float32, seed: 3, low: -3, high: 3)
        let expected = try Executable(graph, feeds: [x], fetches: [sum, pooled[1]]).run([input])

        try withPath { path in
            try graph.save(inputs: [x], outputs: [sum, pooled[1]], to: path)
            let loaded = try Graph.load(path)
            #expect(loaded.graph.nodes.map(\.op.name) == ["clip", "pad", "max_pool2d_with_argmax", "is_nan", "select"])
            #expect(loaded.graph.nodes.map(\.attributes) == graph.nodes.filter { $0.op.name != "exp" }.map(\.attributes))
            #expect(loaded.graph.spec(loaded.outputs[1]) == TensorSpec(.int64, graph.spec(pooled[1]).shape))
            #expect(try Executable(loaded.graph, feeds: loaded.inputs, fetches: loaded.outputs).run([input]) == expected)
        }
    }

    @Test func variablesAreSavedWithTheirContentOfNow() throws {
        let graph = Graph()
        let variable = try Variable(TensorSpec(.float64, [3]))
        variable.data.storeBytes(of: 1.5, as: Double.self)
        let value = try graph.variable(variable)
        let doubled = try graph.apply("add", [value, value], [:])[0]
        try graph.assign(variable, doubled)
        try withPath { path in
            try graph.save(inputs: [], outputs: [doubled], to: path)
            variable.data.storeBytes(of: 7, as: Double.self)
            let loaded = try Graph.load(path)
            #expect(loaded.graph.assignments.isEmpty)
            #expect(try Executable(loaded.graph, feeds: [], fetches: loaded.outputs).run([]) == [TestTensor(.float64, [3], [3, 0, 0])])
        }
    }

    @Test func filesOfOtherKindsAreRefused() throws {
        try withPath { path in
            #expect(throws: ConvError.self) { try Graph.load(path) }
            try Safetensors.write([], metadata: [("format", "pt")], to: path)
            #expect(throws: ConvError.self) { try Graph.load(path) }
            let next = "{\"version\": 2, \"inputs\": [], \"outputs\": [], \"steps\": []}"
            try Safetensors.write([], metadata: [("format", "swiftconv.graph"), ("graph", next)], to: path)
            #expect { try Graph.load(path) } throws: { ($0 as? ConvError)?.kind == .unsupported }
            let cycle =
                "{\"version\": 1, \"inputs\": [], \"outputs\": [0], \"steps\": [{\"op\": \"exp\", \"inputs\": [0], \"attributes\": {}}]}"
            try Safetensors.write([], metadata: [("format", "swiftconv.graph"), ("graph", cycle)], to: path)
            #expect { try Graph.load(path) } throws: { ($0 as? ConvError)?.kind == .invalidArgument }
        }
    }
}
