import CKernelInterface
import Runtime
import TensorCore

/// How many elements are worth a thread of their own.
let elementGrain = 16384

/// y[i] = f(x[i]) for the functions of the table below.
struct UnaryOp: Op {
    /// The element types a function takes.
    enum Domain: Sendable { case floating, signed, boolean }

    let name: String
    let function: Int
    var domain: Domain = .floating
    var givesBool = false

    static let all: [any Op] = [
        UnaryOp(name: "relu", function: SC_RELU),
        UnaryOp(name: "relu6", function: SC_RELU6),
        UnaryOp(name: "leaky_relu", function: SC_LEAKY_RELU),
        UnaryOp(name: "elu", function: SC_ELU),
        UnaryOp(name: "selu", function: SC_SELU),
        UnaryOp(name: "gelu", function: SC_GELU),
        UnaryOp(name: "silu", function: SC_SILU),
        UnaryOp(name: "sigmoid", function: SC_SIGMOID),
        UnaryOp(name: "tanh", function: SC_TANH),
        UnaryOp(name: "softplus", function: SC_SOFTPLUS),
        UnaryOp(name: "softsign", function: SC_SOFTSIGN),
        UnaryOp(name: "mish", function: SC_MISH),
        UnaryOp(name: "hard_sigmoid", function: SC_HARD_SIGMOID),
        UnaryOp(name: "hard_silu", function: SC_HARD_SILU),
        UnaryOp(name: "exp", function: SC_EXP),
        UnaryOp(name: "expm1", function: SC_EXPM1),
        UnaryOp(name: "log", function: SC_LOG),
        UnaryOp(name: "log1p", function: SC_LOG1P),
        UnaryOp(name: "sqrt", function: SC_SQRT),
        UnaryOp(name: "rsqrt", function: SC_RSQRT),
        UnaryOp(name: "square", function: SC_SQUARE, domain: .signed),
        UnaryOp(name: "abs", function: SC_ABS, domain: .signed),
        UnaryOp(name: "negative", function: SC_NEGATIVE, domain: .signed),
        UnaryOp(name: "sign", function: SC_SIGN, domain: .signed),
        UnaryOp(name: "reciprocal", function: SC_RECIPROCAL),
        UnaryOp(name: "floor", function: SC_FLOOR),
        UnaryOp(name: "ceil", function: SC_CEIL),
        UnaryOp(name: "round", function: SC_ROUND),
        UnaryOp(name: "erf", function: SC_ERF),
        UnaryOp(name: "sin", function: SC_SIN),
        UnaryOp(name: "cos", function: SC_COS),
        UnaryOp(name: "clip", function: SC_CLIP),
        UnaryOp(name: "is_nan", function: SC_IS_NAN, givesBool: true),
        UnaryOp(name: "is_finite", function: SC_IS_FINITE, givesBool: true),
        UnaryOp(name: "logical_not", function: SC_LOGICAL_NOT, domain: .boolean),
    ]

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let x = inputs[0]
        switch domain {
        case .floating: try expectFloating(inputs, 0, "x")
        case .signed:
            guard x.dtype.isFloating || x.dtype == .int32 || x.dtype == .int64 else {
                throw .wrongType("\(name): x: expected float32, float64, int32 or int64, received \(x.dtype)")
            }
        case .boolean:
            guard x.dtype == .bool else { throw .wrongType("\(name): x: expected bool, received \(x.dtype)") }
        }
        _ = try UnaryParameters(name, function, attributes)
        return [givesBool ? TensorSpec(.bool, x.shape) : x]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let parameters = try UnaryParameters(name, function, attributes)
        let kernel = Kernels.table.elementwise.unary!
        let dtype = Int(inputs[0].dtype.rawValue)
        let (count, size) = (inputs[0].count, inputs[0].dtype.size)
        let output = StreamedOutput(inputs, outputs, itemBytes: outputs[0].dtype.size)
        return PreparedOp(algorithm: "elementwise", flops: count) { arguments in
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            parallelFor(count, grain: elementGrain, threads: context.threads) { range, _ in
                output.forBlocks(range, of: y, inPlace: x == y) { block, y in
                    kernel(
                        parameters.function, dtype, block.count, x + block.lowerBound * size, y, parameters.alpha, parameters.beta)
                }
            }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { true }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        return [try unaryGradient(call, dy, graph)]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [givesBool ? nil : 0] }

    func epilogueRole(_ inputs: [TensorSpec], _ attributes: Attributes) -> EpilogueRole {
        switch function {
        case SC_RELU, SC_RELU6: .activation(name, alpha: 0)
        case SC_LEAKY_RELU: (try? attributes.double("alpha", default: 0.2)).map { .activation(name, alpha: $0) } ?? .none
        default: .none
        }
    }
}

