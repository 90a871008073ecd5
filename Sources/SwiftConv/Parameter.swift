import Graph
import TensorCore

/// A tensor that a layer keeps and that training changes: a weight, a running mean, the state of a random generator.
public final class Parameter: @unchecked Sendable {
    /// What reports call it.
    public let name: String
    /// Whether optimizers change it.
    public let isTrainable: Bool
    let variable: Variable

    /// Holds the numbers of `initial`.
    public init(_ name: String, _ initial: Tensor, isTrainable: Bool = true) throws(SwiftConvError) {
        self.name = name
        self.isTrainable = isTrainable
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
