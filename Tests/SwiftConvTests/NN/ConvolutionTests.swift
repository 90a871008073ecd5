import SwiftConv
import Testing
import _TestSupport

/// The textbook sums, without padding.
private func plainConvolution(_ x: Tensor, _ w: Tensor, groups: Int, stride: Int, dilation: Int) throws -> [Float] {
    let (s, f) = (x.shape, w.shape)
    let (a, b) = (try x.scalars(), try w.scalars())
    let (oh, ow) = ((s[1] - (f[0] - 1) * dilation - 1) / stride + 1, (s[2] - (f[1] - 1) * dilation - 1) / stride + 1)
    let perGroup = f[3] / groups
    var y: [Float] = []
    for n in 0..<s[0] {
        for i in 0..<oh {
            for j in 0..<ow {
                for o in 0..<f[3] {
                    var sum: Float = 0
                    for p in 0..<f[0] {
                        for q in 0..<f[1] {
                            for c in 0..<f[2] {
                                let row = i * stride + p * dilation
                                let column = j * stride + q * dilation
                                let channel = o / perGroup * f[2] + c
                                sum += a[((n * s[1] + row) * s[2] + column) * s[3] + channel] * b[((p * f[1] + q) * f[2] + c) * f[3] + o]
                            }
                        }
                    }
                    y.append(sum)
                }
            }
        }
    }
    return y
}

@Suite struct ConvolutionTests {
    @Test(arguments: [(1, 1, 1), (2, 1, 1), (4, 2, 1), (2, 1, 2), (1, 2, 2)])
    func sumsAreThoseOfTheTextbook(groups: Int, stride: Int, dilation: Int) throws {
        let x = try Random.normal([2, 7, 8, 4], seed: 1)
        let w = try Random.normal([3, 2, 4 / groups, 8], seed: 2)
        let y = try nn.conv2d(x, w, strides: Size2(stride, stride), dilations: Size2(dilation, dilation))
        let expected = try plainConvolution(x, w, groups: groups, stride: stride, dilation: dilation)
        #expect(isClose(try y.scalars(), expected, 1e-4))
    }

    @Test func paddingsAreThoseOfPython() throws {
        let x = try (counting(1, 3, 3, 2) + 1) / 10
        let w = try (counting(2, 2, 2, 2) - 8) / 10
        #expect(isClose(try nn.conv2d(x, w).scalars(), [0.72, 1.16, 0.56, 1.16, 0.24, 1.16, 0.08, 1.16]))
        let same = try nn.conv2d(x, w, strides: 2, padding: .same)
        #expect(isClose(try same.scalars(), [0.72, 1.16, -0.52, -0.18, -2.8, -2.22, -2.44, -2.09]))
        let explicit = try nn.conv2d(x, w, padding: .explicit(top: 1, bottom: 0, left: 0, right: 1), dilations: 2)
        #expect(isClose(try explicit.scalars(), [1.32, 1.7, 0.2, 0.39, 1.52, 2.28, -0.16, 0.22]))
    }

    @Test func biasAndActivationFollow() throws {
        let x = try Tensor.ones([1, 2, 2, 1])
        let w = try Tensor([1, -1], shape: [1, 1, 1, 2])
        #expect(try nn.conv2d(x, w, bias: Tensor([0.5, 0.25]), activation: .relu)[0, 0, 0].scalars() == [1.5, 0])
        #expect(try nn.biasAdd(Tensor([[1, 2]]), Tensor([3, 4])).scalars() == [4, 6])
    }

    @Test func severalBatchDimensionsAreOne() throws {
        let x = try Random.normal([2, 3, 5, 5, 2], seed: 1)
        let w = try Random.normal([3, 3, 2, 4], seed: 2)
        let y = try nn.conv2d(x, w)
        #expect(y.shape == [2, 3, 3, 3, 4])
        #expect(try y[1].isEqual(to: nn.conv2d(x[1], w)))
    }

    @Test func oneDimensionIsARow() throws {
        let x = try Tensor([1, 2, 3, 4, 5], shape: [1, 5, 1])
        let w = try Tensor([1, 10], shape: [2, 1, 1])
        #expect(try nn.conv1d(x, w).scalars() == [21, 32, 43, 54])
        #expect(try nn.conv1d(x, w, stride: 2, padding: .same).shape == [1, 3, 1])
        #expect(try nn.conv1d(x, w, dilation: 2).scalars() == [31, 42, 53])
        expectError("conv1d", "3 dimensions") { try nn.conv1d(Tensor([1, 2]), w) }
    }

