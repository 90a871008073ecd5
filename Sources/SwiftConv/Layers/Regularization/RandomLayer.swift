import TensorCore

/// What the layers share that draw random numbers in training: a generator of their own. The same seed gives the same numbers.
public class RandomLayer: Module {
    /// Where the numbers begin; nil for a seed that `Random` gives.
    public let seed: Int?

    init(seed: Int?, name: String?, dtype: DType) {
        self.seed = seed
        super.init(name: name, dtype: dtype)
    }

    /// The arguments that all of them have, from a file.
    public override init(base config: LayerConfig) throws(SwiftConvError) {
        seed = try config.optionalInt("seed")
        try super.init(base: config)
    }

    var randomConfig: LayerConfig {
        var config = baseConfig
        config.set("seed", seed)
        return config
    }

    /// Makes the generator's state.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        try checkArguments()
        let state = try Tensor([seed.map(Int64.init) ?? Random.newSeed(), 0], shape: [2])
        setParameters([try parameter("seed_generator_state", state, isTrainable: false)])
    }

    /// Gives `body` the generator's state, and moves it on by `count` numbers.
    final func drawing(
        _ count: Int, _ body: (Tensor) throws(SwiftConvError) -> Tensor
    ) throws(SwiftConvError) -> Tensor {
        guard let generator = parameters.first else { throw notBuilt(name) }
        let state = try generator.value
        let result = try body(state)
        try generator.assign(try state + Tensor([0, Int64(count)], shape: [2]))
        return result
    }
}
