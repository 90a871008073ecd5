import SwiftConv
import Testing
import _TestSupport

/// Gradients within gradients, through the public library.
@Suite struct GradientTests {
    typealias Function = @Sendable (Tensor) throws(SwiftConvError) -> Tensor

    private static func image(_ shape: [Int]) throws -> Tensor {
        let count = shape.reduce(1, *)
        return try Tensor((0..<count).map { Double($0 * 29 % 53) / 26.5 - 1 }, shape: shape)
    }

    /// Functions of an image [2, 4, 4, 3]; squared, so that linear ones have second derivatives too.
    private static let functions: [(String, Function)] = [
        ("max pooling", { (x: Tensor) throws(SwiftConvError) in try nn.maxPool2d(x, size: 3, strides: 1, padding: .same).square() }),
        ("average pooling", { (x: Tensor) throws(SwiftConvError) in try nn.averagePool2d(x, size: 2, strides: 2).square() }),
        ("relu", { (x: Tensor) throws(SwiftConvError) in try nn.relu(x).square() }),
        ("gelu", { (x: Tensor) throws(SwiftConvError) in try nn.gelu(x) }),
        ("gelu, approximate", { (x: Tensor) throws(SwiftConvError) in try nn.gelu(x, approximate: true) }),
        ("silu", { (x: Tensor) throws(SwiftConvError) in try nn.silu(x) }),
        (
            "batch normalization",
            { (x: Tensor) throws(SwiftConvError) in
                let y = try nn.batchNormalization(x, offset: Tensor([0, 1, -1] as [Double]), scale: Tensor([0.5, 1, 2] as [Double])).output
                return try y * y * y
            }
        ),
    ]

    @Test(arguments: functions.indices) func gradientsOfGradientsAgreeWithDifferences(index: Int) throws {
        let (name, function) = Self.functions[index]
        // Each slope weighs something else, so that none cancel.
        let weights = try Self.image([2, 4, 4, 3]) * 0.5 + 1
        try checkSlopes(at: Self.image([2, 4, 4, 3]), name) { (x: Tensor) throws(SwiftConvError) in
            try gradient(at: x, of: function) * weights
        }
    }

    @Test func thirdDerivativesToo() throws {
        let third = try gradient(at: Tensor([2, 3] as [Double])) { x throws(SwiftConvError) in
            try gradient(at: x) { y throws(SwiftConvError) in
                try gradient(at: y) { z throws(SwiftConvError) in try z * z * z * z }
            }
        }
        #expect(try third.scalars(as: Double.self) == [48, 72])
    }

    @Test func theOuterFunctionSeesValueAndGradients() throws {
        let x = try Tensor([3] as [Double])
        let (value, slopes) = try valueWithGradient(at: [x]) { v throws(SwiftConvError) in
            let inner = try valueWithGradient(at: [v[0], v[0] * 2]) { w throws(SwiftConvError) in try w[0] * w[1] }
            // x · 2x + 2x + x
            return try inner.value + inner.gradients[0] + inner.gradients[1]
        }
        #expect(try value.scalars(as: Double.self) == [27])
        #expect(try slopes[0].scalars(as: Double.self) == [15])
    }

    @Test func whatIsNotConnectedHasGradientsOfZeros() throws {
        let flat = try gradient(at: Tensor([3, 4])) { x throws(SwiftConvError) in
            try gradient(at: x) { y throws(SwiftConvError) in try y * 5 }
        }
        #expect(try flat.scalars() == [0, 0])
        let other = try gradient(at: Tensor([3, 4])) { x throws(SwiftConvError) in
            try x + gradient(at: x) { _ throws(SwiftConvError) in try Tensor([1]) }
        }
        #expect(try other.scalars() == [1, 1])
    }

    @Test func aTensorOfAnotherRecordingIsAnError() {
        expectError("outside of the function") {
            try gradient(at: Tensor([1])) { x throws(SwiftConvError) in
                try gradient(at: Tensor([2])) { y throws(SwiftConvError) in try x * y }
            }
        }
    }
}
