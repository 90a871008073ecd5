import TensorCore

/// What losses, metrics and optimizers need beside the public operations.
extension Tensor {
    /// `number` as a scalar of this tensor's type.
    func number(_ number: Double) throws(SwiftConvError) -> Tensor { try Tensor.full([], number, dtype: dtype) }
    /// `base` to the power of each element.
    func asPower(of base: Double) throws(SwiftConvError) -> Tensor { try applyOne("power", [try number(base), self]) }
    /// 1 where this element is larger than `number`, else 0.
    func isAbove(_ number: Double) throws(SwiftConvError) -> Tensor { try greater(try self.number(number)).cast(to: dtype) }
    /// float32, unless it is floating already.
    func asFloating() throws(SwiftConvError) -> Tensor { spec.dtype.isFloating ? self : try cast(to: .float32) }

    /// The input of the softmax (or sigmoid) that made this symbol; nil for others.
    func input(ofOp name: String) -> Tensor? {
        guard case .symbol(let trace, let value) = content, trace.graph.sources.indices.contains(value.id),
            case .node(let number, _) = trace.graph.sources[value.id]
        else { return nil }
        let node = trace.graph.nodes[number]
        guard node.op.name == name, let input = node.inputs.first else { return nil }
        return trace.symbol(input)
    }
}
