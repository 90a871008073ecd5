import Graph
import TensorCore
import Testing
import _TestSupport

private typealias Input = _TestSupport.TestTensor

private struct Case: Sendable, CustomStringConvertible {
    var op: String
    var inputs: [Input]
    var attributes: Attributes = [:]
    var description: String { "\(op) \(inputs.map(\.spec.description)) \(attributes.values)" }
}

private func x(_ shape: [Int] = [3, 5], _ low: Double = -2, _ high: Double = 2, seed: UInt64 = 1) -> Input {
    .random(shape, seed: seed, low: low, high: high)
}

private let unary: [Case] =
    [
        "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "sigmoid", "tanh", "softplus", "softsign", "mish", "hard_sigmoid", "hard_silu",
        "exp",
        "expm1", "square", "abs", "negative", "erf", "sin", "cos",
    ].map { Case(op: $0, inputs: [x()]) }
    + ["log", "log1p", "sqrt", "rsqrt", "reciprocal"].map { Case(op: $0, inputs: [x([4, 4], 0.3, 3)]) }
    + [
        Case(op: "relu6", inputs: [x([40], -3, 9)]), Case(op: "gelu", inputs: [x()], attributes: ["approximate": .int(1)]),
        Case(op: "clip", inputs: [x()], attributes: ["min": .double(-1), "max": .double(0.5)]),
        Case(op: "hard_silu", inputs: [x([40], -5, 5)]),
    ]

private let binary: [Case] = [
    ([3, 4], [3, 4]), ([3, 4], [4]), ([4], [3, 4]), ([3, 4], []), ([2, 3, 1], [3, 4]), ([3, 1], [1, 4]),
].flatMap { (a: [Int], b: [Int]) -> [Case] in
    let both = [x(a, 0.4, 2), x(b, 0.5, 2.2, seed: 9)]
    return ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "squared_difference", "mod"].map {
        Case(op: $0, inputs: both)
    }
}

private let reductions: [Case] =
    [[], [0], [1], [2], [0, 2], [1, 2]].flatMap { (axes: [Int]) -> [Case] in
        ["reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod"].flatMap { op in
            [0, 1].map { Case(op: op, inputs: [x([2, 3, 4])], attributes: ["axes": .ints(axes), "keepdims": .int($0)]) }
        }
    } + ["softmax", "log_softmax", "logsumexp"].map { Case(op: $0, inputs: [x()]) } + [
        Case(op: "cumsum", inputs: [x()], attributes: ["axis": .int(0)]), Case(op: "cumsum", inputs: [x()], attributes: ["axis": .int(1)]),
        Case(op: "reduce_prod", inputs: [Input([4, 3], [1, 2, 0, 0, 3, 0, 2, 1, 1.5, 4, 1, 1])], attributes: ["axes": .ints([0])]),
    ]

private let movement: [Case] = [
    Case(op: "reshape", inputs: [x()], attributes: ["shape": .ints([5, -1])]),
    Case(op: "transpose", inputs: [x([2, 3, 4])], attributes: ["perm": .ints([2, 0, 1])]),
    Case(op: "concat", inputs: [x([2, 3]), x([2, 1], seed: 3), x([2, 2], seed: 4)], attributes: ["axis": .int(-1)]),
    Case(op: "pad", inputs: [x()], attributes: ["paddings": .ints([1, 2, 0, 3]), "value": .double(1)]),
    Case(op: "pad", inputs: [x()], attributes: ["paddings": .ints([1, 2, 0, 3]), "mode": .string("reflect")]),
    Case(op: "pad", inputs: [x()], attributes: ["paddings": .ints([3, 2, 4, 5]), "mode": .string("symmetric")]),
    Case(op: "slice", inputs: [x()], attributes: ["begin": .ints([2, 0]), "size": .ints([2, 3]), "strides": .ints([-2, 2])]),
    Case(
        op: "slice_backward", inputs: [x([2, 3])],
        attributes: ["input_shape": .ints([3, 5]), "begin": .ints([2, 0]), "size": .ints([2, 3]), "strides": .ints([-2, 2])]),
    Case(op: "broadcast_to", inputs: [x([3, 1])], attributes: ["shape": .ints([2, 3, 4])]),
    Case(op: "tile", inputs: [x([2, 3])], attributes: ["multiples": .ints([3, 2])]),
    Case(op: "cast", inputs: [x()], attributes: ["dtype": .string("float64")]),
    Case(op: "gather", inputs: [x(), Input(.int64, [4], [2, 0, 2, 1])], attributes: ["axis": .int(0)]),
    Case(op: "gather", inputs: [x(), Input(.int32, [2, 2], [4, 0, 4, 1])], attributes: ["axis": .int(1)]),
    Case(op: "select", inputs: [Input(.bool, [3, 1], [1, 0, 1]), x([5]), x([3, 5], seed: 5)]),
    Case(op: "bias_add", inputs: [x([2, 3, 4]), x([4], seed: 5)]), Case(op: "identity", inputs: [x()]),
]

/// The kernels whose gradients are written too: with respect to dy and to the second input.
private let second: [Case] =
    ["sigmoid", "tanh", "elu", "selu", "softplus", "softmax", "log_softmax"].map { Case(op: "\($0)_backward", inputs: [x(), x(seed: 8)]) }

@Test(arguments: unary + binary + reductions + movement + second)
private func gradientRuleAgainstDifferences(c: Case) throws {
    let report = try checkGradient(c.op, c.inputs, c.attributes)
    #expect(report.isGood, "\(c): \(report)")
}

@Test func tiedExtremaShareTheGradient() throws {
    let graph = Graph()
    let x = try graph.placeholder(TensorSpec(.float64, [4]))
    let y = try graph.apply("reduce_max", [x], [:])[0]
    let gradient = try graph.gradients(of: [y], seeds: [nil], to: [x])[0]
    let run = try Executable(graph, feeds: [x], fetches: [try #require(gradient)])
    #expect(try run.run([_TestSupport.TestTensor([4], [1, 3, 3, 0])])[0].numbers == [0, 0.5, 0.5, 0])
}
