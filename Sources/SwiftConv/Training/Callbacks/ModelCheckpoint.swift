#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How often something is saved.
public enum SaveFrequency: Sendable, Hashable {
    /// At the end of each epoch.
    case epoch
    /// After each so many batches.
    case batches(Int)
}

/// Saves the model, or its weights, every epoch or every so many batches.
///
///     let weights = ModelCheckpoint(folder + "/{epoch:02d}-{loss:.2f}.safetensors", monitor: "loss", saveBestOnly: true)
///     let whole = ModelCheckpoint(folder + "/best.safetensors", monitor: "loss", saveBestOnly: true) { model, path in
///         try model.save(to: path)
///     }
///     try model.fit(x, y, epochs: 2, callbacks: [weights, whole])
public final class ModelCheckpoint: Callback {
    private let path: String
    private let monitor: Monitor
    private let saveBestOnly: Bool
    private let frequency: SaveFrequency
    private let verbose: Bool
    private let save: (Model, String) throws -> Void
    private var best: Double
    private var epoch = 0
    private var batches = 0

    /// - `path`: where to; may hold `{epoch}` (from 1) and names of the logs, such as `{val_loss:.2f}`.
    /// - `saveBestOnly`: whether to save only when `monitor` improved.
    /// - `initialValueThreshold`: the best value so far, which the first saving must beat.
    /// - `save`: what writes the model to a path.
    public init(
        _ path: String, monitor: String = "val_loss", saveBestOnly: Bool = false, mode: MonitorMode = .auto,
        frequency: SaveFrequency = .epoch, initialValueThreshold: Double? = nil, verbose: Bool = false,
        save: @escaping (_ model: Model, _ path: String) throws -> Void
    ) {
        self.path = path
        let watched = Monitor("ModelCheckpoint", monitor, mode)
        self.monitor = watched
        self.saveBestOnly = saveBestOnly
        self.frequency = frequency
        self.verbose = verbose
        self.save = save
        best = initialValueThreshold ?? watched.worst
    }

    /// Saves the weights by `Model/saveWeights(to:)`.
    public convenience init(
        _ path: String, monitor: String = "val_loss", saveBestOnly: Bool = false, mode: MonitorMode = .auto,
        frequency: SaveFrequency = .epoch, initialValueThreshold: Double? = nil, verbose: Bool = false
    ) {
        self.init(
            path, monitor: monitor, saveBestOnly: saveBestOnly, mode: mode, frequency: frequency,
            initialValueThreshold: initialValueThreshold, verbose: verbose
        ) { model, path in try model.saveWeights(to: path) }
    }

    /// Checks the settings.
    public func onTrainBegin(_ run: TrainingRun) throws(SwiftConvError) {
        if case .batches(let count) = frequency, count < 1 {
            throw .invalidArgument("ModelCheckpoint: frequency: expected at least 1 batch, received \(count)")
        }
    }

    /// Notes the epoch.
    public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) { self.epoch = epoch }

    /// Saves every so many batches.
    public func onBatchEnd(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        batches += 1
        if case .batches(let count) = frequency, count > 0, batches % count == 0 { try write(run) }
    }

    /// Saves every epoch.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        if frequency == .epoch { try write(run) }
    }

    private func write(_ run: TrainingRun) throws(SwiftConvError) {
        if saveBestOnly {
            guard let value = monitor.value(run), monitor.improved(value, best) else { return }
            best = value
        }
        let target = try Self.filled(path, epoch: epoch + 1, run.logs)
        if verbose { print("Epoch \(epoch + 1): saving to \(target)") }
        try userFunction("ModelCheckpoint: save") { try save(run.model, target) }
    }

    /// `{name}`, `{name:03d}` and `{name:.2f}` replaced by numbers.
    static func filled(_ path: String, epoch: Int, _ logs: [String: Double]) throws(SwiftConvError) -> String {
        var out = ""
        var rest = Substring(path)
        while let open = rest.firstIndex(of: "{") {
            out += rest[..<open]
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw .invalidArgument("ModelCheckpoint: path: \"\(path)\" has { without }")
            }
            let parts = rest[rest.index(after: open)..<close].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let value = name == "epoch" ? Double(epoch) : logs[name] else {
                let known = (["epoch"] + logs.keys.sorted()).joined(separator: ", ")
                throw .invalidArgument("ModelCheckpoint: path: \"\(path)\" names \(name), which is not among \(known)")
            }
            out += try text(value, parts.count > 1 ? parts[1] : "", isWhole: name == "epoch")
            rest = rest[rest.index(after: close)...]
        }
        return out + rest
    }

    private static func text(_ value: Double, _ format: Substring, isWhole: Bool) throws(SwiftConvError) -> String {
        if format.isEmpty { return isWhole ? "\(Int(value))" : "\(value)" }
        if isWhole, format.last == "d" {
            let digits = "\(Int(value))"
            let width = min(64, Int(format.dropLast()) ?? 0)
            let fill = format.first == "0" ? "0" : " "
            return String(repeating: fill, count: max(0, width - digits.count)) + digits
        }
        if format.last == "f", format.first == ".", let places = Int(format.dropFirst().dropLast()), (0...15).contains(places) {
            return decimal(value, places)
        }
        throw .invalidArgument("ModelCheckpoint: path: expected a format such as 02d or .2f, received \(format)")
    }
}

/// A number with so many digits after the point.
func decimal(_ number: Double, _ places: Int) -> String {
    let factor = (0..<places).reduce(1.0) { product, _ in product * 10 }
    let scaled = (abs(number) * factor).rounded()
    guard number.isFinite, scaled < 1e18 else { return "\(number)" }
    let whole = Int(scaled)
    let sign = number < 0 && whole > 0 ? "-" : ""
    if places == 0 { return sign + "\(whole)" }
    let fraction = "\(whole % Int(factor))"
    return sign + "\(whole / Int(factor))." + String(repeating: "0", count: places - fraction.count) + fraction
}
