/// Which direction of a monitored value is better.
public enum MonitorMode: Sendable, Hashable {
    /// Accuracies and the like grow, all else shrinks.
    case auto
    /// Smaller is better.
    case min
    /// Larger is better.
    case max
}

/// Whether a monitored value got better.
struct Monitor {
    private static let growing = ["acc", "auc", "precision", "recall", "f1", "iou", "_rate"]

    let owner: String
    let name: String
    let grows: Bool
    let minDelta: Double

    init(_ owner: String, _ name: String, _ mode: MonitorMode, minDelta: Double = 0) {
        self.owner = owner
        self.name = name
        let bare = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
        grows = mode == .max || (mode == .auto && Self.growing.contains { bare.contains($0) })
        self.minDelta = abs(minDelta)
    }

    var worst: Double { grows ? -.infinity : .infinity }

    /// The monitored value; where there is none, a line says what there is.
    func value(_ run: TrainingRun) -> Double? {
        if let found = run.logs[name] { return found }
        print("\(owner): \"\(name)\" is not among the logs; available: \(run.logNames.joined(separator: ", "))")
        return nil
    }

    func improved(_ value: Double, _ best: Double) -> Bool { grows ? value - minDelta > best : value + minDelta < best }
}
