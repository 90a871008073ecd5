#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a person sees of `fit`: `Verbosity.bar` draws a bar on a terminal, at most ten times a second; one line for each epoch follows.
public final class ProgressBar: Callback {
    private let isTerminal = isatty(1) == 1
    private var start = ContinuousClock.now
    private var lastDrawn = ContinuousClock.now
    private var isDrawn = false
    private var batches = 0

    /// See the type.
    public init() {}

    /// Begins the bar.
    public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) {
        start = .now
        lastDrawn = start
        batches = 0
    }

    /// Draws the bar.
    public func onBatchEnd(_ batch: Int, _ run: TrainingRun) {
        batches += 1
        guard run.verbose == .bar, isTerminal, ContinuousClock.now - lastDrawn > .milliseconds(100) else { return }
        lastDrawn = .now
        var bar = ""
        if let steps = run.steps, steps > 0 {
            let full = 20 * min(batches, steps) / steps
            bar = "/\(steps) [" + String(repeating: "=", count: full) + String(repeating: " ", count: 20 - full) + "]"
        }
        show("\r\(batches)\(bar) - \(text(run))\u{1B}[K")
        isDrawn = true
    }

    /// One line takes the place of the bar.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) {
        clear()
        let time = (ContinuousClock.now - start).components
        let seconds = Double(time.seconds) + Double(time.attoseconds) * 1e-18
        print("Epoch \(epoch + 1)/\(run.epochs) - \(decimal(seconds, 1)) s - \(text(run))")
    }

    /// Takes the bar away.
    public func onInterrupt(_ error: SwiftConvError, _ run: TrainingRun) { if isDrawn { print() } }

    private func clear() {
        if isDrawn { show("\r\u{1B}[K") }
        isDrawn = false
    }

    private func show(_ text: String) {
        print(text, terminator: "")
        fflush(nil)
    }

    private func text(_ run: TrainingRun) -> String {
        let logs = run.logs
        return run.logNames.compactMap { name in logs[name].map { "\(name): \(digits($0))" } }.joined(separator: " - ")
    }

    /// Four digits after the point; of small numbers, such as learning rates, all there are.
    private func digits(_ number: Double) -> String { number != 0 && abs(number) < 0.001 ? "\(Float(number))" : decimal(number, 4) }
}
