import Graph
import Ops
import TensorCore

/// The value of `function` at `inputs` and the gradients of the sum of its elements with respect to each of them (zeros where
/// nothing connects them).
///
///     let x = try Tensor([1, 2, 3], shape: [3])
///     let (y, slopes) = try valueWithGradient(at: [x]) { v in try (v[0] * v[0]).sum() }
///     print(try y.scalar())              // 14.0
///     print(try slopes[0].scalars())     // [2.0, 4.0, 6.0]
///
/// Within the function of another `gradient` or `valueWithGradient` it may be called with that one's tensors: value and gradients are then
/// tensors of the outer function, to be calculated with and differentiated again (second derivatives and higher).
public func valueWithGradient(
    at inputs: [Tensor], of function: ([Tensor]) throws(SwiftConvError) -> Tensor
) throws(SwiftConvError) -> (value: Tensor, gradients: [Tensor]) {
    if let outer = inputs.lazy.compactMap(\.recorder).first { return try outer.valueWithGradient(at: inputs, of: function) }
    let trace = Trace()
    var symbols: [Tensor] = []
    for input in inputs {
        _ = try input.storage("valueWithGradient")
        symbols.append(try trace.placeholder(input.spec))
    }
    let result = try trace.record { () throws(SwiftConvError) in try function(symbols) }
    return try trace.valueWithGradient(of: result, to: symbols, at: inputs, "valueWithGradient")
}

/// The value of `function` and the gradients of the sum of its elements with respect to `parameters`, in their order: for training loops
/// of your own, see ``OptimizerState``.
///
/// The function is called once, and recorded: layers and ``Parameter/value`` are symbols in it. What it changes (the statistics of a
/// `BatchNormalization` in training) is changed when the values are computed. What regularizers add is not a part of it.
///
///     let line = Dense(1)
///     try line.build(inputShape: [4, 8])
///     let rows = try Random.uniform([4, 8])
///     let (_, found) = try valueWithGradient(for: line.trainableParameters) { try line(rows, training: true).square().mean() }
///     print(found.map(\.shape))                  // [[8, 1], [1]]
///
/// - Parameters:
///   - parameters: Weights of float32 or float64. Layers have theirs once they are built.
///   - function: Gives float32 or float64.
/// - Returns: The value, and a tensor for each parameter: zeros where nothing connects them.
/// - Throws: No parameters at all, ones that are states, and what the function throws.
public func valueWithGradient(
    for parameters: [Parameter], of function: () throws(SwiftConvError) -> Tensor
) throws(SwiftConvError) -> (value: Tensor, gradients: [Tensor]) {
    try expectWeights(parameters, "valueWithGradient: for")
    guard Trace.current == nil else {
        throw .invalidArgument("valueWithGradient: for: expected a call outside of a function that is being recorded")
    }
    let trace = Trace()
    let (symbols, result) = try trace.record { () throws(SwiftConvError) in
        var symbols: [Tensor] = []
        for parameter in parameters { symbols.append(try parameter.value) }
        return (symbols, try function())
    }
    return try trace.valueWithGradient(of: result, to: symbols, at: [], "valueWithGradient")
}

/// The gradient of the sum of `function`'s elements at `x`, of the shape and type of `x`.
///
///     let slope = try gradient(at: Tensor([2])) { x throws(SwiftConvError) in try x * x * x }
///     print(try slope.scalars())         // [12.0]
///     let curvature = try gradient(at: Tensor([2])) { x throws(SwiftConvError) in
///         try gradient(at: x) { y throws(SwiftConvError) in try y * y * y }
///     }
///     print(try curvature.scalars())     // [12.0]
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

/// The same for functions that are not declared to throw ``SwiftConvError`` alone: what they throw is thrown on.
@_disfavoredOverload
public func valueWithGradient(
    at inputs: [Tensor], of function: ([Tensor]) throws -> Tensor
) throws -> (value: Tensor, gradients: [Tensor]) {
    var other: (any Error)?
    do throws(SwiftConvError) {
        return try valueWithGradient(at: inputs) { inputs throws(SwiftConvError) in
            try noting(&other) { try function(inputs) }
        }
    } catch {
        throw other ?? error
    }
}

