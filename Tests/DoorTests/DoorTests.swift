import Foundation
import Graph
import Ops
import Runtime
import TensorCore
import Testing
import _TestSupport

/// The stored reference cases and trainings through Swift, with results that pytests/test_doors.py compares bit by bit with Python's and
/// C's. It runs them in a process of their own, for they set the seed, and asks for the file of results.
@Suite(.enabled(if: Results.requestedPath != nil)) struct DoorTests {
    private static let families = ["convolution", "dense", "pooling", "normalization", "elementwise", "reduction", "movement", "loss"]

    @Test func resultsOfThisDoor() throws {
        var results = Results()
        for family in Self.families {
            for reference in try ReferenceCase.load(family) {
                try outputs(of: reference, &results)
                try gradients(of: reference, &results)
            }
        }
        for reference in try ReferenceCase.load("optimizer") { try updates(of: reference, &results) }
        for reference in try ReferenceCase.load("training") where reference.name.hasPrefix("plain-") {
            try storedTraining(reference, &results)
        }
        try digits(&results)
        try results.write()
    }

    private func outputs(of reference: ReferenceCase, _ results: inout Results) throws {
        let graph = Graph()
        let inputs = try reference.inputs.map { try graph.placeholder($0.spec) }
        // Alone, as a call of the op is: a graph would fold and fuse.
        let op = try Registry.op(reference.op)
        let specs = inputs.map { graph.spec($0) }
        let outputs = try op.outputSpecs(specs, reference.attributes)
        let received = try run(op, reference.inputs.map { ($0.spec, $0.bytes) }, outputs, reference.attributes)
        for (k, block) in received.enumerated() { results.add(reference.description, "output", k, block.content(outputs[k])) }
    }

    private func run(
        _ op: any Op, _ inputs: [(spec: TensorSpec, bytes: [UInt8])], _ outputs: [TensorSpec], _ attributes: Attributes
    ) throws -> [Block] {
        let prepared = try op.prepare(inputs.map(\.spec), outputs, attributes, PrepareContext(threads: ThreadCount.current))
        let ins = inputs.map { Block($0.spec, $0.bytes) }
        let outs = outputs.map { Block($0) }
        let workspace = Block(TensorSpec(.uint8, [prepared.workspaceBytes]))
        let sources = ins.compactMap { $0.memory.baseAddress.map { UnsafeRawPointer($0) } }
        let targets = outs.compactMap(\.memory.baseAddress)
        try sources.withUnsafeBufferPointer { sources in
            try targets.withUnsafeBufferPointer { targets in
                // An op without inputs reads none: any address will do.
                let base = try #require(targets.baseAddress)
                let first = sources.baseAddress ?? UnsafeRawPointer(base).assumingMemoryBound(to: UnsafeRawPointer.self)
                let scratch = try #require(workspace.memory.baseAddress)
                try withKernelFloatingPoint { () throws(ConvError) in
                    try prepared.run(OpArguments(inputs: first, outputs: base, workspace: scratch))
                }
            }
        }
        withExtendedLifetime(ins) {}
        return outs
    }

    private func gradients(of reference: ReferenceCase, _ results: inout Results) throws {
        guard let expected = reference.inputGradients, let seedArrays = reference.outputGradients else { return }
        let graph = Graph()
        let inputs = try reference.inputs.map { try graph.placeholder($0.spec) }
        let outputs = try graph.apply(reference.op, inputs, reference.attributes)
        var targets: [Value] = []
        var seeds: [Value] = []
        var feeds = reference.inputs
        for (output, seed) in zip(outputs, seedArrays) {
            guard let seed else { continue }
            targets.append(output)
            seeds.append(try graph.placeholder(seed.spec))
            feeds.append(seed)
        }
        let wanted = expected.indices.filter { expected[$0] != nil }
        let found = try graph.gradients(of: targets, seeds: seeds.map { $0 }, to: wanted.map { inputs[$0] })
        let fetches = zip(wanted, found).compactMap { index, value in value.map { (index, $0) } }
        let executable = try Executable(graph, feeds: inputs + seeds, fetches: fetches.map(\.1))
        let ins = feeds.map { Block($0.spec, $0.bytes) }
        let outs = fetches.map { Block(graph.spec($0.1)) }
        let sources: [UnsafeRawPointer?] = ins.map { $0.memory.baseAddress.map { UnsafeRawPointer($0) } }
        let targetsOfRun: [UnsafeMutableRawPointer?] = outs.map(\.memory.baseAddress)
        try withKernelFloatingPoint { () throws(ConvError) in try executable.run(feeds: sources, fetches: targetsOfRun) }
        for (fetch, block) in zip(fetches, outs) {
            results.add(reference.description, "gradient", fetch.0, block.content(graph.spec(fetch.1)))
            guard let dx = expected[fetch.0] else { continue }
            if let difference = difference(decode(block.content(dx.spec), dx.spec), dx, factor: 4) {
                Issue.record("\(reference), gradient of input \(fetch.0): \(difference)")
            }
        }
        withExtendedLifetime(ins) {}
    }

    private func updates(of reference: ReferenceCase, _ results: inout Results) throws {
        let op = try Registry.op(reference.op)
        let dtype = try #require(reference.inputs.first).spec.dtype
        let rate = try #require(reference.learningRate)
        let rateBytes = dtype == .float64 ? withUnsafeBytes(of: rate, Array.init) : withUnsafeBytes(of: Float(rate), Array.init)
        var state = reference.inputs.map(\.bytes)
        let specs = reference.inputs.map(\.spec)
        for (t, step) in reference.steps.enumerated() {
            let gradient = try #require(step["gradient"]?.first)
            var inputs =
                zip(specs, state).map { (spec: $0, bytes: $1) } + [(gradient.spec, gradient.bytes), (TensorSpec(dtype, []), rateBytes)]
            if reference.op == "adam_update" { inputs.append((TensorSpec(.int64, []), withUnsafeBytes(of: Int64(t + 1), Array.init))) }
            let received = try run(op, inputs, specs, reference.attributes)
            for (k, block) in received.enumerated() {
                let content = block.content(specs[k])
                results.add(reference.description, "state", t * 16 + k, content)
                state[k] = Array(content)
                let expected = try #require(step["state"])[k]
                // Keras rounds its constants to float32 on the way even when it computes in float64.
                if let difference = difference(decode(content, specs[k]), expected, factor: dtype == .float64 ? 1e4 : 4) {
                    Issue.record("\(reference), state \(k) after step \(t): \(difference)")
                }
            }
        }
    }
}