/// dx[i] = dy[i] · f'(v[i]), where v is the output of the op whose gradient this is, or its input.
struct UnaryBackwardOp: Op {
    let name: String
    let function: Int
    /// What the second input is.
    let operand: String

    static let all: [any Op] = [
        UnaryBackwardOp(name: "relu_backward", function: SC_RELU_BACKWARD, operand: "y"),
        UnaryBackwardOp(name: "relu6_backward", function: SC_RELU6_BACKWARD, operand: "y"),
        UnaryBackwardOp(name: "sigmoid_backward", function: SC_SIGMOID_BACKWARD, operand: "y"),
        UnaryBackwardOp(name: "tanh_backward", function: SC_TANH_BACKWARD, operand: "y"),
        UnaryBackwardOp(name: "leaky_relu_backward", function: SC_LEAKY_RELU_BACKWARD, operand: "x"),
        UnaryBackwardOp(name: "elu_backward", function: SC_ELU_BACKWARD, operand: "x"),
        UnaryBackwardOp(name: "selu_backward", function: SC_SELU_BACKWARD, operand: "x"),
        UnaryBackwardOp(name: "gelu_backward", function: SC_GELU_BACKWARD, operand: "x"),
        UnaryBackwardOp(name: "silu_backward", function: SC_SILU_BACKWARD, operand: "x"),
        UnaryBackwardOp(name: "softplus_backward", function: SC_SOFTPLUS_BACKWARD, operand: "x"),
        UnaryBackwardOp(name: "clip_backward", function: SC_CLIP_BACKWARD, operand: "x"),
    ]

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "dy")
        guard inputs[0] == inputs[1] else {
            throw .invalidArgument("\(name): \(operand): expected \(inputs[0]), the spec of dy, received \(inputs[1])")
        }
        _ = try UnaryParameters(name, backward: function, attributes)
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let parameters = try UnaryParameters(name, backward: function, attributes)
        let kernel = Kernels.table.elementwise.unary_backward!
        let dtype = Int(inputs[0].dtype.rawValue)
        let (count, size) = (inputs[0].count, inputs[0].dtype.size)
        let output = StreamedOutput(inputs, outputs, itemBytes: size)
        return PreparedOp(algorithm: "elementwise", flops: count) { arguments in
            let dy = arguments.inputs[0]
            let v = arguments.inputs[1]
            let dx = arguments.outputs[0]
            parallelFor(count, grain: elementGrain, threads: context.threads) { range, _ in
                output.forBlocks(range, of: dx, inPlace: dx == dy || dx == v) { block, dx in
                    let offset = block.lowerBound * size
                    kernel(parameters.function, dtype, block.count, dy + offset, v + offset, dx, parameters.alpha, parameters.beta)
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let g = outputGradients[0] else { return [nil, nil] }
        return try unaryBackwardGradient(name, call, g, graph)
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

/// What the kernels are told besides the function: `alpha`, or the bounds of `clip`.
private struct UnaryParameters: Sendable {
    var function: Int
    var alpha = 0.0
    var beta = 0.0

    init(_ name: String, _ function: Int, _ attributes: Attributes) throws(ConvError) {
        self.function = function
        switch function {
        case SC_LEAKY_RELU: alpha = try attributes.double("alpha", default: 0.2)
        case SC_ELU: alpha = try attributes.double("alpha", default: 1)
        case SC_GELU: self.function = try attributes.bool("approximate", default: false) ? SC_GELU_TANH : SC_GELU
        case SC_CLIP: try readBounds(name, attributes)
        default: break
        }
    }

    init(_ name: String, backward function: Int, _ attributes: Attributes) throws(ConvError) {
        self.function = function
        switch function {
        case SC_LEAKY_RELU_BACKWARD: alpha = try attributes.double("alpha", default: 0.2)
        case SC_ELU_BACKWARD: alpha = try attributes.double("alpha", default: 1)
        case SC_GELU_BACKWARD:
            self.function = try attributes.bool("approximate", default: false) ? SC_GELU_TANH_BACKWARD : SC_GELU_BACKWARD
        case SC_CLIP_BACKWARD: try readBounds(name, attributes)
        default: break
        }
    }

    private mutating func readBounds(_ name: String, _ attributes: Attributes) throws(ConvError) {
        alpha = try attributes.double("min")
        beta = try attributes.double("max")
        guard alpha <= beta else {
            throw .invalidArgument("\(name): expected min <= max, received min = \(alpha), max = \(beta)")
        }
    }
}
