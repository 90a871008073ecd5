import TensorCore

// What several gradient rules write.
extension GraphBuilder {
    /// A number of the type of `value`, shape ().
    func scalar(_ number: Double, like value: Value) throws(ConvError) -> Value {
        try constant(number, TensorSpec(spec(value).dtype, []))
    }

    /// `value` added to what flows already, if anything does.
    func adding(_ value: Value, to before: Value?) throws(ConvError) -> Value {
        guard let before else { return value }
        return try self("add", before, value)
    }

    /// `dy` summed over the axes along which an operand of `shape` was broadcast; the gradient of that operand.
    func sum(_ dy: Value, toShape shape: [Int]) throws(ConvError) -> Value {
        let from = spec(dy).shape
        if from == shape { return dy }
        let extra = from.count - shape.count
        let axes = from.indices.filter { $0 < extra || (shape[$0 - extra] == 1 && from[$0] != 1) }
        let summed = axes.isEmpty ? dy : try self("reduce_sum", dy, attributes: ["axes": .ints(axes)])
        return spec(summed).shape == shape ? summed : try reshape(summed, shape)
    }

    /// What `formula` of `inputs` hands back, differentiated: the rule of an op whose kernel has no gradient of its own, from the same
    /// calculation written in ops that have one. A formula's result counts where `outputGradients` has something for it.
    func gradients(
        ofFormula inputs: [Value], _ outputGradients: [Value?], _ formula: ([Value]) throws(ConvError) -> [Value]
    ) throws(ConvError) -> [Value?] {
        // Of its own values, so that nothing flows on to what the inputs were computed from.
        var own: [Value] = []
        for input in inputs { own.append(try self("identity", input)) }
        let reached = zip(try formula(own), outputGradients).filter { $0.1 != nil }
        return try gradients(of: reached.map(\.0), seeds: reached.map(\.1), to: own)
    }

    func reshape(_ value: Value, _ shape: [Int]) throws(ConvError) -> Value {
        try self("reshape", value, attributes: ["shape": .ints(shape)])
    }
}
