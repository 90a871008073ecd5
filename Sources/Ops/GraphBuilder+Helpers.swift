import TensorCore

// What several gradient rules write.
extension GraphBuilder {
    /// A number of the type of `value`, shape ().
    func scalar(_ number: Double, like value: Value) throws(ConvError) -> Value {
        try constant(number, TensorSpec(spec(value).dtype, []))
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

    func reshape(_ value: Value, _ shape: [Int]) throws(ConvError) -> Value {
        try self("reshape", value, attributes: ["shape": .ints(shape)])
    }
}
