import CKernelInterface
import Runtime
import TensorCore

/// `softmax` and `log_softmax` over the last axis, and their gradients from dy and y.
struct SoftmaxOp: Op {
    enum Kind: Sendable { case forward, logForward, backward, logBackward }

    let name: String
    let kind: Kind

    static let all: [any Op] = [
        SoftmaxOp(name: "softmax", kind: .forward),
        SoftmaxOp(name: "log_softmax", kind: .logForward),
        SoftmaxOp(name: "softmax_backward", kind: .backward),
        SoftmaxOp(name: "log_softmax_backward", kind: .logBackward),
    ]

    private var isBackward: Bool { kind == .backward || kind == .logBackward }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, isBackward ? 2...2 : 1...1)
        try expectFloating(inputs, 0, isBackward ? "dy" : "x")
        guard inputs[0].rank >= 1 else { throw .invalidArgument("\(name): expected at least 1 dimension, received shape ()") }
        if isBackward, inputs[1] != inputs[0] {
            throw .invalidArgument("\(name): y: expected \(inputs[0]), the spec of dy, received \(inputs[1])")
        }
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let n = inputs[0].shape.last ?? 1
        let rows = n == 0 ? 0 : inputs[0].count / n
        let dtype = Int(inputs[0].dtype.rawValue)
        let bytes = n * inputs[0].dtype.size
        // exp costs about as much as ten simple operations
        let grain = max(1, elementGrain / 8 / max(1, n))
        let threads = context.threads
        let kernels = Kernels.table.reduction
        let output = StreamedOutput(inputs, outputs, itemBytes: bytes)
        if isBackward {
            let kernel = kind == .backward ? kernels.softmax_backward! : kernels.log_softmax_backward!
            return PreparedOp(algorithm: "rows", flops: 4 * inputs[0].count) { arguments in
                let dy = arguments.inputs[0]
                let y = arguments.inputs[1]
                let dx = arguments.outputs[0]
                parallelFor(rows, grain: grain, threads: threads) { range, _ in
                    output.forBlocks(range, of: dx, inPlace: dx == dy || dx == y) { block, dx in
                        let offset = block.lowerBound * bytes
                        kernel(dtype, block.count, n, dy + offset, y + offset, dx)
                    }
                }
            }
        }
        let kernel = kind == .forward ? kernels.softmax! : kernels.log_softmax!
        return PreparedOp(algorithm: "rows", flops: 5 * inputs[0].count) { arguments in
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            parallelFor(rows, grain: grain, threads: threads) { range, _ in
                output.forBlocks(range, of: y, inPlace: x == y) { block, y in
                    kernel(dtype, block.count, n, x + block.lowerBound * bytes, y)
                }
            }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        !batched.contains(false) && inputs[0].rank >= 2
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let g = outputGradients[0] else { return call.inputs.map { _ in nil } }
        let last: Attributes = ["axes": .ints([-1]), "keepdims": .int(1)]
        switch kind {
        case .forward: return [try graph("softmax_backward", g, call.outputs[0])]
        case .logForward: return [try graph("log_softmax_backward", g, call.outputs[0])]
        case .backward:  // of (dy - sum(dy y)) y
            let (dy, y) = (call.inputs[0], call.inputs[1])
            let inner = try graph("reduce_sum", try graph("multiply", dy, y), attributes: last)
            let cross = try graph("reduce_sum", try graph("multiply", g, y), attributes: last)
            let first = try graph("multiply", g, try graph("subtract", dy, inner))
            return [try graph("softmax_backward", g, y), try graph("subtract", first, try graph("multiply", dy, cross))]
        case .logBackward:  // of dy - exp(y) sum(dy)
            let (dy, y) = (call.inputs[0], call.inputs[1])
            let weighted = try graph("multiply", g, try graph("exp", y))
            let toDy = try graph("subtract", g, try graph("reduce_sum", weighted, attributes: last))
            let total = try graph("reduce_sum", dy, attributes: last)
            return [toDy, try graph("negative", try graph("multiply", weighted, total))]
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

/// log(sum(exp(x))) over the last axis.
struct LogSumExp: Op {
    let name = "logsumexp"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        try expectFloating(inputs, 0, "x")
        let x = inputs[0]
        guard x.rank >= 1 else { throw .invalidArgument("\(name): expected at least 1 dimension, received shape ()") }
        return [TensorSpec(x.dtype, reducedShape(x.shape, [x.rank - 1], keepdims: try attributes.bool("keepdims", default: false)))]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let n = inputs[0].shape.last ?? 1
        let rows = outputs[0].count
        let dtype = Int(inputs[0].dtype.rawValue)
        let size = inputs[0].dtype.size
        let kernel = Kernels.table.reduction.logsumexp!
        return PreparedOp(algorithm: "rows", flops: 3 * inputs[0].count) { arguments in
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            if n == 0 {  // log(0)
                for row in 0..<rows {
                    if size == 4 {
                        y.storeBytes(of: -Float.infinity, toByteOffset: row * 4, as: Float.self)
                    } else {
                        y.storeBytes(of: -Double.infinity, toByteOffset: row * 8, as: Double.self)
                    }
                }
                return
            }
            parallelFor(rows, grain: max(1, elementGrain / 8 / n), threads: context.threads) { range, _ in
                kernel(dtype, range.count, n, x + range.lowerBound * n * size, y + range.lowerBound * size)
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let x = call.inputs[0]
        let shape = graph.spec(x).shape
        let kept = reducedShape(shape, [shape.count - 1], keepdims: true)
        return [try graph("multiply", try graph.reshape(dy, kept), try graph("softmax", x))]
    }
}
