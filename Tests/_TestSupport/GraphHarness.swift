import Graph
import Ops
import TensorCore

extension Executable {
    /// Runs on tensors of tests. Nothing may be written behind an output.
    package func run(_ feeds: [TestTensor]) throws -> [TestTensor] {
        precondition(feeds.map(\.spec) == feedSpecs, "feeds \(feeds.map(\.spec)) do not match \(feedSpecs)")
        let inputs = feeds.map { TestMemory($0.bytes) }
        let outputs = fetchSpecs.map { TestMemory(bytes: $0.byteCount) }
        defer { withExtendedLifetime(inputs) {} }
        try run(feeds: inputs.map { UnsafeRawPointer($0.start) }, fetches: outputs.map { $0.start })
        return zip(fetchSpecs, outputs).map { spec, memory in
            precondition(memory.isIntact, "the executable wrote behind an output")
            return TestTensor(spec, bytes: memory.content)
        }
    }
}

extension Variable {
    /// The content, as tests see it.
    package var content: TestTensor {
        get { TestTensor(spec, reading: data) }
        set {
            precondition(newValue.spec == spec, "\(newValue.spec) for a variable of \(spec)")
            newValue.bytes.withUnsafeBytes { if let base = $0.baseAddress { data.copyMemory(from: base, byteCount: $0.count) } }
            touch()
        }
    }

    package convenience init(_ initial: TestTensor) throws(ConvError) {
        try self.init(initial.spec)
        content = initial
    }
}

extension Graph {
    package func constant(_ tensor: TestTensor) throws -> Value {
        let memory = TestMemory(tensor.bytes)
        defer { withExtendedLifetime(memory) {} }
        return try constant(tensor.spec, copying: memory.start)
    }
}
