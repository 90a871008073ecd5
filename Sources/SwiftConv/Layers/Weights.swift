/// Weights and states as plain tensors.
extension Layer {
    /// The numbers of ``parameters``, in their order. Layers have some once they are built.
    public var weights: [Tensor] {
        get throws(SwiftConvError) {
            var values: [Tensor] = []
            for parameter in parameters { values.append(try parameter.value) }
            return values
        }
    }

    /// Gives all ``parameters`` other numbers: those of a layer or model of the same kind, for instance.
    ///
    ///     let (teacher, pupil) = (Dense(2), Dense(2))
    ///     try teacher.build(inputShape: [1, 8])
    ///     try pupil.build(inputShape: [1, 8])
    ///     try pupil.setWeights(teacher.weights)
    ///     print(try pupil(x) == teacher(x))                          // true
    ///
    /// - Throws: Another number of tensors, shapes or types; then all stay as they are.
    public func setWeights(_ weights: [Tensor]) throws(SwiftConvError) {
        let parameters = parameters
        guard weights.count == parameters.count else {
            throw .invalidArgument(
                "\(name): setWeights: expected \(parameters.count) tensors, received \(weights.count)"
                    + (parameters.isEmpty ? "; a layer has no weights before build(inputShape:)" : ""))
        }
        for (parameter, weight) in zip(parameters, weights) where parameter.variable.spec != weight.spec {
            throw .invalidArgument(
                "\(name): setWeights: \(parameter.name): expected \(parameter.variable.spec), received \(weight.spec)")
        }
        for (parameter, weight) in zip(parameters, weights) { try parameter.assign(weight) }
    }
}

extension Model {
    /// The layer of this name.
    ///
    ///     let network = Sequential { Dense(2, name: "hidden"); Dense(1) }
    ///     try network.layer(named: "hidden").isTrainable = false
    public func layer(named name: String) throws(SwiftConvError) -> any Layer {
        guard let found = layers.first(where: { $0.name == name }) else {
            throw .invalidArgument("\(self.name): layer: expected one of \(layers.map(\.name)), received \"\(name)\"")
        }
        return found
    }
}
