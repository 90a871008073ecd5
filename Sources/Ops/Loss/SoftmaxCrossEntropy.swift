import Runtime
import TensorCore

/// −Σ labels · log softmax(logits) of each row, and its gradient softmax(logits) − labels.
///
/// logits, labels [rows, classes] (labels may be [1, classes]: they are broadcast over the rows) → loss [rows], backprop [rows, classes].
struct SoftmaxCrossEntropy: Op {
    let name = "softmax_cross_entropy"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "logits")
        let (logits, labels) = (inputs[0], inputs[1])
        guard logits.rank == 2 else {
            throw .invalidArgument("\(name): logits: expected rank 2 [rows, classes], received shape \(shapeText(logits.shape))")
        }
        guard labels.dtype == logits.dtype else {
            throw .wrongType("\(name): labels: expected \(logits.dtype), the type of logits, received \(labels.dtype)")
        }
        guard labels.shape == logits.shape || labels.shape == [1, logits.shape[1]] else {
            throw .invalidArgument(
                "\(name): labels: expected shape \(shapeText(logits.shape)), that of logits, received \(shapeText(labels.shape)); "
                    + "integer labels go to sparse_softmax_cross_entropy")
        }
        return [TensorSpec(logits.dtype, [logits.shape[0]]), logits]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        inputs[0].dtype == .float32 ? prepare(Float.self, inputs, context) : prepare(Double.self, inputs, context)
    }

    private func prepare<T: MathScalar>(_: T.Type, _ inputs: [TensorSpec], _ context: PrepareContext) -> PreparedOp {
        let (rows, classes) = (inputs[0].shape[0], inputs[0].shape[1])
        let labelStride = inputs[1].shape[0] == rows ? classes : 0
        return PreparedOp(algorithm: "row", flops: 8 * rows * classes) { arguments in
            let logits: UnsafePointer<T> = arguments.input(0)
            let labels: UnsafePointer<T> = arguments.input(1)
            let loss: UnsafeMutablePointer<T> = arguments.output(0)
            let backprop: UnsafeMutablePointer<T> = arguments.output(1)
            parallelFor(rows, grain: max(1, 4096 / max(classes, 1)), threads: context.threads) { range, _ in
                for row in range {
                    let x = logits + row * classes
                    let t = labels + row * labelStride
                    let g = backprop + row * classes
                    let softmax = SoftmaxRow(x, classes, g)
                    var sum = 0.0
                    for i in 0..<classes where t[i] != 0 { sum += Double(t[i]) * Double(softmax.logSum - (x[i] - softmax.largest)) }
                    loss[row] = T(sum)
                    for i in 0..<classes { g[i] -= t[i] }
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        let logits = call.inputs[0]
        let spec = graph.spec(logits)
        var forLogits: Value?
        var forLabels: Value?
        if let dloss = outputGradients[0] {
            let column = try graph.reshape(dloss, [spec.shape[0], 1])
            forLogits = try graph("multiply", call.outputs[1], column)
            let logSoftmax = try graph("log_softmax", logits)
            let each = try graph("negative", try graph("multiply", logSoftmax, column))
            forLabels = try graph.sum(each, toShape: graph.spec(call.inputs[1]).shape)
        }
        if let dbackprop = outputGradients[1] {
            // backprop = softmax − labels is differentiable itself.
            let softmax = try graph("softmax", logits)
            let through = try graph("softmax_backward", dbackprop, softmax)
            forLogits = try graph.adding(through, to: forLogits)
            let back = try graph.sum(try graph("negative", dbackprop), toShape: graph.spec(call.inputs[1]).shape)
            forLabels = try graph.adding(back, to: forLabels)
        }
        return [forLogits, forLabels]
    }
}

/// −log softmax(logits)[label] of each row, and its gradient softmax(logits) − one-hot(label).
///
/// logits [rows, classes], labels [rows] (int32, int64, uint8) → loss [rows], backprop [rows, classes].
struct SparseSoftmaxCrossEntropy: Op {
    let name = "sparse_softmax_cross_entropy"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "logits")
        let (logits, labels) = (inputs[0], inputs[1])
        guard logits.rank == 2 else {
            throw .invalidArgument("\(name): logits: expected rank 2 [rows, classes], received shape \(shapeText(logits.shape))")
        }
        guard labels.dtype.isInteger else {
            throw .wrongType("\(name): labels: expected int32, int64 or uint8, received \(labels.dtype)")
        }
        guard labels.shape == [logits.shape[0]] else {
            throw .invalidArgument(
                "\(name): labels: expected shape \(shapeText([logits.shape[0]])), one class a row, received \(shapeText(labels.shape)); "
                    + "one-hot labels go to softmax_cross_entropy")
        }
        return [TensorSpec(logits.dtype, [logits.shape[0]]), logits]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        inputs[0].dtype == .float32 ? prepare(Float.self, inputs, context) : prepare(Double.self, inputs, context)
    }

    private func prepare<T: MathScalar>(_: T.Type, _ inputs: [TensorSpec], _ context: PrepareContext) -> PreparedOp {
        let (rows, classes) = (inputs[0].shape[0], inputs[0].shape[1])
        let labelType = inputs[1].dtype
        let name = name
        return PreparedOp(algorithm: "row", flops: 6 * rows * classes) { (arguments: OpArguments) throws(ConvError) in
            let logits: UnsafePointer<T> = arguments.input(0)
            let labels = arguments.inputs[1]
            let loss: UnsafeMutablePointer<T> = arguments.output(0)
            let backprop: UnsafeMutablePointer<T> = arguments.output(1)
            // All labels are looked at before anything is written.
            for row in 0..<rows {
                let label = loadIndex(labels, row, labelType)
                guard label >= 0, label < classes else {
                    throw .invalidArgument("\(name): labels: expected classes from 0 to \(classes - 1), received \(label) in row \(row)")
                }
            }
            parallelFor(rows, grain: max(1, 4096 / max(classes, 1)), threads: context.threads) { range, _ in
                for row in range {
                    let x = logits + row * classes
                    let g = backprop + row * classes
                    let label = loadIndex(labels, row, labelType)
                    let softmax = SoftmaxRow(x, classes, g)
                    loss[row] = softmax.logSum - (x[label] - softmax.largest)
                    g[label] -= 1
                }
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        var forLogits: Value?
        if let dloss = outputGradients[0] {
            let column = try graph.reshape(dloss, [graph.spec(call.inputs[0]).shape[0], 1])
            forLogits = try graph("multiply", call.outputs[1], column)
        }
        if let dbackprop = outputGradients[1] {
            let through = try graph("softmax_backward", dbackprop, try graph("softmax", call.inputs[0]))
            forLogits = try graph.adding(through, to: forLogits)
        }
        return [forLogits, nil]
    }
}

/// Element `index` of a tensor of int32, int64 or uint8.
@inline(__always)
func loadIndex(_ p: UnsafeRawPointer, _ index: Int, _ dtype: DataType) -> Int {
    switch dtype {
    case .int32: Int(p.load(fromByteOffset: 4 * index, as: Int32.self))
    case .int64: Int(p.load(fromByteOffset: 8 * index, as: Int64.self))
    default: Int(p.load(fromByteOffset: index, as: UInt8.self))
    }
}
