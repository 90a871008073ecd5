import Graph

extension Metric {
    /// The losses whose means are classes among Keras's metrics: their names there, and the arguments that these take.
    private static let means: [String: (className: String, arguments: Set<String>)] = [
        "MeanSquaredError": ("MeanSquaredError", []), "MeanAbsoluteError": ("MeanAbsoluteError", []),
        "MeanAbsolutePercentageError": ("MeanAbsolutePercentageError", []),
        "MeanSquaredLogarithmicError": ("MeanSquaredLogarithmicError", []), "KLDivergence": ("KLDivergence", []),
        "Poisson": ("Poisson", []), "Hinge": ("Hinge", []), "SquaredHinge": ("SquaredHinge", []),
        "CategoricalHinge": ("CategoricalHinge", []), "LogCosh": ("LogCoshError", []),
        "BinaryCrossentropy": ("BinaryCrossentropy", ["from_logits", "label_smoothing"]),
        "CategoricalCrossentropy": ("CategoricalCrossentropy", ["from_logits", "label_smoothing", "axis"]),
        "SparseCategoricalCrossentropy": ("SparseCategoricalCrossentropy", ["from_logits", "axis"]),
    ]
    private static let words = ["accuracy": ["accuracy", "acc"], "crossentropy": ["crossentropy", "ce"]]

    /// As files hold it: a word, a class of Keras, or the name of a metric of the user's own.
    var json: Json {
        switch form {
        case nil: return TrainingObject.function(name)
        case .byShapes(let word):
            return Self.words[word]?.contains(name) == true ? .string(name) : TrainingObject.function(name)
        case .keras(let form): return object(form.className, form.arguments)
        case .loss(let loss):
            guard let form = loss.form else { return TrainingObject.function(name) }
            if let mean = Self.means[form.className] {
                let others = form.arguments.filter { !mean.arguments.contains($0.key) }
                let defaults = others.allSatisfy { _, value in
                    switch value {
                    case .null, .bool(false), .int(-1), .double(0): true
                    default: false
                    }
                }
                if defaults { return object(mean.className, form.arguments.filter { mean.arguments.contains($0.key) }) }
            }
            return loss.named(name).reduced(by: .none).json
        }
    }

    private func object(_ className: String, _ arguments: [(key: String, value: Json)]) -> Json {
        Serialized.object(
            "keras.metrics", className,
            [("name", .string(name)), ("dtype", .string("float32"))] + arguments.map { ($0.key, $0.value) })
    }

    init(_ json: Json, _ what: String) throws(SwiftConvError) {
        let object = try TrainingObject(json, what)
        if let own = try TrainingRegistry.metric(object) {
            self = own
            return
        }
        guard var made = try Self.known(object, isLoss: json["module"]?.asString?.hasSuffix("losses") == true) else {
            throw object.unknown(what, "TrainingRegistry.register")
        }
        if let name = try object.givenName {
            made = made.named(name)
        } else if !object.isClass {
            made = made.named(object.name)
        }
        self = made
    }

    private static func known(_ object: TrainingObject, isLoss: Bool) throws(SwiftConvError) -> Metric? {
        if !object.isClass {
            for (word, spellings) in words where spellings.contains(object.name.lowercased()) {
                return word == "accuracy" ? .accuracy : .crossentropy
            }
        }
        if !isLoss, let found = try byName(object.plain, object.config) { return found }
        return try Loss.known(object).map { Metric($0) }
    }

    private static func byName(_ name: String, _ config: LayerConfig) throws(SwiftConvError) -> Metric? {
        func thresholds() throws(SwiftConvError) -> [Double]? {
            config["thresholds"]?.asDouble != nil ? [try config.double("thresholds")] : try config.doubles("thresholds")
        }
        func k() throws(SwiftConvError) -> Int { try config.int("k", default: 5) }
        switch name {
        case "accuracy": return .exactAccuracy
        case "binaryaccuracy": return .binaryAccuracy(threshold: try config.double("threshold", default: 0.5))
        case "categoricalaccuracy": return .categoricalAccuracy
        case "sparsecategoricalaccuracy": return .sparseCategoricalAccuracy
        case "topkcategoricalaccuracy": return .topKCategoricalAccuracy(k: try k())
        case "sparsetopkcategoricalaccuracy": return .sparseTopKCategoricalAccuracy(k: try k())
        case "cosinesimilarity": return .cosineSimilarity(axis: try config.int("axis", default: -1))
        case "rootmeansquarederror", "rmse": return .rootMeanSquaredError
        case "logcosherror": return .logCoshError
        case "truepositives": return .truePositives(thresholds: try thresholds() ?? [0.5])
        case "falsepositives": return .falsePositives(thresholds: try thresholds() ?? [0.5])
        case "truenegatives": return .trueNegatives(thresholds: try thresholds() ?? [0.5])
        case "falsenegatives": return .falseNegatives(thresholds: try thresholds() ?? [0.5])
        case "precision", "recall":
            let (topK, classID) = (try config.optionalInt("top_k"), try config.optionalInt("class_id"))
            return name == "precision"
                ? .precision(thresholds: try thresholds(), topK: topK, classID: classID)
                : .recall(thresholds: try thresholds(), topK: topK, classID: classID)
        case "auc": return try area(config)
        default: return nil
        }
    }

    private static func area(_ config: LayerConfig) throws(SwiftConvError) -> Metric {
        let curve: Curve
        switch try config.string("curve", default: "ROC").uppercased() {
        case "ROC": curve = .roc
        case "PR": curve = .pr
        default: throw config.wrong("curve", "ROC or PR")
        }
        let summation: Summation
        switch try config.string("summation_method", default: "interpolation").lowercased() {
        case "interpolation": summation = .interpolation
        case "minoring": summation = .minoring
        case "majoring": summation = .majoring
        default: throw config.wrong("summation_method", "interpolation, minoring or majoring")
        }
        return .auc(
            numThresholds: try config.int("num_thresholds", default: 200), curve: curve, summation: summation,
            thresholds: try config.doubles("thresholds"), isMultiLabel: try config.bool("multi_label", default: false),
            labelWeights: try config.doubles("label_weights"), fromLogits: try config.bool("from_logits", default: false))
    }
}

extension LayerConfig {
    /// A list of numbers, or nil where it is absent.
    func doubles(_ key: String) throws(SwiftConvError) -> [Double]? {
        guard let value = self[key] else { return nil }
        guard let items = value.asArray else { throw wrong(key, "a list of numbers") }
        let numbers = items.compactMap(\.asDouble)
        guard numbers.count == items.count else { throw wrong(key, "a list of numbers") }
        return numbers
    }
}

extension Json {
    /// A number, whole or not.
    var asDouble: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