    @Test func depthwiseFiltersChannelsApart() throws {
        let x = try Random.normal([1, 5, 5, 3], seed: 3)
        let w = try Random.normal([3, 3, 3, 2], seed: 4)
        let y = try nn.depthwiseConv2d(x, w)
        #expect(y.shape == [1, 3, 3, 6])
        for channel in 0..<3 {
            let alone = try nn.conv2d(x[.ellipsis, .range(channel..<channel + 1)], w[.all, .all, .range(channel..<channel + 1)])
            #expect(try y[.ellipsis, .range(2 * channel..<2 * channel + 2)].allClose(to: alone, absoluteTolerance: 1e-5))
        }
        expectError("depthwiseConv2d", "channels") { try nn.depthwiseConv2d(x, .ones([3, 3, 2, 1])) }
        expectError("depthwiseConv2d: filter", "4 dimensions") { try nn.depthwiseConv2d(x, .ones([3])) }
    }

    @Test func separableIsDepthwiseThenPointwise() throws {
        let x = try Random.normal([1, 6, 6, 2], seed: 3)
        let (d, p) = (try Random.normal([3, 3, 2, 2], seed: 4), try Random.normal([1, 1, 4, 5], seed: 5))
        let y = try nn.separableConv2d(x, depthwise: d, pointwise: p, strides: 2, padding: .same)
        let steps = try nn.conv2d(nn.depthwiseConv2d(x, d, strides: 2, padding: .same), p)
        #expect(try y.isEqual(to: steps))
        expectError("separableConv2d: pointwise", "(2, 2, 4, 5)") {
            try nn.separableConv2d(x, depthwise: d, pointwise: .ones([2, 2, 4, 5]))
        }
        expectError("separableConv2d: pointwise", "4 input channels") {
            try nn.separableConv2d(x, depthwise: d, pointwise: .ones([1, 1, 3, 5]))
        }
    }

    @Test func transposedIsTheGradient() throws {
        let y = try Random.normal([1, 3, 3, 4], seed: 6)
        let w = try Random.normal([3, 3, 2, 4], seed: 7)
        let x = try nn.conv2dTranspose(y, w, outputShape: [1, 6, 6, 2], strides: 2)
        #expect(x.shape == [1, 6, 6, 2])
        let slope = try gradient(at: Tensor.zeros([1, 6, 6, 2])) { x throws(SwiftConvError) in
            try nn.conv2d(x, w, strides: 2, padding: .same) * y
        }
        #expect(try x.isEqual(to: slope))
        let forFilter = try gradient(at: w) { w throws(SwiftConvError) in try nn.conv2d(x, w, strides: 2, padding: .same) * y }
        #expect(try nn.conv2dFilterGradient(x, y, filterShape: w.shape, strides: 2, padding: .same).isEqual(to: forFilter))
        expectError("conv2d_backward_input", "expected shape") { try nn.conv2dTranspose(y, w, outputShape: [1, 9, 6, 2], strides: 2) }
    }

    @Test func misuseIsExplained() throws {
        let x = try Tensor.ones([1, 4, 4, 4])
        expectError("conv2d: filter", "rank 4") { try nn.conv2d(x, .ones([3, 3])) }
        expectError("conv2d", "multiple") { try nn.conv2d(x, .ones([3, 3, 3, 2])) }
        expectError("conv2d: filter", "float32", "float64") { try nn.conv2d(x, .ones([3, 3, 4, 2], dtype: .float64)) }
        expectError("conv2d", "strides") { try nn.conv2d(x, .ones([3, 3, 4, 2]), strides: 0) }
        expectError("conv2d", "dilations") { try nn.conv2d(x, .ones([3, 3, 4, 2]), dilations: -1) }
        expectError("bias_add: bias", "(2,)", "(3,)") { try nn.conv2d(x, .ones([3, 3, 4, 2]), bias: .ones([3])) }
    }

    @Test func slopesAreThoseOfDifferences() throws {
        let w = try Random.normal([2, 2, 2, 2], dtype: .float64, seed: 1)
        let x = try Random.normal([1, 4, 3, 2], dtype: .float64, seed: 2)
        try checkSlopes(at: x) { x throws(SwiftConvError) in
            try nn.conv2d(x, w, bias: .ones([2], dtype: .float64), strides: 2, padding: .same, activation: .tanh)
        }
        try checkSlopes(at: w) { w throws(SwiftConvError) in try nn.depthwiseConv2d(x, w).square() }
    }
}
