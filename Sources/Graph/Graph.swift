import Ops
import TensorCore

/// A recorded computation: values made by placeholders, constants, variables and applications of ops, and what variables shall hold at
/// the end of a run. Nodes stand in the order of their insertion, which is a topological one; specs are inferred on insertion.
///
/// Not to be changed from two threads at once. An `Executable` takes what it needs and does not notice later changes.
package final class Graph {
    /// An application of an op.
    package struct Node: Sendable {
        package let op: any Op
        package let attributes: Attributes
        package let inputs: [Value]
        package let outputs: [Value]
        /// The graph's `label` when the node was added: for reports.
        package let label: String
        /// Whether it was added by `gradients`.
        package let isGradient: Bool
    }

    /// Where a value comes from.
    package enum Source: Sendable {
        case placeholder
        case constant(Constant)
        case variable(Variable)
        case node(Int, output: Int)
    }

    package struct Assignment: Sendable {
        package let variable: Variable
        package var value: Value
    }

    package private(set) var nodes: [Node] = []
    package private(set) var sources: [Source] = []
    package private(set) var specs: [TensorSpec] = []
    package private(set) var assignments: [Assignment] = []
    /// Whose work the nodes added from now on are, such as the name of a layer. Their gradients get the same label.
    package var label = ""
    var addsGradients = false
    private var variableValues: [ObjectIdentifier: Value] = [:]
    private var splatValues: [SplatKey: Value] = [:]

    private struct SplatKey: Hashable {
        var bits: UInt64
        var spec: TensorSpec
    }

    package init() {}

    package var valueCount: Int { specs.count }

    private func add(_ spec: TensorSpec, _ source: Source) throws(ConvError) -> Value {
        guard specs.count < Int(Int32.max) else { throw .outOfMemory("graph: too many values") }
        specs.append(spec)
        sources.append(source)
        return Value(specs.count - 1)
    }

    /// `value` itself, if it is one of this graph.
    @discardableResult
    package func checked(_ value: Value, _ what: @autoclosure () -> String) throws(ConvError) -> Value {
        guard specs.indices.contains(value.id) else {
            throw .invalidArgument("\(what()): expected a value of this graph (0 to \(specs.count - 1)), received \(value.id)")
        }
        return value
    }

    /// What a run must be fed with.
    package func placeholder(_ spec: TensorSpec) throws(ConvError) -> Value {
        try add(try spec.validated("placeholder"), .placeholder)
    }

    /// A copy of the elements at `data`.
    package func constant(_ spec: TensorSpec, copying data: UnsafeRawPointer) throws(ConvError) -> Value {
        let spec = try spec.validated("constant")
        let storage = try Storage(copying: data, bytes: spec.byteCount, for: "constant of spec \(spec)")
        return try add(spec, .constant(Constant(spec, storage: storage)))
    }

    /// The content of `variable` before the run. The same value, however often it is asked for.
    package func variable(_ variable: Variable) throws(ConvError) -> Value {
        if let known = variableValues[ObjectIdentifier(variable)] { return known }
        let value = try add(variable.spec, .variable(variable))
        variableValues[ObjectIdentifier(variable)] = value
        return value
    }

    package func apply(_ op: any Op, _ inputs: [Value], _ attributes: Attributes) throws(ConvError) -> [Value] {
        for (i, input) in inputs.enumerated() { try checked(input, "\(op.name): input \(i)") }
        let outputSpecs = try op.outputSpecs(inputs.map { specs[$0.id] }, attributes)
        var outputs: [Value] = []
        for (i, spec) in outputSpecs.enumerated() {
            outputs.append(try add(try spec.validated(op.name), .node(nodes.count, output: i)))
        }
        nodes.append(
            Node(op: op, attributes: attributes, inputs: inputs, outputs: outputs, label: label, isGradient: addsGradients))
        return outputs
    }

    /// At the end of a run `variable` holds `value`. A later assignment to the same variable replaces an earlier one.
    package func assign(_ variable: Variable, _ value: Value) throws(ConvError) {
        try checked(value, "assign: value")
        guard specs[value.id] == variable.spec else {
            throw .invalidArgument("assign: expected \(variable.spec), the spec of the variable, received \(specs[value.id])")
        }
        if let i = assignments.firstIndex(where: { $0.variable === variable }) {
            assignments[i].value = value
        } else {
            assignments.append(Assignment(variable: variable, value: value))
        }
    }

    /// The spec of a value that may not exist.
    package func checkedSpec(_ value: Value) throws(ConvError) -> TensorSpec {
        specs[try checked(value, "graph").id]
    }
}

extension Graph: GraphBuilder {
    /// The spec of a value of this graph.
    package func spec(_ value: Value) -> TensorSpec {
        specs.indices.contains(value.id) ? specs[value.id] : TensorSpec(.float32, [])
    }

    package func apply(_ op: String, _ inputs: [Value], _ attributes: Attributes) throws(ConvError) -> [Value] {
        try apply(try Registry.op(op), inputs, attributes)
    }

    package func constant(_ number: Double, _ spec: TensorSpec) throws(ConvError) -> Value {
        let spec = try spec.validated("constant")
        guard isRepresentable(number, spec.dtype) else {
            throw .invalidArgument("constant: expected a number that \(spec.dtype) can hold, received \(number)")
        }
        let key = SplatKey(bits: number.bitPattern, spec: spec)
        if let known = splatValues[key] { return known }
        let value = try add(spec, .constant(Constant(number, spec)))
        splatValues[key] = value
        return value
    }
}
