import Graph

/// How a model is compiled, as files hold it: Keras's `compile_config`.
extension Model {
    /// The optimizer, losses, weights of losses and metrics; a note in place of it where something has no name. Nil where the model is
    /// not compiled.
    func compileConfig() throws(SwiftConvError) -> (config: Json?, note: String?)? {
        guard let trainer, let settings = trainer.settings else { return nil }
        guard let optimizer = settings.optimizer.json(rate: try trainer.optimizer.learningRate) else {
            return (
                nil,
                "how the model was compiled is not in the file, because its learning rate follows a schedule without a name "
                    + "(LearningRateSchedule(name:_:))"
            )
        }
        func lists(_ metrics: [[Metric]]) -> Json {
            if metrics.allSatisfy(\.isEmpty) { return .null }
            if metrics.count == 1 { return .array(metrics[0].map(\.json)) }
            return .array(metrics.map { .array($0.map(\.json)) })
        }
        let losses = settings.losses.map { $0?.json ?? .null }
        let config = Json.object([
            ("optimizer", optimizer), ("loss", losses.count == 1 ? losses[0] : .array(losses)),
            ("loss_weights", settings.lossWeights.map { .array($0.map { .double($0) }) } ?? .null),
            ("metrics", lists(settings.metrics)), ("weighted_metrics", lists(settings.weightedMetrics)), ("run_eagerly", .bool(false)),
            ("steps_per_execution", .int(1)), ("jit_compile", .bool(false)),
        ])
        return (config, nil)
    }

    /// Compiles as a file says.
    func compile(from json: Json, _ path: String) throws(SwiftConvError) {
        let what = "\(path): compile_config"
        guard case .object = json else { throw .invalidArgument("\(what): expected an object of JSON, received \(json.text.prefix(80))") }
        func present(_ key: String) -> Json? {
            guard let value = json[key] else { return nil }
            if case .null = value { return nil }
            return value
        }
        guard let given = present("optimizer") else { throw .invalidArgument("\(what): expected an optimizer") }
        guard let loss = present("loss") else {
            notCompiled = "the file holds no loss"
            return
        }
        let optimizer = try Optimizer(given, "\(what): optimizer")
        var losses: [Loss?] = []
        for entry in try spread(loss, "\(what): loss") {
            if let entry { losses.append(try Loss(entry, "\(what): loss")) } else { losses.append(nil) }
        }
        var weights: [Double]?
        if let factors = present("loss_weights") {
            var numbers: [Double] = []
            for entry in try spread(factors, "\(what): loss_weights") {
                guard let number = entry.map(\.asDouble) ?? 1 else {
                    throw .invalidArgument("\(what): loss_weights: expected numbers, received \(factors.text.prefix(80))")
                }
                numbers.append(number)
            }
            weights = numbers
        }
        func metrics(_ key: String) throws(SwiftConvError) -> [[Metric]] {
            guard let entries = present(key) else { return [] }
            var all: [[Metric]] = []
            for list in try metricLists(entries, "\(what): \(key)") {
                var made: [Metric] = []
                for entry in list { made.append(try Metric(entry, "\(what): \(key)")) }
                all.append(made)
            }
            return all
        }
        try compile(
            TrainingSettings(
                optimizer: optimizer, losses: losses, lossWeights: weights, metrics: try metrics("metrics"),
                weightedMetrics: try metrics("weighted_metrics")))
    }

    /// One setting for each output: from a single value, a list, or an object by the names of the outputs.
    private func spread(_ json: Json, _ what: String) throws(SwiftConvError) -> [Json?] {
        func orNil(_ value: Json?) -> Json? {
            guard let value else { return nil }
            if case .null = value { return nil }
            return value
        }
        if let list = json.asArray {
            guard list.count == outputCount else {
                throw .invalidArgument("\(what): expected \(outputCount) entries (one for each output), received \(list.count)")
            }
            return list.map(orNil)
        }
        if let members = json.asObject, json["class_name"] == nil {
            let names = try names(of: members, what)
            return names.map { orNil(json[$0]) }
        }
        return [Json?](repeating: json, count: outputCount)
    }

    /// A list of metrics for each output: from one metric, a list, a list of lists, or an object by the names of the outputs.
    private func metricLists(_ json: Json, _ what: String) throws(SwiftConvError) -> [[Json]] {
        func list(_ value: Json?) -> [Json] {
            switch value {
            case nil, .null: []
            case .array(let items): items
            case let one?: [one]
            }
        }
        if let members = json.asObject, json["class_name"] == nil {
            return try names(of: members, what).map { list(json[$0]) }
        }
        guard let items = json.asArray else { return [[Json]](repeating: [json], count: outputCount) }
        let isNested = items.contains {
            switch $0 {
            case .array, .null: true
            default: false
            }
        }
        if outputCount == 1 { return [isNested && items.count == 1 ? list(items[0]) : items] }
        guard items.count == outputCount else {
            throw .invalidArgument("\(what): expected \(outputCount) lists (one for each output), received \(items.count)")
        }
        return items.map(list)
    }

    private func names(of members: [(String, Json)], _ what: String) throws(SwiftConvError) -> [String] {
        for names in [outputKeys, outputNames] {
            if let names, members.allSatisfy({ names.contains($0.0) }) { return names }
        }
        throw .invalidArgument("\(what): expected names among \(outputKeys ?? outputNames), received \(members.map(\.0))")
    }
}
