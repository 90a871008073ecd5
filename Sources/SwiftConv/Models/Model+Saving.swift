import Graph
import TensorCore

/// Models and weights as safetensors files (https://github.com/huggingface/safetensors), which the Python package reads and writes too.
///
/// Each weight is a tensor under the names of the layers that it is in and its own: `conv2d/kernel`. Of a whole model the metadata
/// holds the architecture, and how it is compiled, under `keras_config`.
extension Model {
    /// Writes architecture and weights, so that `Model.load` here, or `load_model` in Python, gives the model back. The file takes its
    /// place when it is complete.
    ///
    ///     let model = Sequential { Dense(10, activation: .softmax) }
    ///     try model.build(inputShape: [1, 784])
    ///     try model.save(to: "\(folder)/digits.safetensors")
    ///     let same = try Model.load(from: "\(folder)/digits.safetensors")
    ///
    /// Of a compiled model the file also holds how it was compiled, the state of the optimizer and those of random generators: its
    /// training goes on, here or in Python, as if it had never stopped. `includeOptimizer: false` leaves them out. Losses, metrics and
    /// rules of your own are in the file by their names; see ``TrainingRegistry``. A schedule without a name cannot be; the file then
    /// says so, and the model that is read from it has to be compiled again.
    public func save(to path: String, includeOptimizer: Bool = true) throws(SwiftConvError) {
        try expectBuilt("save")
        try Self.expectSafetensors(path, "save")
        var file = try fileOfWeights()
        guard case .object(var members) = try serialized() else {
            throw SwiftConvError(.internal, "\(name): its configuration is no object")
        }
        if includeOptimizer, let compiled = try compileConfig() {
            if let config = compiled.config {
                members.append(("compile_config", config))
                try writeTraining(to: &file)
            } else if let note = compiled.note {
                file.add(ModelFile.noteKey, text: note)
            }
        }
        file.add(ModelFile.configKey, text: Json.object(members).text)
        try file.write(to: path)
    }

    /// A model that `save` here, or `model.save("….safetensors")` in Python, wrote; `compile` says whether it is compiled as it was.
    /// Nothing in the file is run as code.
    public static func load(from path: String, compile: Bool = true) throws(SwiftConvError) -> Model {
        let file = try ModelFile.open(path, "load")
        guard let config = file.metadata[ModelFile.configKey] else {
            throw .invalidArgument(
                "load: \(path): it holds no architecture under \"\(ModelFile.configKey)\": weights alone are read by loadWeights(from:)")
        }
        guard let json = Json.parsed(config) else {
            throw .invalidArgument("load: \(path): \(ModelFile.configKey): expected JSON, received \"\(config.prefix(60))\"")
        }
        let model = try ModelReader.model(json)
        try model.read(file, path, "load")
        model.notCompiled = file.metadata[ModelFile.noteKey]
        if compile, let settings = json["compile_config"], settings.asObject != nil {
            try model.compile(from: settings, path)
            if model.isCompiled { try model.readTraining(file, path) }
        }
        return model
    }

    /// Writes the weights and states alone.
    public func saveWeights(to path: String) throws(SwiftConvError) {
        try expectBuilt("saveWeights")
        try Self.expectSafetensors(path, "saveWeights")
        try fileOfWeights().write(to: path)
    }

    /// Reads weights into this model: all of them, or none if one is missing or has another shape.
    public func loadWeights(from path: String) throws(SwiftConvError) {
        try expectBuilt("loadWeights")
        try read(try ModelFile.open(path, "loadWeights"), path, "loadWeights")
    }

    private static func expectSafetensors(_ path: String, _ what: String) throws(SwiftConvError) {
        guard !path.hasSuffix(".h5"), !path.hasSuffix(".hdf5"), !path.hasSuffix(".keras") else {
            throw .invalidArgument(
                "\(what): path: expected a name that ends in .safetensors, received \"\(path)\": the Python package reads such a file "
                    + "and writes .keras and .h5 of it")
        }
    }

    private func expectBuilt(_ what: String) throws(SwiftConvError) {
        guard isBuilt else {
            throw .invalidArgument("\(what): model \(name) is not built yet: call it on data, or build(inputShape:), first")
        }
    }

