import SwiftConv
import Testing

/// What files hold of layers; pytests/test_layer_doors.py compares it with Python's.
@Suite struct ConfigTests {
    private func layers() -> [any ConfigurableLayer] {
        [
            Conv2D(4, kernelSize: 3), Conv2DTranspose(4, kernelSize: 3), DepthwiseConv2D(kernelSize: 3), SeparableConv2D(4, kernelSize: 3),
            Dense(3), BatchNormalization(), Dropout(0.5), SpatialDropout2D(0.5), GaussianNoise(0.5), ActivityRegularization(l1: 1),
            MaxPooling2D(), AveragePooling2D(), GlobalMaxPooling2D(), GlobalAveragePooling2D(), Add(), Concatenate(), Flatten(),
            Reshape([-1]), Permute([3, 1, 2]), RepeatVector(2), ZeroPadding2D(), Cropping2D(), UpSampling2D(), Rescaling(2), Softmax(),
            PReLU(), ReLU(), LeakyReLU(), ELU(), Identity(), InputLayer([6, 6, 2]), ActivationLayer(.relu),
        ]
    }

    @Test func nothingIsLost() throws {
        let layer = Conv2D(
            4, kernelSize: Size2(3, 2), strides: 2, padding: .explicit(top: 1, bottom: 2, left: 0, right: 1), dataFormat: .channelsFirst,
            groups: 2, activation: .elu(alpha: 2), useBias: false, kernelInitializer: .randomUniform(-1...2), biasInitializer: .constant(3),
            kernelRegularizer: .orthogonal(0.5, mode: .columns), activityRegularizer: .l1l2(l1: 1),
            kernelConstraint: .unitNorm(axes: [0, 1]),
            name: "odd", dtype: .float64)
        layer.isTrainable = false
        let again = try Conv2D(config: layer.config)
        #expect(again.name == "odd" && again.dtype == .float64 && !again.isTrainable)
        #expect(again.padding == layer.padding && again.strides == 2 && again.kernelSize == Size2(3, 2) && again.groups == 2)
        #expect(again.activation == layer.activation && again.activityRegularizer == layer.activityRegularizer)
        try again.build(inputShape: [1, 2, 6, 6])
        #expect(again.parameters.map(\.regularizer) == [.orthogonal(0.5, mode: .columns)])
        #expect(again.parameters.map(\.constraint) == [.unitNorm(axes: [0, 1])])
    }

    @Test func unknownArgumentsThrow() throws {
        for layer in layers() {
            var config = layer.config
            config.set("nothing", 1)
            #expect(throws: SwiftConvError.self) { try type(of: layer).init(config: config) }
            config.set("nothing", nil as Int?)
            #expect(throws: Never.self) { try type(of: layer).init(config: config) }
        }
    }

    /// Whatever stands in a file is read, or thrown: it never traps.
    @Test func extremeArgumentsNeverTrap() throws {
        let keys = [
            "filters", "groups", "kernel_size", "strides", "dilation_rate", "output_padding", "depth_multiplier", "units", "axis",
            "momentum",
            "epsilon", "rate", "seed", "noise_shape", "stddev", "l1", "l2", "pool_size", "target_shape", "dims", "n", "padding", "cropping",
            "size", "scale", "offset", "shared_axes", "max_value", "negative_slope", "threshold", "alpha", "batch_shape", "activation",
            "kernel_initializer", "kernel_regularizer", "kernel_constraint", "data_format", "name", "dtype", "trainable", "renorm_clipping",
        ]
        let images = try Tensor.ones([2, 6, 6, 2])
        let rows = try Tensor.ones([2, 3])
        for layer in layers() {
            for key in keys where layer.config.has(key) || ["seed", "noise_shape", "output_padding", "shared_axes"].contains(key) {
                for number in [Int.max, .min, .max / 2, -1, 0] {
                    for list in [[number], [number, 1], [1, number], [1, 1, number], [1, 1, 1, number]] {
                        var config = layer.config
                        if list.count == 1 { config.set(key, number) } else { config.set(key, list) }
                        guard let made = try? type(of: layer).init(config: config) else { continue }
                        _ = try? made(images, training: true)
                        _ = try? (try type(of: layer).init(config: config))(rows, training: true)
                    }
                }
            }
        }
    }
}
