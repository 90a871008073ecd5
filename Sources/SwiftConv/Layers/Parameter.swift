import Graph
import TensorCore

/// A tensor that a layer keeps and that training changes: a weight, a running mean, the state of a random generator.
public final class Parameter: @unchecked Sendable {
    /// What reports and files call it: the layer's name, a slash, the weight's.
    public let name: String
    /// Whether it is a weight, which optimizers change unless it is frozen. States of a layer are none.
    public let isWeight: Bool
    /// Keeps a weight as it is in training.
    public var isFrozen = false
    /// What it adds to the loss in training.
    public let regularizer: Regularizer?
    /// What brings it back into its bounds after each update.
    public let constraint: Constraint?
    let variable: Variable

    /// Whether optimizers change it.
    public var isTrainable: Bool { isWeight && !isFrozen }

    /// Holds the numbers of `initial`.
    public init(
        _ name: String, _ initial: Tensor, isTrainable: Bool = true, regularizer: Regularizer? = nil, constraint: Constraint? = nil
    ) throws(SwiftConvError) {
        self.name = name
        isWeight = isTrainable
        self.regularizer = regularizer
        self.constraint = constraint
        variable = try engine { () throws(ConvError) in try Variable(initial.spec) }
        try write(initial)
    }

    /// The sizes; empty for a scalar.
    public var shape: [Int] { variable.spec.shape }
    /// The number of elements.
    public var count: Int { variable.spec.count }
    /// The element type.
    public var dtype: DType { DType(variable.spec.dtype) }

    /// The content: a copy of the numbers, or a symbol while a function is recorded.
    public var value: Tensor {
        get throws(SwiftConvError) {
            if let trace = Trace.current { return try trace.read(variable) }
            return Tensor(
                variable.spec,
                try engine { () throws(ConvError) in
                    try Storage(copying: variable.data, bytes: variable.byteCount, for: "copy of \(name)")
                })
        }
    }

    /// Replaces the content: at once, or at the end of each run while a function is recorded.
    public func assign(_ tensor: Tensor) throws(SwiftConvError) {
        guard tensor.spec == variable.spec else {
            throw .invalidArgument("\(name): assign: expected \(variable.spec), received \(tensor.spec)")
        }
        if let trace = Trace.current {
            try trace.assign(variable, tensor)
        } else {
            try write(tensor)
        }
    }

    private func write(_ tensor: Tensor) throws(SwiftConvError) {
        variable.data.copyMemory(from: try tensor.storage("\(name): assign").base, byteCount: variable.byteCount)
        variable.touch()
    }
}