/// The same for functions that are not declared to throw ``SwiftConvError`` alone: what they throw is thrown on.
@_disfavoredOverload
public func valueWithGradient(
    for parameters: [Parameter], of function: () throws -> Tensor
) throws -> (value: Tensor, gradients: [Tensor]) {
    var other: (any Error)?
    do throws(SwiftConvError) {
        return try valueWithGradient(for: parameters) { () throws(SwiftConvError) in try noting(&other, function) }
    } catch {
        throw other ?? error
    }
}

/// The same for functions that are not declared to throw ``SwiftConvError`` alone: what they throw is thrown on.
@_disfavoredOverload
public func gradient(at x: Tensor, of function: (Tensor) throws -> Tensor) throws -> Tensor {
    var other: (any Error)?
    do throws(SwiftConvError) {
        return try gradient(at: x) { x throws(SwiftConvError) in try noting(&other) { try function(x) } }
    } catch {
        throw other ?? error
    }
}

/// Throws unless there are some, all of them weights.
func expectWeights(_ parameters: [Parameter], _ what: String) throws(SwiftConvError) {
    guard !parameters.isEmpty else {
        throw .invalidArgument("\(what): expected at least one parameter, received none: a layer has none before build(inputShape:)")
    }
    for parameter in parameters where !parameter.isWeight || !parameter.dtype.engineType.isFloating {
        throw .invalidArgument(
            "\(what): expected weights, received \(parameter.name), which is a state of \(parameter.dtype): take trainableParameters")
    }
}

/// Runs a function of the user, and keeps an error of another type than the library's.
private func noting(_ other: inout (any Error)?, _ function: () throws -> Tensor) throws(SwiftConvError) -> Tensor {
    do {
        return try function()
    } catch let error as SwiftConvError {
        throw error
    } catch {
        other = error
        throw SwiftConvError(.custom, "\(error)")
    }
}

extension Trace {
    /// The same for symbols of this recording: the gradients are recorded too.
    fileprivate func valueWithGradient(
        at inputs: [Tensor], of function: ([Tensor]) throws(SwiftConvError) -> Tensor
    ) throws(SwiftConvError) -> (value: Tensor, gradients: [Tensor]) {
        var symbols: [Tensor] = []
        // Of their own, so that nothing flows on to what the inputs were computed from.
        for input in inputs {
            let value = try value(of: input)
            symbols.append(symbol(try engine { () throws(ConvError) in try graph.apply("identity", [value], [:])[0] }))
        }
        let result = try function(symbols)
        var all: [Tensor] = []
        for (input, gradient) in zip(inputs, try gradients(of: result, to: symbols)) {
            if let gradient {
                all.append(gradient)
            } else {
                all.append(symbol(try engine { () throws(ConvError) in try graph.constant(0, input.spec) }))
            }
        }
        return (result, all)
    }

    /// Computes `result` and its gradients, zeros where nothing connects them; `inputs` are the numbers of `symbols` that are placeholders.
    func valueWithGradient(
        of result: Tensor, to symbols: [Tensor], at inputs: [Tensor], _ what: String
    ) throws(SwiftConvError) -> (value: Tensor, gradients: [Tensor]) {
        let gradients = try gradients(of: result, to: symbols)
        let connected = gradients.compactMap { $0 }
        let outputs = try executable(inputs.isEmpty ? [] : symbols, [result] + connected).run(inputs)
        var rest = outputs.dropFirst()
        var all: [Tensor] = []
        for (symbol, gradient) in zip(symbols, gradients) {
            if gradient != nil, let next = rest.popFirst() {
                all.append(next)
            } else {
                all.append(try .zeros(symbol.shape, dtype: symbol.dtype))
            }
        }
        guard let value = outputs.first else { throw SwiftConvError(.internal, "\(what): no value") }
        return (value, all)
    }

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
