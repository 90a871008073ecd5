import SwiftConv
import Testing

@Suite struct SequenceLayerTests {
    @Test func filtersGoAlongTheSteps() throws {
        let layer = Conv1D(1, kernelSize: 2, name: "c")
        try layer.build(inputShape: [1, 4, 1])
        #expect(layer.parameters.map(\.name) == ["c/kernel", "c/bias"] && layer.parameters[0].shape == [2, 1, 1])
        try layer.setWeights([Tensor([1, 10], shape: [2, 1, 1]), Tensor([0.5])])
        let x = try Tensor([1, 2, 3, 4], shape: [1, 4, 1])
        #expect(try layer(x).scalars() == [21.5, 32.5, 43.5])
        for (padding, expected) in [(Padding1D.same, [21, 32, 43, 4]), (.causal, [10, 21, 32, 43])] as [(Padding1D, [Float])] {
            let padded = Conv1D(1, kernelSize: 2, padding: padding, useBias: false)
            try padded.build(inputShape: [1, 4, 1])
            try padded.setWeights([Tensor([1, 10], shape: [2, 1, 1])])
            #expect(try padded(x).scalars() == expected)
        }
    }

    @Test func channelsMayStandFirst() throws {
        let last = Conv1D(4, kernelSize: 3, strides: 2, groups: 2, activation: .relu)
        let first = Conv1D(4, kernelSize: 3, strides: 2, dataFormat: .channelsFirst, groups: 2, activation: .relu)
        let x = try Random.normal([2, 9, 2], seed: 1)
        let y = try last(x)
        try first.build(inputShape: [2, 2, 9])
        try first.setWeights(last.weights)
        #expect(y.shape == [2, 4, 4])
        #expect(try first(x.transpose([0, 2, 1])) == y.transpose([0, 2, 1]))
    }

    @Test func windowsOfSequences() throws {
        let x = try Tensor([1, 4, 3, 2, 9], shape: [1, 5, 1])
        #expect(try MaxPooling1D()(x).scalars() == [4, 3])
        #expect(try MaxPooling1D(2, strides: 1, padding: .same)(x).scalars() == [4, 4, 3, 9, 9])
        #expect(try AveragePooling1D(2, padding: .same)(x).scalars() == [2.5, 2.5, 9])
        #expect(try MaxPooling1D(dataFormat: .channelsFirst)(x.reshape([1, 1, 5])).scalars() == [4, 3])
        #expect(try GlobalMaxPooling1D()(x).scalars() == [9] && GlobalAveragePooling1D(keepDims: true)(x).shape == [1, 1, 1])
    }

    @Test func mistakesAreNamed() throws {
        let x = try Tensor.zeros([1, 5, 3])
        expectError("shorter than the window") { try Conv1D(1, kernelSize: 6)(x) }
        expectError("shorter than the window") { try MaxPooling1D(6)(x) }
        expectError("causal") { try MaxPooling1D(padding: .causal)(x) }
        expectError("groups", "3") { try Conv1D(2, kernelSize: 1, groups: 2)(x) }
        expectError("filters") { try Conv1D(3, kernelSize: 1, groups: 2)(x) }
        expectError("strides, dilations") { try Conv1D(1, kernelSize: 2, strides: 2, dilations: 2)(x) }
        expectError("dilations", "too long") { try Conv1D(1, kernelSize: 3, padding: .causal, dilations: .max)(x) }
        expectError("kernelSize") { try Conv1D(1, kernelSize: 0)(x) }
        expectError("3 dimensions") { try Conv1D(1, kernelSize: 1)(x[0]) }
        let layer = Conv1D(1, kernelSize: 1)
        _ = try layer(x)
        expectError("size 3 along axis 2") { try layer(Tensor.zeros([1, 5, 4])) }
    }

    @Test func normalizationsLookAtOneExample() throws {
        let x = try Random.normal([3, 4, 4, 6], mean: 2, standardDeviation: 3, seed: 1)
        for layer in [
            LayerNormalization(), LayerNormalization(axes: [1, 2, 3]), LayerNormalization(axis: 1, center: false),
            GroupNormalization(groups: 2), GroupNormalization(groups: -1, axis: 1), GroupNormalization(groups: 6, scale: false),
        ] as [any Layer] {
            let y = try layer(x, training: true)
            #expect(try y.shape == x.shape && layer(x) == y)
            for i in 0..<3 { #expect(try layer(x[i..<i + 1]) == y[i..<i + 1], "\(layer)") }
        }
        let whole = try LayerNormalization(axes: [1, 2, 3], epsilon: 0)(x)
        let one = try GroupNormalization(groups: 1, epsilon: 0)(x)
        #expect(try whole.allClose(to: one, absoluteTolerance: 1e-5))
        #expect(try abs(whole[0].mean().scalar()) < 1e-5 && abs(whole[0].variance().scalar() - 1) < 1e-4)
    }

    @Test func normalizationsHaveGradients() throws {
        let x = try Random.normal([2, 3, 4], dtype: .float64, seed: 1)
        let layers: [any Layer] = [
            LayerNormalization(axes: [1, 2], dtype: .float64), GroupNormalization(groups: 2, dtype: .float64),
            Conv1D(2, kernelSize: 2, padding: .causal, dtype: .float64),
        ]
        for layer in layers {
            _ = try layer(x)
            try checkSlopes(at: x) { x throws(SwiftConvError) in try layer(x).power(3) }
        }
    }

    @Test func normalizationsNameMistakes() throws {
        let x = try Tensor.zeros([2, 3, 4])
        expectError("groups", "4", "3") { try GroupNormalization(groups: 3)(x) }
        expectError("groups", "0") { try GroupNormalization(groups: 0)(x) }
        expectError("axis") { try GroupNormalization(groups: 1, axis: 0)(x) }
        expectError("axes", "once") { try LayerNormalization(axes: [1, -2])(x) }
        expectError("axes", "none") { try LayerNormalization(axes: [])(x) }
        expectError("axis", "3") { try LayerNormalization(axis: 3)(x) }
        let layer = LayerNormalization()
        _ = try layer(x)
        expectError("size 4 along axis 2") { try layer(Tensor.zeros([2, 3, 5])) }
    }
}
