import TensorCore

/// The gradient rule of every unary function: a kernel of its own, or a composition.
func unaryGradient(_ call: OpCall, _ dy: Value, _ graph: any GraphBuilder, name: String) throws(ConvError) -> Value? {
    let x = call.inputs[0]
    let y = call.outputs[0]
    switch name {
    case "relu", "relu6", "sigmoid", "tanh": return try graph("\(name)_backward", dy, y)
    case "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "clip":
        return try graph("\(name)_backward", dy, x, attributes: call.attributes)
    case "exp": return try graph("multiply", dy, y)
    case "expm1": return try graph("multiply", dy, try graph("add", y, try graph.scalar(1, like: y)))
    case "log": return try graph("divide", dy, x)
    case "log1p": return try graph("divide", dy, try graph("add", x, try graph.scalar(1, like: x)))
    case "sqrt": return try graph("divide", try graph("multiply", dy, try graph.scalar(0.5, like: y)), y)
    case "rsqrt":  // -y³ / 2
        let cube = try graph("multiply", try graph("square", y), y)
        return try graph("multiply", try graph("multiply", dy, try graph.scalar(-0.5, like: y)), cube)
    case "square": return try graph("multiply", try graph("multiply", dy, try graph.scalar(2, like: x)), x)
    case "abs": return try graph("multiply", dy, try graph("sign", x))
    case "negative": return try graph("negative", dy)
    case "reciprocal": return try graph("multiply", try graph("negative", dy), try graph("square", y))
    case "erf":
        let bell = try graph("exp", try graph("negative", try graph("square", x)))
        return try graph("multiply", dy, try graph("multiply", bell, try graph.scalar(1.1283791670955126, like: x)))
    case "sin": return try graph("multiply", dy, try graph("cos", x))
    case "cos": return try graph("negative", try graph("multiply", dy, try graph("sin", x)))
    case "softsign":
        let root = try graph("add", try graph("abs", x), try graph.scalar(1, like: x))
        return try graph("divide", dy, try graph("square", root))
    case "mish":  // tanh(s) + x · (1 - tanh²(s)) · sigmoid(x), s = softplus(x)
        let t = try graph("tanh", try graph("softplus", x))
        let slope = try graph("tanh_backward", try graph("sigmoid", x), t)
        return try graph("multiply", dy, try graph("add", t, try graph("multiply", x, slope)))
    case "hard_sigmoid":
        return try graph("multiply", try graph.hardGate(dy, x), try graph.scalar(1 / 6, like: x))
    case "hard_silu":  // hard_sigmoid(x) + x / 6 between -3 and 3
        let inner = try graph("multiply", try graph.hardGate(x, x), try graph.scalar(1 / 6, like: x))
        return try graph("multiply", dy, try graph("add", try graph("hard_sigmoid", x), inner))
    default: return nil  // sign, floor, ceil, round: flat; the others have no gradient
    }
}

extension UnaryOp {
    func unaryGradient(_ call: OpCall, _ dy: Value, _ graph: any GraphBuilder) throws(ConvError) -> Value? {
        try Ops.unaryGradient(call, dy, graph, name: name)
    }
}

extension GraphBuilder {
    /// `v` where -3 < x < 3, else 0: the slope of relu6(x + 3).
    fileprivate func hardGate(_ v: Value, _ x: Value) throws(ConvError) -> Value {
        try self("relu6_backward", v, try self("add", x, try scalar(3, like: x)))
    }
}

/// The gradients of a backward kernel: of dx = dy · f'(v) with respect to dy and v (second derivatives).
func unaryBackwardGradient(_ name: String, _ call: OpCall, _ g: Value, _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
    let dy = call.inputs[0]
    let v = call.inputs[1]
    let toDy = try graph(name, g, v, attributes: call.attributes)
    switch name {
    case "sigmoid_backward":  // f' = y (1 - y)
        let slope = try graph("subtract", try graph.scalar(1, like: v), try graph("add", v, v))
        return [toDy, try graph("multiply", try graph("multiply", g, dy), slope)]
    case "tanh_backward":  // f' = 1 - y²
        let slope = try graph("multiply", v, try graph.scalar(-2, like: v))
        return [toDy, try graph("multiply", try graph("multiply", g, dy), slope)]
    case "elu_backward", "selu_backward":
        // below 0 the slope is its own derivative
        let zero = try graph.scalar(0, like: v)
        let slope = try graph(name, try graph("multiply", g, dy), v, attributes: call.attributes)
        return [toDy, try graph("select", try graph("less", v, zero), slope, zero)]
    case "softplus_backward":
        let s = try graph("sigmoid", v)
        return [toDy, try graph("sigmoid_backward", try graph("multiply", g, dy), s)]
    case "relu_backward", "relu6_backward", "leaky_relu_backward", "clip_backward":
        return [toDy, nil]  // piecewise constant
    default:
        throw .unsupported("\(name): its own gradient (a second derivative) with respect to \"x\" is not available")
    }
}
