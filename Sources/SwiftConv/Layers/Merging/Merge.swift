import TensorCore

/// What the layers share that combine several inputs of like shape element by element. Inputs of lower rank get axes of size 1
/// behind the batch; sizes of 1 are repeated.
public class Merge: Module, MultipleInputLayer {
    /// See the type.
    public override init(name: String? = nil, dtype: DType = .float32, activityRegularizer: Regularizer? = nil) {
        super.init(name: name, dtype: dtype, activityRegularizer: activityRegularizer)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        try super.init(base: config)
        try checkRead(config)
    }

    override init(base config: LayerConfig) throws(SwiftConvError) { try super.init(base: config) }

    /// For files.
    public var config: LayerConfig { baseConfig }

    /// Checks that inputs of these shapes can be combined.
    public func build(inputShapes: [[Int]]) throws(SwiftConvError) { try checkArguments() }

    /// What it computes of one input.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try call([x], training: training) }

    /// What it computes.
    public func call(_ inputs: [Tensor], training: Bool) throws(SwiftConvError) -> Tensor {
        let rank = inputs.map(\.rank).max() ?? 0
        var shapes: [[Int]] = []
        for x in inputs {
            guard let batch = x.shape.first else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
            shapes.append([batch] + [Int](repeating: 1, count: rank - x.rank) + x.shape.dropFirst())
        }
        for axis in 0..<rank {
            let sizes = Set(shapes.map { $0[axis] }.filter { axis == 0 || $0 != 1 })
            guard sizes.count <= 1 else {
                let text = inputs.map { shapeText($0.shape) }.joined(separator: ", ")
                throw .invalidArgument("\(name): expected inputs whose shapes fit together, received \(text)")
            }
        }
        var aligned: [Tensor] = []
        for (x, shape) in zip(inputs, shapes) { aligned.append(x.shape == shape ? x : try x.reshape(shape)) }
        return try merged(aligned)
    }

    func merged(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor {
        throw .invalidArgument("\(name): expected one of Merge's subclasses")
    }

    /// The op applied from the first to the last.
    final func folded(_ op: String, _ inputs: [Tensor]) throws(SwiftConvError) -> Tensor {
        guard var result = inputs.first else { throw .invalidArgument("\(name): expected at least one input, received none") }
        for x in inputs.dropFirst() { result = try applyOne(op, [result, x]) }
        return result
    }
}
