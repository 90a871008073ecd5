import TensorCore

extension Model {
    /// Says how to train. The states of optimizer and metrics begin anew. Of several outputs each gets the same loss and metrics.
    ///
    ///     try model.compile(
    ///         optimizer: .adam(learningRate: .cosineDecay(initial: 0.01, steps: 1000)),
    ///         loss: .categoricalCrossentropy(labelSmoothing: 0.1), metrics: [.accuracy, .auc()])
    ///
    /// `weightedMetrics` heed sample weights.
    public func compile(
        optimizer: Optimizer, loss: Loss, metrics: [Metric] = [], weightedMetrics: [Metric] = []
    ) throws(SwiftConvError) {
        func spread(_ list: [Metric]) -> [[Metric]] { [[Metric]](repeating: list, count: outputCount) }
        try compile(
            optimizer: optimizer, losses: [Loss?](repeating: loss, count: outputCount), metrics: spread(metrics),
            weightedMetrics: spread(weightedMetrics))
    }

    /// The same for several outputs: a loss for each (nil: none), how much each counts, and a list of metrics for each.
    public func compile(
        optimizer: Optimizer, losses: [Loss?], lossWeights: [Double]? = nil, metrics: [[Metric]] = [], weightedMetrics: [[Metric]] = []
    ) throws(SwiftConvError) {
        try compile(
            TrainingSettings(
                optimizer: optimizer, losses: losses, lossWeights: lossWeights, metrics: metrics, weightedMetrics: weightedMetrics))
    }

    func compile(_ settings: TrainingSettings) throws(SwiftConvError) {
        trainer = try Trainer(self, settings)
        uncompiled = nil
        notCompiled = nil
    }

    /// Whether it was compiled, by `compile` or by the file that it was read from.
    public var isCompiled: Bool { trainer != nil }

    /// The rate of the next step.
    public var learningRate: Double {
        get throws(SwiftConvError) { try compiled("learningRate").optimizer.learningRate }
    }

    /// The factor of each step from now on; an optimizer with a schedule throws.
    public func setLearningRate(_ rate: Double) throws(SwiftConvError) {
        try compiled("setLearningRate").optimizer.setLearningRate(rate)
    }

    /// What the optimizer keeps: the number of steps, the learning rate, and what belongs to each weight.
    public var optimizerVariables: [Parameter] { trainer?.optimizer.variables ?? [] }

    /// Set to true, it ends the training after the current batch.
    public var stopTraining: Bool {
        get { trainer?.stopTraining ?? false }
        set { trainer?.stopTraining = newValue }
    }

    func compiled(_ what: String) throws(SwiftConvError) -> Trainer {
        if let trainer { return trainer }
        let why = notCompiled.map { ": \($0)" } ?? ""
        throw .invalidArgument("\(what): the model is not compiled\(why): call compile(optimizer:loss:) first")
    }

    /// What predicts: it need not be compiled.
    func predictor() throws(SwiftConvError) -> Trainer {
        if let known = trainer ?? uncompiled { return known }
        let made = try Trainer()
        uncompiled = made
        return made
    }
}
