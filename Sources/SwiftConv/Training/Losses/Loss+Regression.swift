import Graph
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What keeps logarithms and quotients finite, as in Keras.
let lossEpsilon = 1e-7

/// Losses of regression, of margins and of distributions.
extension Loss {
    /// The mean of `(labels − predictions)²` along the last axis.
    public static var meanSquaredError: Loss {
        pairwise("mean_squared_error", TrainingForm("MeanSquaredError")) { y, p throws(SwiftConvError) in try lastMean((y - p).square()) }
    }

    /// The mean of `|labels − predictions|` along the last axis.
    public static var meanAbsoluteError: Loss {
        pairwise("mean_absolute_error", TrainingForm("MeanAbsoluteError")) { y, p throws(SwiftConvError) in try lastMean((y - p).absolute())
        }
    }

    /// `100 · mean(|(labels − predictions) / labels|)` along the last axis.
    public static var meanAbsolutePercentageError: Loss {
        pairwise("mean_absolute_percentage_error", TrainingForm("MeanAbsolutePercentageError")) { y, p throws(SwiftConvError) in
            try 100 * lastMean(((y - p) / y.absolute().maximum(lossEpsilon)).absolute())
        }
    }

    /// The mean of `(log(1 + labels) − log(1 + predictions))²` along the last axis.
    public static var meanSquaredLogarithmicError: Loss {
        pairwise("mean_squared_logarithmic_error", TrainingForm("MeanSquaredLogarithmicError")) { y, p throws(SwiftConvError) in
            let first = try (p.maximum(lossEpsilon) + 1).log()
            let second = try (y.maximum(lossEpsilon) + 1).log()
            return try lastMean((first - second).square())
        }
    }

    /// The mean of `log(cosh(predictions − labels))` along the last axis.
    public static var logCosh: Loss {
        pairwise("log_cosh", TrainingForm("LogCosh")) { y, p throws(SwiftConvError) in
            let d = try p - y
            return try lastMean(d + applyOne("softplus", [-2 * d]) - log(2))
        }
    }

    /// Quadratic up to an error of `delta`, linear beyond; the mean along the last axis.
    public static func huber(delta: Double = 1) -> Loss {
        pairwise(
            "huber_loss", TrainingForm("Huber", [("delta", .double(delta))]),
            fault: delta > 0 ? nil : "delta: expected a number above 0, received \(delta)"
        ) {
            y, p throws(SwiftConvError) in
            let error = try (y - p).absolute()
            let inner = try error.minimum(delta)
            return try lastMean(0.5 * inner.square() + delta * (error - inner))
        }
    }

    /// Minus the cosine of the angle between the vectors along `axis`.
    public static func cosineSimilarity(axis: Int = -1) -> Loss {
        pairwise("cosine_similarity", TrainingForm("CosineSimilarity", [("axis", .int(axis))])) { y, p throws(SwiftConvError) in
            try -cosine(y, p, axis)
        }
    }

    /// The cosine of the angle between the vectors along `axis`.
    static func cosine(_ y: Tensor, _ p: Tensor, _ axis: Int) throws(SwiftConvError) -> Tensor {
        func unit(_ x: Tensor) throws(SwiftConvError) -> Tensor {
            try x * applyOne("rsqrt", [x.square().sum(axis, keepDims: true).maximum(1e-12)])
        }
        return try (unit(y) * unit(p)).sum(axis)
    }

    /// `Σ labels · log(labels / predictions)` along the last axis.
    public static var klDivergence: Loss {
        pairwise("kl_divergence", TrainingForm("KLDivergence")) { y, p throws(SwiftConvError) in
            let y = try y.clipped(to: lossEpsilon...1)
            return try (y * (y / p.clipped(to: lossEpsilon...1)).log()).sum(-1)
        }
    }

    /// The mean of `predictions − labels · log(predictions)` along the last axis.
    public static var poisson: Loss {
        pairwise("poisson", TrainingForm("Poisson")) { y, p throws(SwiftConvError) in try lastMean(p - y * (p + lossEpsilon).log()) }
    }

    /// The mean of `max(1 − labels · predictions, 0)` along the last axis; labels −1 and 1, or 0 and 1.
    public static var hinge: Loss {
        pairwise("hinge", TrainingForm("Hinge")) { y, p throws(SwiftConvError) in try lastMean(nn.relu(1 - signs(y) * p)) }
    }

    /// The mean of `max(1 − labels · predictions, 0)²` along the last axis; labels −1 and 1, or 0 and 1.
    public static var squaredHinge: Loss {
        pairwise("squared_hinge", TrainingForm("SquaredHinge")) { y, p throws(SwiftConvError) in
            try lastMean(nn.relu(1 - signs(y) * p).square())
        }
    }

    /// `max(1 + the best wrong class − the true class, 0)`.
    public static var categoricalHinge: Loss {
        pairwise("categorical_hinge", TrainingForm("CategoricalHinge")) { y, p throws(SwiftConvError) in
            let right = try (y * p).sum(-1)
            let wrong = try ((1 - y) * p).max(-1)
            return try nn.relu(1 + wrong - right)
        }
    }

    /// A loss whose labels and predictions are brought to one type and rank first.
    private static func pairwise(
        _ name: String, _ form: TrainingForm, fault: String? = nil,
        _ values: @escaping @Sendable (Tensor, Tensor) throws(SwiftConvError) -> Tensor
    ) -> Loss {
        Loss(name, fault: fault, form: form) { labels, predictions throws(SwiftConvError) in
            let (y, p) = try ready(labels, predictions, name)
            return try values(y, p)
        }
    }

    /// The mean along the last axis; a scalar stays.
    private static func lastMean(_ x: Tensor) throws(SwiftConvError) -> Tensor { x.rank == 0 ? x : try x.mean(-1) }

    /// Labels 0 and 1 become −1 and 1; labels −1 and 1 stay.
    private static func signs(_ y: Tensor) throws(SwiftConvError) -> Tensor {
        let isBit = try applyOne("logical_or", [y.equal(y.number(0)), y.equal(y.number(1))])
        let binary = try applyOne("reduce_all", [isBit], ["axes": .ints([]), "keepdims": .int(0)]).cast(to: y.dtype)
        return try binary * (2 * y - 1) + (1 - binary) * y
    }
}
