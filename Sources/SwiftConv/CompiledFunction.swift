import Graph
import TensorCore

/// A function of tensors that is recorded once for each set of shapes and types, then run as one program: operations are joined, memory is
/// planned, and filters that stay the same keep their packed forms.
///
///     let blurred = CompiledFunction { x in [try nn.averagePool2d(nn.relu(x[0]), size: 2, strides: 1)] }
///     let y = try blurred(Random.normal([1, 8, 8, 3]))[0]
///     print(y.shape)                             // [1, 7, 7, 3]
///
/// The function is called when inputs of a new form come, with symbols: what it prints or counts then does not happen again, and a condition on
/// numbers is ``which(_:_:_:)-(_,Tensor,Tensor)``. Tensors that it captures are constants; ``Parameter/value`` is read at each run, and what it
/// assigns to parameters is assigned at each run. Called with the tensors of a function that is being recorded, it becomes a part of that one.
///
/// It is used from one task at a time.
public final class CompiledFunction {
    private let function: ([Tensor]) throws -> [Tensor]
    private var recorded: [[TensorSpec]: Executable] = [:]

    /// Nothing is called yet.
    ///
    /// - Parameter function: Gets all inputs, gives all results.
    public init(_ function: @escaping ([Tensor]) throws -> [Tensor]) { self.function = function }

    /// How many forms of inputs were recorded so far.
    public var count: Int { recorded.count }

    /// The results for these inputs.
    ///
    /// - Throws: No result at all, and what the function throws; then nothing is kept of the call.
    public func callAsFunction(_ inputs: [Tensor]) throws(SwiftConvError) -> [Tensor] {
        if Trace.current != nil || !inputs.allSatisfy(\.hasNumbers) { return try results(inputs) }
        let key = inputs.map(\.spec)
        let made: Executable
        if let known = recorded[key] {
            made = known
        } else {
            let trace = Trace()
            made = try trace.record { () throws(SwiftConvError) in
                var symbols: [Tensor] = []
                for spec in key { symbols.append(try trace.placeholder(spec)) }
                return try trace.executable(symbols, try results(symbols))
            }
            recorded[key] = made
        }
        return try made.run(inputs)
    }

    /// The results for these inputs.
    public func callAsFunction(_ inputs: Tensor...) throws(SwiftConvError) -> [Tensor] { try callAsFunction(inputs) }

    private func results(_ inputs: [Tensor]) throws(SwiftConvError) -> [Tensor] {
        let results = try userFunction("CompiledFunction") { try function(inputs) }
        guard !results.isEmpty else {
            throw .invalidArgument("CompiledFunction: expected a function with at least one result, received none")
        }
        return results
    }
}
