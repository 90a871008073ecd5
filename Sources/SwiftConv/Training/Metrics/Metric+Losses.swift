import Graph
import TensorCore

/// Means of losses.
extension Metric {
    /// The mean squared error.
    public static var meanSquaredError: Metric { Metric(.meanSquaredError) }
    /// The mean absolute error.
    public static var meanAbsoluteError: Metric { Metric(.meanAbsoluteError) }
    /// The mean absolute error in percent of the labels.
    public static var meanAbsolutePercentageError: Metric { Metric(.meanAbsolutePercentageError) }
    /// The mean squared error of the logarithms.
    public static var meanSquaredLogarithmicError: Metric { Metric(.meanSquaredLogarithmicError) }
    /// The Kullback-Leibler divergence.
    public static var klDivergence: Metric { Metric(.klDivergence) }
    /// The Poisson loss.
    public static var poisson: Metric { Metric(.poisson) }
    /// The hinge loss.
    public static var hinge: Metric { Metric(.hinge) }
    /// The squared hinge loss.
    public static var squaredHinge: Metric { Metric(.squaredHinge) }
    /// The hinge loss of several classes.
    public static var categoricalHinge: Metric { Metric(.categoricalHinge) }
    /// The logarithm of the hyperbolic cosine of the error.
    public static var logCoshError: Metric { Metric(.logCosh).named("logcosh") }

    /// The cosine between labels and predictions along `axis`.
    public static func cosineSimilarity(axis: Int = -1) -> Metric {
        Metric(name: "cosine_similarity", form: .keras(TrainingForm("CosineSimilarity", [("axis", .int(axis))]))) {
            labels, predictions throws(SwiftConvError) in
            let (y, p) = try ready(labels, predictions, "cosine_similarity")
            return try Loss.cosine(y, p, axis)
        }
    }

    /// The root of the mean squared error over all examples.
    public static var rootMeanSquaredError: Metric {
        Metric(
            name: "root_mean_squared_error", form: .keras(TrainingForm("RootMeanSquaredError")),
            rule: MeanRule(takesRoot: true) { labels, predictions throws(SwiftConvError) in
                let (y, p) = try ready(labels, predictions, "root_mean_squared_error")
                return try (p - y).square()
            })
    }

    /// The cross-entropy of yes-or-no labels.
    public static func binaryCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0) -> Metric {
        Metric(.binaryCrossentropy(fromLogits: fromLogits, labelSmoothing: labelSmoothing))
    }

    /// The cross-entropy of one-hot labels.
    public static func categoricalCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1) -> Metric {
        Metric(.categoricalCrossentropy(fromLogits: fromLogits, labelSmoothing: labelSmoothing, axis: axis))
    }

    /// The cross-entropy of class numbers.
    public static func sparseCategoricalCrossentropy(fromLogits: Bool = false, axis: Int = -1) -> Metric {
        Metric(.sparseCategoricalCrossentropy(fromLogits: fromLogits, axis: axis))
    }
}
