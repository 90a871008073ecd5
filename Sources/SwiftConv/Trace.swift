import Graph
import Ops
import Runtime
import TensorCore

/// A recording: while it is the current one, operations on its symbols write nodes, and parameters are read as variables.
///
/// Used by the task that records alone; `Sendable` only because tensors are.
final class Trace: @unchecked Sendable {
    @TaskLocal static var current: Trace?

    let graph = Graph()
    private var constants: [ObjectIdentifier: (storage: Storage, value: Value)] = [:]
    /// What layers added to the loss.
    private(set) var losses: [Tensor] = []
    private var pending: [ObjectIdentifier: Value] = [:]

    /// Calls `body` with this trace as the current one.
    func record<R>(_ body: () throws(SwiftConvError) -> R) throws(SwiftConvError) -> R {
        let result = Trace.$current.withValue(self) { () -> Result<R, SwiftConvError> in
            do throws(SwiftConvError) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func placeholder(_ spec: TensorSpec) throws(SwiftConvError) -> Tensor {
        let value = try engine { () throws(ConvError) in try graph.placeholder(spec) }
        return Tensor(spec, self, value)
    }

    func symbol(_ value: Value) -> Tensor { Tensor(graph.spec(value), self, value) }

    /// The graph's value of a tensor: its own symbols, and constants made from numbers.
    func value(of tensor: Tensor) throws(SwiftConvError) -> Value {
        switch tensor.content {
        case .symbol(let trace, let value):
            guard trace === self else {
                throw .invalidArgument("a symbolic tensor was used outside of the function that it was made in")
            }
            return value
        case .node:
            throw .invalidArgument(
                "a tensor of Input was used beside tensors of a function that is being recorded: give the function's own tensors to its layers"
            )
        case .numbers(let storage):
            if let known = constants[ObjectIdentifier(storage)], graph.spec(known.value) == tensor.spec { return known.value }
            let value = try engine { () throws(ConvError) in try graph.constant(tensor.spec, copying: storage.base) }
            constants[ObjectIdentifier(storage)] = (storage, value)
            return value
        }
    }

    /// The content of a parameter, after what was assigned so far.
    func read(_ variable: Variable) throws(SwiftConvError) -> Tensor {
        if let value = pending[ObjectIdentifier(variable)] { return symbol(value) }
        return symbol(try engine { () throws(ConvError) in try graph.variable(variable) })
    }

    func assign(_ variable: Variable, _ tensor: Tensor) throws(SwiftConvError) {
        let value = try value(of: tensor)
        try engine { () throws(ConvError) in try graph.assign(variable, value) }
        pending[ObjectIdentifier(variable)] = value
    }

    /// Adds a scalar to what training makes small, as activity regularizers do.
    func addLoss(_ loss: Tensor) { losses.append(loss) }

    func executable(_ feeds: [Tensor], _ fetches: [Tensor]) throws(SwiftConvError) -> Executable {
        var feedValues: [Value] = []
        for feed in feeds { feedValues.append(try value(of: feed)) }
        var fetchValues: [Value] = []
        for fetch in fetches { fetchValues.append(try value(of: fetch)) }
        return try engine { () throws(ConvError) in try Executable(graph, feeds: feedValues, fetches: fetchValues) }
    }
}

/// Applies an op of the engine: recorded if an input is a symbol, else at once.
func apply(_ op: String, _ inputs: [Tensor], _ attributes: Attributes = [:]) throws(SwiftConvError) -> [Tensor] {
    if inputs.contains(where: \.isNode) { return try FunctionalNode.apply(op, inputs, attributes) }
    if let trace = inputs.lazy.compactMap(\.recorder).first {
        var values: [Value] = []
        for input in inputs { values.append(try trace.value(of: input)) }
        let outputs = try engine { () throws(ConvError) in try trace.graph.apply(op, values, attributes) }
        return outputs.map { trace.symbol($0) }
    }
    var storages: [Storage] = []
    for input in inputs { storages.append(try input.storage(op)) }
    return try engine { () throws(ConvError) in
        let prepared = try EagerOps.prepared(op, inputs.map(\.spec), attributes)
        var results: [Storage] = []
        for spec in prepared.outputs { results.append(try Storage(bytes: spec.byteCount, for: "\(op): output \(spec)")) }
        let workspace = try Storage(bytes: prepared.op.workspaceBytes, for: "\(op): workspace")
        let sources = storages.map { UnsafeRawPointer($0.base) } + [UnsafeRawPointer(workspace.base)]
        let targets = results.map(\.base) + [workspace.base]
        var failure: ConvError?
        sources.withUnsafeBufferPointer { sources in
            targets.withUnsafeBufferPointer { targets in
                guard let inputs = sources.baseAddress, let outputs = targets.baseAddress else { return }
                do throws(ConvError) {
                    try withKernelFloatingPoint { () throws(ConvError) in
                        try prepared.op.run(OpArguments(inputs: inputs, outputs: outputs, workspace: workspace.base))
                    }
                } catch {
                    failure = error
                }
            }
        }
        withExtendedLifetime(storages) {}
        if let failure { throw failure }
        return zip(prepared.outputs, results).map { Tensor($0, $1) }
    }
}

/// `apply` of an op with one output.
func applyOne(_ op: String, _ inputs: [Tensor], _ attributes: Attributes = [:]) throws(SwiftConvError) -> Tensor {
    guard let first = try apply(op, inputs, attributes).first else { throw SwiftConvError(.internal, "\(op): gave no output") }
    return first
}

/// Ops bound to specs, kept for the next call with the same.
private enum EagerOps {
    struct Key: Hashable {
        var op: String
        var inputs: [TensorSpec]
        var attributes: Attributes
        /// The number of threads among them.
        var settings: UInt32
    }

    struct Entry {
        var op: PreparedOp
        var outputs: [TensorSpec]
    }

    private static let limit = 1024
    nonisolated(unsafe) private static var known: [Key: Entry] = [:]
    private static let lock = Lock()

    static func prepared(_ name: String, _ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> Entry {
        let key = Key(op: name, inputs: inputs, attributes: attributes, settings: Settings.version)
        lock.lock()
        let found = known[key]
        lock.unlock()
        if let found { return found }
        let op = try Registry.op(name)
        var outputs: [TensorSpec] = []
        for spec in try op.outputSpecs(inputs, attributes) { outputs.append(try spec.validated(name)) }
        let made = Entry(op: try op.prepare(inputs, outputs, attributes, PrepareContext(threads: ThreadCount.current)), outputs: outputs)
        lock.lock()
        if known.count >= limit { known.removeAll() }
        known[key] = made
        lock.unlock()
        return made
    }
}

extension Executable {
    /// Runs on tensors with numbers.
    func run(_ feeds: [Tensor]) throws(SwiftConvError) -> [Tensor] {
        guard feeds.map(\.spec) == feedSpecs else {
            throw .invalidArgument("run: expected tensors of \(feedSpecs), received \(feeds.map(\.spec))")
        }
        var sources: [UnsafeRawPointer?] = []
        for feed in feeds { sources.append(UnsafeRawPointer(try feed.storage("run").base)) }
        var results: [Storage] = []
        for spec in fetchSpecs {
            results.append(try engine { () throws(ConvError) in try Storage(bytes: spec.byteCount, for: "output \(spec)") })
        }
        let targets: [UnsafeMutableRawPointer?] = results.map(\.base)
        try engine { () throws(ConvError) in try run(feeds: sources, fetches: targets) }
        withExtendedLifetime(feeds) {}
        return zip(fetchSpecs, results).map { Tensor($0, $1) }
    }
}
