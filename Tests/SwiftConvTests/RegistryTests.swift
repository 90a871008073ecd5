import Ops
import SwiftConv
import Testing

/// Each op of the engine can be had through the library: by a function, or (backwards and updates) through gradients and optimizers.
@Suite struct RegistryTests {
    @Test func everyOpHasAFunction() throws {
        let x = try Tensor([1, 2, 3, 4], shape: [1, 2, 2, 1])
        let truth = try x .> 2
        let calls: [String: () throws -> Any] = [
            "add": { try x + x }, "subtract": { try x - x }, "multiply": { try x * x }, "divide": { try x / x },
            "power": { try x.power(x) }, "maximum": { try x.maximum(x) }, "minimum": { try x.minimum(x) },
            "squared_difference": { try x.squaredDifference(x) }, "floor_divide": { try x.floorDivided(by: x) }, "mod": { try x % x },
            "equal": { try x .== x }, "not_equal": { try x .!= x }, "less": { try x .< x }, "less_equal": { try x .<= x },
            "greater": { try x .> x }, "greater_equal": { try x .>= x }, "logical_and": { try truth .& truth },
            "logical_or": { try truth .| truth }, "logical_xor": { try truth .^ truth }, "logical_not": { try .!truth },
            "select": { try which(truth, x, x) }, "bias_add": { try nn.biasAdd(x, Tensor([1])) }, "relu": { try nn.relu(x) },
            "relu6": { try nn.relu6(x) }, "leaky_relu": { try nn.leakyRelu(x) }, "elu": { try nn.elu(x) }, "selu": { try nn.selu(x) },
            "gelu": { try nn.gelu(x) }, "silu": { try nn.silu(x) }, "sigmoid": { try nn.sigmoid(x) }, "tanh": { try nn.tanh(x) },
            "softplus": { try nn.softplus(x) }, "softsign": { try nn.softsign(x) }, "mish": { try nn.mish(x) },
            "hard_sigmoid": { try nn.hardSigmoid(x) }, "hard_silu": { try nn.hardSilu(x) }, "exp": { try x.exp() },
            "expm1": { try x.exponentialMinusOne() }, "log": { try x.log() }, "log1p": { try x.logOnePlus() },
            "sqrt": { try x.squareRoot() }, "rsqrt": { try x.reciprocalSquareRoot() }, "square": { try x.square() },
            "abs": { try x.absolute() }, "negative": { try -x }, "sign": { try x.sign() }, "reciprocal": { try x.reciprocal() },
            "floor": { try x.floor() }, "ceil": { try x.ceil() }, "round": { try x.rounded() }, "erf": { try x.erf() },
            "sin": { try x.sin() }, "cos": { try x.cos() }, "clip": { try x.clipped(to: 0...1) }, "is_nan": { try x.isNaN() },
            "is_finite": { try x.isFinite() }, "reduce_sum": { try x.sum() }, "reduce_mean": { try x.mean() },
            "reduce_max": { try x.max() }, "reduce_min": { try x.min() }, "reduce_prod": { try x.product() },
            "reduce_any": { try truth.any() }, "reduce_all": { try truth.all() }, "argmax": { try x.argmax() },
            "argmin": { try x.argmin() }, "cumsum": { try x.cumulativeSum() }, "logsumexp": { try x.logSumExp() },
            "softmax": { try nn.softmax(x) }, "log_softmax": { try nn.logSoftmax(x) }, "reshape": { try x.reshape([4]) },
            "stop_gradient": { try x.stopGradient() }, "transpose": { try x.transpose() }, "concat": { try Tensor.concatenate([x, x]) },
            "pad": { try x.padded([(0, 0), (1, 0), (0, 0), (0, 0)]) }, "slice": { try x[0] },
            "broadcast_to": { try x.broadcast(to: [2, 2, 2, 1]) },
            "tile": { try x.tile([2]) }, "cast": { try x.cast(to: .int32) }, "gather": { try x.take([0]) },
            "one_hot": { try Tensor(0..<2).oneHot(depth: 2) }, "matmul": { try x.matmul(x, transposeB: true) },
            "conv2d": { try nn.conv2d(x, x.reshape([2, 2, 1, 1])) },
            "separable_conv2d": { try nn.separableConv2d(x, depthwise: x.reshape([2, 2, 1, 1]), pointwise: Tensor.ones([1, 1, 1, 2])) },
            "conv2d_backward_input": { try nn.conv2dTranspose(x, x.reshape([2, 2, 1, 1]), outputShape: [1, 2, 2, 1]) },
            "conv2d_backward_filter": { try nn.conv2dFilterGradient(x, x, filterShape: [1, 1, 1, 1]) },
            "max_pool2d": { try nn.maxPool2d(x) }, "max_pool2d_with_argmax": { try nn.maxPoolWithArgmax(x) },
            "avg_pool2d": { try nn.averagePool2d(x) }, "upsample2d": { try nn.upsample2d(x) },
            "batch_norm_training": { try nn.batchNormalization(x) },
            "batch_norm_inference": { try nn.batchNormalization(x, mean: Tensor([0]), variance: Tensor([1])) },
            "softmax_cross_entropy": { try nn.softmaxCrossEntropy(labels: x, logits: x) },
            "sparse_softmax_cross_entropy": { try nn.sparseSoftmaxCrossEntropy(labels: Tensor([0] as [Int32]), logits: Tensor([[1, 2]])) },
            "sigmoid_cross_entropy": { try nn.sigmoidCrossEntropy(labels: x, logits: x) },
            "random_uniform": { try Random.uniform([1], seed: 1) }, "random_normal": { try Random.normal([1], seed: 1) },
            "random_integers": { try Random.integers([1], in: 0..<2, seed: 1) }, "dropout": { try nn.dropout(x, rate: 0.5, seed: 1) },
        ]
        for (name, call) in calls {
            #expect(Registry.all[name] != nil, "\(name)")
            #expect(throws: Never.self, "\(name)") { _ = try call() }
        }
        let others = Registry.all.keys.filter {
            calls[$0] == nil && !$0.hasSuffix("_backward") && !$0.hasSuffix("_update") && $0 != "identity"
        }
        #expect(others == [])
    }
}
