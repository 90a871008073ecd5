import TensorCore

/// The gradient rule of every arithmetic binary op; each gradient is summed over the axes along which its operand was broadcast.
func binaryGradient(_ name: String, _ call: OpCall, _ dz: Value, _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
    let x = call.inputs[0]
    let y = call.inputs[1]
    guard graph.spec(x).dtype.isFloating else { return [nil, nil] }
    var dx: Value?
    var dy: Value?
    switch name {
    case "add":
        dx = dz
        dy = dz
    case "subtract":
        dx = dz
        // summed first: fewer elements to negate
        return [try graph.sum(dz, toShape: graph.spec(x).shape), try graph("negative", try graph.sum(dz, toShape: graph.spec(y).shape))]
    case "multiply":
        dx = try graph("multiply", dz, y)
        dy = try graph("multiply", dz, x)
    case "divide":
        let quotient = try graph("divide", dz, y)
        dx = quotient
        dy = try graph("multiply", try graph("negative", quotient), call.outputs[0])
    case "power":
        let zero = try graph.scalar(0, like: x)
        let one = try graph.scalar(1, like: x)
        dx = try graph("multiply", dz, try graph("multiply", y, try graph("power", x, try graph("subtract", y, one))))
        // log(x) counts only where x > 0, as in TensorFlow
        let isPositive = try graph("greater", x, zero)
        let logarithm = try graph("select", isPositive, try graph("log", try graph("select", isPositive, x, one)), zero)
        dy = try graph("multiply", dz, try graph("multiply", call.outputs[0], logarithm))
    case "maximum", "minimum":
        let zero = try graph.scalar(0, like: x)
        let xWins = try graph(name == "maximum" ? "greater_equal" : "less_equal", x, y)
        dx = try graph("select", xWins, dz, zero)
        dy = try graph("select", xWins, zero, dz)
    case "squared_difference":
        let twice = try graph("multiply", dz, try graph.scalar(2, like: x))
        let g = try graph("multiply", twice, try graph("subtract", x, y))
        dx = g
        dy = try graph("negative", g)
    case "mod":  // x - y · floor(x / y)
        dx = dz
        dy = try graph("multiply", dz, try graph("negative", try graph("floor_divide", x, y)))
    default: return [nil, nil]  // floor_divide: flat
    }
    return [
        try graph.sumIfAny(dx, toShapeOf: x),
        try graph.sumIfAny(dy, toShapeOf: y),
    ]
}

extension GraphBuilder {
    fileprivate func sumIfAny(_ gradient: Value?, toShapeOf operand: Value) throws(ConvError) -> Value? {
        guard let gradient else { return nil }
        return try sum(gradient, toShape: spec(operand).shape)
    }
}
