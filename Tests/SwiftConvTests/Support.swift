import SwiftConv
import Testing

/// 0, 1, 2 … as float32 of this shape, times `scale`.
func counting(_ shape: Int..., scale: Float = 1) throws -> Tensor {
    try Tensor((0..<shape.reduce(1, *)).map { Float($0) * scale }, shape: shape)
}

/// Expects an error whose message has all `parts`: the operation, the argument, what was expected and received.
func expectError(
    _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Any
) {
    do {
        _ = try body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
    } catch let error as SwiftConvError {
        for part in parts {
            #expect(error.message.contains(part), "\(error.message)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("expected a SwiftConvError, received \(error)", sourceLocation: sourceLocation)
    }
}

/// Compares the gradient of the sum of `function` at `x` (float64) with differences.
func checkSlopes(
    at x: Tensor, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ function: (Tensor) throws(SwiftConvError) -> Tensor
) throws {
    let slopes = try gradient(at: x, of: function).scalars(as: Double.self)
    let numbers = try x.scalars(as: Double.self)
    let step = 1e-5
    for i in numbers.indices {
        var (lower, upper) = (numbers, numbers)
        lower[i] -= step
        upper[i] += step
        let difference =
            try function(Tensor(upper, shape: x.shape)).sum().scalar(as: Double.self)
            - function(Tensor(lower, shape: x.shape)).sum().scalar(as: Double.self)
        #expect(abs(slopes[i] - difference / (2 * step)) < 1e-6, "\(what) element \(i)", sourceLocation: sourceLocation)
    }
}
