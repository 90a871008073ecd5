import TensorCore

/// A value in a graph: an op's output, a placeholder, a constant or a variable's content. Ids are dense from 0.
package struct Value: Sendable, Hashable {
    package var id: Int
    package init(_ id: Int) { self.id = id }
}

/// What a gradient rule writes its nodes through. Graph implements it, so that the arrow points down.
package protocol GraphBuilder: AnyObject {
    func spec(_ value: Value) -> TensorSpec
    func apply(_ op: String, _ inputs: [Value], _ attributes: Attributes) throws(ConvError) -> [Value]
    /// A tensor all of whose elements are `number`.
    func constant(_ number: Double, _ spec: TensorSpec) throws(ConvError) -> Value
    /// The gradients of the sum of `targets · seeds` (nil: ones) with respect to `sources`; nil where nothing connects them.
    func gradients(of targets: [Value], seeds: [Value?], to sources: [Value]) throws(ConvError) -> [Value?]
}

extension GraphBuilder {
    /// `apply` of an op with one output.
    package func callAsFunction(_ op: String, _ inputs: Value..., attributes: Attributes = [:]) throws(ConvError) -> Value {
        try apply(op, inputs, attributes)[0]
    }
}

/// A recorded application of an op, as its gradient rule sees it.
package struct OpCall: Sendable {
    package var inputs: [Value]
    package var outputs: [Value]
    package var attributes: Attributes

    package init(inputs: [Value], outputs: [Value], attributes: Attributes) {
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
    }
}

/// What an op may be to the convolution or matmul whose output it consumes (see the fusion pass).
package enum EpilogueRole: Sendable, Hashable {
    case none
    /// Input 0 plus input 1 along the last axis.
    case bias
    /// A function of input 0 alone that the epilogue of a kernel can apply, by its name, with its parameter.
    case activation(String, alpha: Double)
}

/// One operation: its name, its shape rule with every check, how it runs, its gradient. One file = one op.
package protocol Op: Sendable {
    /// The name in graphs, in the ABI and in `docs/ops/`.
    var name: String { get }

    /// The shape rule. All checks of meaning are here: `prepare` and the kernels rely on them.
    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec]

    /// Chooses the algorithm for these specs. `outputs` is what `outputSpecs` gave.
    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp

    /// The gradients with respect to each input, in order; nil where there is none. `outputGradients` has nil where nothing flows.
    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?]

    /// For each output the input whose memory it may take over (the kernel reads an element before it writes it); nil where none.
    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?]

    /// Whether row i (of the first axis) of every output depends on row i of the `batched` inputs and on the whole of the others: then it
    /// may be computed for a part of the rows at a time.
    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool

    /// The attributes for the first axis cut to `rows`; asked for where the op is row by row.
    func attributes(_ attributes: Attributes, rows: Int) -> Attributes

    /// What this op could be to the op that feeds it.
    func epilogueRole(_ inputs: [TensorSpec], _ attributes: Attributes) -> EpilogueRole

    /// The attributes of this op after it has taken over `role`, or nil if it cannot. A bias becomes one more input, at the end.
    func absorbing(_ role: EpilogueRole, _ inputs: [TensorSpec], _ attributes: Attributes) -> Attributes?
}

extension Op {
    package func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        call.inputs.map { _ in nil }
    }
    package func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] {
        outputs.map { _ in nil }
    }
    package func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { false }
    package func attributes(_ attributes: Attributes, rows: Int) -> Attributes { attributes }
    package func epilogueRole(_ inputs: [TensorSpec], _ attributes: Attributes) -> EpilogueRole { .none }
    package func absorbing(_ role: EpilogueRole, _ inputs: [TensorSpec], _ attributes: Attributes) -> Attributes? { nil }

    /// Whether the first input alone has rows of its own: a function of it and of parameters.
    func onlyFirst(_ batched: [Bool]) -> Bool { batched.first == true && !batched.dropFirst().contains(true) }

    /// Throws unless there are `counts` inputs.
    package func expectInputs(_ inputs: [TensorSpec], _ counts: ClosedRange<Int>) throws(ConvError) {
        guard counts.contains(inputs.count) else {
            let expected = counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
            throw .invalidArgument("\(name): expected \(expected) inputs, received \(inputs.count)")
        }
    }

    /// Throws unless `inputs[index]` is float32 or float64.
    package func expectFloating(_ inputs: [TensorSpec], _ index: Int, _ argument: String) throws(ConvError) {
        guard inputs[index].dtype.isFloating else {
            throw .wrongType("\(name): \(argument): expected float32 or float64, received \(inputs[index].dtype)")
        }
    }
}
