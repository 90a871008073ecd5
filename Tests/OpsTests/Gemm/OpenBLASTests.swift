import Foundation
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// The two multiplications side by side, where this machine has the second one.
@Suite(.enabled(if: OpenBLAS.shared != nil, "no libopenblas on this machine")) struct OpenBLASTests {
    func run(_ prepared: PreparedOp, _ inputs: [[Double]], _ count: Int) throws -> [Float] {
        let tensors = inputs.map { TestTensor(.float32, [$0.count], $0) }
        return try prepared.run(on: tensors, to: [TensorSpec(.float32, [count])])[0].all(Float.self)
    }

    @Test func agreesWithTheNativeProduct() throws {
        let blas = try #require(OpenBLAS.shared)
        for seed in 0..<60 {
            var r = TestGenerator(seed)
            let (m, n, k) = (r.pick([1, 2, 7, 128, 129, 300]), r.pick([1, 3, 16, 33]), r.pick([1, 5, 64, 131]))
            let leading = r.pick([[], [2]])
            let (ta, tb) = (r.below(2), r.below(2))
            let a = leading + (ta == 1 ? [k, m] : [m, k])
            let b = leading + (tb == 1 ? [n, k] : [k, n])
            let shape = try MatMulShape(
                op: "matmul", TensorSpec(.float32, a), TensorSpec(.float32, b), ["transpose_a": .int(ta), "transpose_b": .int(tb)])
            let inputs = [a.reduce(1, *), b.reduce(1, *), n].map { r.values($0) }
            let count = shape.batches * shape.m * shape.n
            let hasBias = r.below(2) == 0
            let activation = r.pick([EpilogueActivation.linear, .relu, .leakyRelu(alpha: 0.5)])
            #expect(OpenBLASGemm.accepts(shape))
            let native = try run(MatMulAlgorithms.native(shape, hasBias: hasBias, activation, 2), inputs, count)
            let other = try run(OpenBLASGemm.prepare(shape, hasBias: hasBias, activation, threads: 1, blas), inputs, count)
            let scale = Float(k).squareRoot() + 1
            #expect(zip(native, other).allSatisfy { abs($0 - $1) <= 64 * scale * 0x1p-24 }, "m \(m) n \(n) k \(k) \(ta)\(tb), seed \(seed)")
            let threaded = try run(OpenBLASGemm.prepare(shape, hasBias: hasBias, activation, threads: 3, blas), inputs, count)
            #expect(other.map(\.bitPattern) == threaded.map(\.bitPattern), "the bits depend on the number of threads")
        }
    }

    @Test func aPointwiseConvolutionIsAProduct() throws {
        let blas = try #require(OpenBLAS.shared)
        let shape = try ConvolutionShape(
            op: "conv2d", input: TensorSpec(.float32, [2, 5, 7, 9]), inputName: "x", filter: TensorSpec(.float32, [1, 1, 9, 6]),
            filterName: "filter", [:])
        let product = try #require(MatMulShape(pointwise: shape))
        #expect((product.m, product.n, product.k) == (70, 6, 9))
        var r = TestGenerator(5)
        let inputs = [630, 54, 6].map { r.values($0) }
        let native = try run(
            try #require(ConvolutionAlgorithms.indirectForward(shape, hasBias: true, .relu6, threads: 2)), inputs, 420)
        let other = try run(OpenBLASGemm.prepare(product, hasBias: true, .relu6, threads: 2, blas), inputs, 420)
        #expect(zip(native, other).allSatisfy { abs($0 - $1) <= 0x1p-18 })
        let strided = try ConvolutionShape(
            op: "conv2d", input: TensorSpec(.float32, [2, 5, 7, 9]), inputName: "x", filter: TensorSpec(.float32, [1, 1, 9, 6]),
            filterName: "filter", ["strides": .ints([2, 2])])
        #expect(MatMulShape(pointwise: strided) == nil)
    }

    @Test func gradientsOfAPointwiseConvolutionAreProducts() throws {
        let blas = try #require(OpenBLAS.shared)
        for (n, h, w, ic, oc) in [(2, 5, 7, 9, 6), (1, 1, 1, 1, 1), (3, 8, 11, 150, 33)] {
            let shape = try ConvolutionShape(
                op: "conv2d", input: TensorSpec(.float32, [n, h, w, ic]), inputName: "x", filter: TensorSpec(.float32, [1, 1, ic, oc]),
                filterName: "filter", [:])
            var r = TestGenerator(ic)
            let (x, dy, filter) = (n * h * w * ic, n * h * w * oc, ic * oc)
            let toInput = try #require(MatMulShape(pointwiseBackwardInput: shape))
            let toFilter = try #require(MatMulShape(pointwiseBackwardFilter: shape))
            let forInput = [filter, dy].map { r.values($0) }
            let forFilter = [x, dy].map { r.values($0) }
            let dx = try run(try #require(ConvolutionAlgorithms.indirectBackwardInput(shape, threads: 2)), forInput, x)
            let otherDx = try run(OpenBLASGemm.prepare(toInput, a: 1, b: 0, hasBias: false, .linear, threads: 2, blas), forInput, x)
            #expect(zip(dx, otherDx).allSatisfy { abs($0 - $1) <= 0x1p-16 }, "dx, \(ic)→\(oc)")
            let df = try run(try #require(ConvolutionAlgorithms.indirectBackwardFilter(shape, threads: 2)), forFilter, filter)
            let otherDf = try run(OpenBLASGemm.prepare(toFilter, hasBias: false, .linear, threads: 2, blas), forFilter, filter)
            #expect(zip(df, otherDf).allSatisfy { abs($0 - $1) <= 0x1p-14 }, "dfilter, \(ic)→\(oc)")
        }
    }

    /// `make test` runs this with `SWIFTCONV_GEMM` set to both words and on the baseline level without it.
    @Test func theChosenOneServes() throws {
        let word = getenv("SWIFTCONV_GEMM").map { String(cString: $0) } ?? ""
        let chosen = word.isEmpty ? Kernels.level == .baseline && CPU.hasAVX : word == "openblas"
        #expect(OpenBLAS.isChosen == chosen)
        func ones(_ shape: [Int]) -> TestTensor { TestTensor(.float32, shape, [Double](repeating: 1, count: shape.reduce(1, *))) }
        let product = try runOp("matmul", [ones([2, 3]), ones([3, 2])])
        #expect((product.algorithm == "openblas") == chosen)
        #expect(product.values == [3, 3, 3, 3])
        for (op, inputs, attributes): (String, [[Int]], Attributes) in [
            ("conv2d", [[1, 2, 1, 3], [1, 1, 3, 2]], [:]),
            ("conv2d_backward_input", [[1, 1, 3, 2], [1, 2, 1, 2]], ["input_shape": .ints([1, 2, 1, 3])]),
            ("conv2d_backward_filter", [[1, 2, 1, 3], [1, 2, 1, 2]], ["filter_shape": .ints([1, 1, 3, 2])]),
        ] {
            let result = try runOp(op, inputs.map(ones), attributes)
            #expect(result.algorithm == (chosen ? "openblas" : "gemm"), "\(op)")
        }
    }
}