    /// What files hold, under its name there: weights, and apart from them the states of random generators.
    private func entries(generators: Bool = false) -> [(name: String, parameter: Parameter)] {
        var found: [(name: String, parameter: Parameter)] = []
        var seen: Set<ObjectIdentifier> = []
        func walk(_ layers: [any Layer], _ prefix: String) {
            for layer in layers {
                if let model = layer as? Model {
                    walk(model.layers, "\(prefix)\(model.name)/")
                    continue
                }
                let inner = layer.sublayers
                let others = Set(inner.flatMap(\.parameters).map(ObjectIdentifier.init))
                for parameter in layer.parameters where parameter.name.hasSuffix("/seed_generator_state") == generators {
                    let id = ObjectIdentifier(parameter)
                    if !others.contains(id), seen.insert(id).inserted { found.append((prefix + parameter.name, parameter)) }
                }
                walk(inner, "\(prefix)\(layer.name)/")
            }
        }
        walk(layers, "")
        return found
    }

    private func fileOfWeights() throws(SwiftConvError) -> ModelFile {
        var file = ModelFile(for: name)
        let entries = entries()
        for (entry, parameter) in entries { try file.add(entry, parameter) }
        file.add(ModelFile.orderKey, text: Json.array(entries.map { .string($0.name) }).text)
        return file
    }

    private func read(_ file: Safetensors, _ path: String, _ what: String) throws(SwiftConvError) {
        var reading = FileReading(file)
        let entries = entries()
        for ((name, parameter), place) in zip(entries, Self.places(entries.map(\.name), file)) {
            try reading.take(parameter, name, from: place)
        }
        try reading.finish(what, path, name)
    }

    /// Where each weight stands in a file: under its name; where names differ, in the order of the model that was written.
    private static func places(_ wanted: [String], _ file: Safetensors) -> [String?] {
        let places = wanted.map { file.entry($0) == nil ? nil : $0 }
        guard places.contains(nil), let order = file.names(ModelFile.orderKey), order.count == wanted.count,
            Set(order).count == order.count, order.allSatisfy({ file.entry($0) != nil })
        else { return places }
        return order
    }

    // MARK: a model in training

    private func writeTraining(to file: inout ModelFile) throws(SwiftConvError) {
        guard let state = trainer?.optimizer else { return }
        for (entry, parameter) in entries(generators: true) { try file.add(entry, parameter) }
        let weights = entries()
        let names = Dictionary(weights.map { (ObjectIdentifier($0.parameter), $0.name) }, uniquingKeysWith: { first, _ in first })
        for (slot, weight, variable) in state.named {
            guard let weight else {
                try file.add("optimizer/\(slot)", variable)
                continue
            }
            if let name = names[ObjectIdentifier(weight)] { try file.add("optimizer/\(slot)/\(name)", variable) }
        }
        let excluded = weights.filter { $0.parameter.isWeight && state.isExcluded($0.parameter) }
        if state.optimizer.weightDecay != nil, !excluded.isEmpty {
            file.add(ModelFile.exclusionsKey, text: Json.array(excluded.map { .string($0.name) }).text)
        }
    }

    private func readTraining(_ file: Safetensors, _ path: String) throws(SwiftConvError) {
        guard let state = trainer?.optimizer else { return }
        let weights = entries().filter(\.parameter.isWeight)
        let excluded = Set(file.names(ModelFile.exclusionsKey) ?? [])
        for (name, weight) in weights where excluded.contains(name) { state.excluded.insert(ObjectIdentifier(weight)) }
        guard file.entry("optimizer/iteration") != nil else { return }
        // Frozen weights may have a state from before they were frozen.
        let slots = state.slotNames
        try state.prepare(
            weights.filter { name, _ in slots.contains { file.entry("optimizer/\($0)/\(name)") != nil } }.map(\.parameter))
        let names = Dictionary(weights.map { (ObjectIdentifier($0.parameter), $0.name) }, uniquingKeysWith: { first, _ in first })
        var reading = FileReading(file)
        for (slot, weight, variable) in state.named {
            guard let weight, let name = names[ObjectIdentifier(weight)] else {
                try reading.take(variable, "optimizer/\(slot)", from: "optimizer/\(slot)")
                continue
            }
            let own = "optimizer/\(slot)/\(name)"
            // One number for all weights, as Python keeps it.
            let isShared = variable.shape.isEmpty && file.entry(own) == nil && file.entry("optimizer/\(slot)") != nil
            try reading.take(variable, own, from: isShared ? "optimizer/\(slot)" : own)
        }
        for (name, parameter) in entries(generators: true) where file.entry(name) != nil {
            try reading.take(parameter, name, from: name)
        }
        try reading.finish("load", path, name)
    }
}
