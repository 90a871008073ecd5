import Graph
import Ops
import TensorCore

/// The value of `function` at `inputs` and the gradients of the sum of its elements with respect to each of them (zeros where
/// nothing connects them).
///
///     let (y, g) = try valueWithGradient(at: [x]) { v throws(SwiftConvError) in try (v[0] * v[0]).sum() }
public func valueWithGradient(
    at inputs: [Tensor], of function: ([Tensor]) throws(SwiftConvError) -> Tensor
) throws(SwiftConvError) -> (value: Tensor, gradients: [Tensor]) {
    let trace = Trace()
    var symbols: [Tensor] = []
    for input in inputs {
        _ = try input.storage("valueWithGradient")
        symbols.append(try trace.placeholder(input.spec))
    }
    let result = try trace.record { () throws(SwiftConvError) in try function(symbols) }
    let gradients = try trace.gradients(of: result, to: symbols)
    let connected = gradients.compactMap { $0 }
    let outputs = try trace.executable(symbols, [result] + connected).run(inputs)
    var rest = outputs.dropFirst()
    var all: [Tensor] = []
    for (input, gradient) in zip(inputs, gradients) {
        if gradient != nil, let next = rest.popFirst() {
            all.append(next)
        } else {
            all.append(try .zeros(input.shape, dtype: input.dtype))
        }
    }
    guard let value = outputs.first else { throw SwiftConvError(.internal, "valueWithGradient: no value") }
    return (value, all)
}

/// The gradient of the sum of `function`'s elements at `x`.
public func gradient(
    at x: Tensor, of function: (Tensor) throws(SwiftConvError) -> Tensor
) throws(SwiftConvError) -> Tensor {
    let result = try valueWithGradient(at: [x]) { inputs throws(SwiftConvError) in
        guard let first = inputs.first else { throw SwiftConvError(.internal, "gradient: no input") }
        return try function(first)
    }
    guard let first = result.gradients.first else { throw SwiftConvError(.internal, "gradient: no gradient") }
    return first
}

extension Trace {
    /// The gradients of the sum of `target` as symbols; nil where nothing connects them.
    func gradients(of target: Tensor, to sources: [Tensor]) throws(SwiftConvError) -> [Tensor?] {
        guard target.spec.dtype.isFloating else {
            throw SwiftConvError(.wrongType, "gradient: expected a function with float32 or float64 results, received \(target.dtype)")
        }
        var values: [Value] = []
        for source in sources { values.append(try value(of: source)) }
        let of = try value(of: target)
        let found = try engine { () throws(ConvError) in try graph.gradients(of: [of], seeds: [], to: values) }
        return found.map { $0.map(symbol) }
    }
}
