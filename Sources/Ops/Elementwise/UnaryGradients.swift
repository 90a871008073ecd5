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
    case "gelu_backward", "silu_backward":
        let curvature =
            try name == "silu_backward"
            ? siluCurvature(v, graph)
            : try call.attributes.bool("approximate", default: false) ? geluTanhCurvature(v, graph) : geluCurvature(v, graph)
        return [toDy, try graph("multiply", try graph("multiply", g, dy), curvature)]
    default: return [toDy, try graph.constant(0, graph.spec(v))]  // relu, relu6, leaky_relu, clip: slopes are constant piece by piece
    }
}

/// `x` between bounds beyond which the curvatures below are 0 in every type: products with infinity are not met.
private func bounded(_ x: Value, _ graph: any GraphBuilder) throws(ConvError) -> Value {
    try graph("clip", x, attributes: ["min": .double(-1000), "max": .double(1000)])
}

/// σ (1 - σ) (2 + x (1 - 2σ)), σ = sigmoid(x): the second derivative of x · σ.
private func siluCurvature(_ x: Value, _ graph: any GraphBuilder) throws(ConvError) -> Value {
    let x = try bounded(x, graph)
    let s = try graph("sigmoid", x)
    let turn = try graph("multiply", x, try graph("subtract", try graph.scalar(1, like: x), try graph("add", s, s)))
    return try graph("sigmoid_backward", try graph("add", turn, try graph.scalar(2, like: x)), s)
}

/// φ(x) (2 - x²), φ the normal density: the second derivative of x · Φ(x).
private func geluCurvature(_ x: Value, _ graph: any GraphBuilder) throws(ConvError) -> Value {
    let square = try graph("square", try bounded(x, graph))
    let bell = try graph("exp", try graph("multiply", square, try graph.scalar(-0.5, like: x)))
    let density = try graph("multiply", bell, try graph.scalar(0.3989422804014327, like: x))  // 1 / √(2π)
    return try graph("multiply", density, try graph("subtract", try graph.scalar(2, like: x), square))
}

/// (1 - t²) (u' + x u'' / 2 - x t u'²), t = tanh(u), u = √(2/π) (x + 0.044715 x³): the second derivative of x (1 + t) / 2.
private func geluTanhCurvature(_ x: Value, _ graph: any GraphBuilder) throws(ConvError) -> Value {
    let (x, c, cubic) = (try bounded(x, graph), 0.7978845608028654, 0.044715)
    let square = try graph("square", x)
    let poly = try graph("add", try graph("multiply", square, try graph.scalar(c * cubic, like: x)), try graph.scalar(c, like: x))
    let t = try graph("tanh", try graph("multiply", x, poly))
    // u' = c + 3 c a x², and x u'' / 2 = 3 c a x²
    let rise = try graph("multiply", square, try graph.scalar(3 * c * cubic, like: x))
    let slope = try graph("add", rise, try graph.scalar(c, like: x))
    let bend = try graph("multiply", try graph("multiply", x, t), try graph("square", slope))
    return try graph("tanh_backward", try graph("subtract", try graph("add", slope, rise), bend), t)
}
