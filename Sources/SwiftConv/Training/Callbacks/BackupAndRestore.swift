import Graph
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Saves the weights, the state of the optimizer and the epoch while training, and goes on from there when `fit` is called again.
///
/// The backup is one file, which is replaced as a whole.
public final class BackupAndRestore: Callback {
    private let path: String
    private let frequency: SaveFrequency
    private let deleteCheckpoint: Bool
    private var epoch = 0
    private var batches = 0

    /// `path` is the backup's file; `deleteCheckpoint` removes it when training has come to its end.
    public init(_ path: String, frequency: SaveFrequency = .epoch, deleteCheckpoint: Bool = true) {
        self.path = path
        self.frequency = frequency
        self.deleteCheckpoint = deleteCheckpoint
    }

    /// Reads the backup, if there is one.
    public func onTrainBegin(_ run: TrainingRun) throws(SwiftConvError) {
        if case .batches(let count) = frequency, count < 1 {
            throw .invalidArgument("BackupAndRestore: frequency: expected at least 1 batch, received \(count)")
        }
        epoch = run.initialEpoch
        guard access(path, F_OK) == 0 else { return }
        let file = try engine { () throws(ConvError) in try Safetensors(path) }
        guard let saved = file.metadata["epoch"].flatMap({ Int($0) }) else {
            throw .invalidArgument("BackupAndRestore: \(path): expected a backup of training, received another file")
        }
        let variables = try self.variables(run)
        guard variables.count == file.entries.count else {
            throw .invalidArgument("BackupAndRestore: \(path): expected \(variables.count) tensors, received \(file.entries.count)")
        }
        for (i, variable) in variables.enumerated() {
            guard let entry = file.entry("\(i)"), entry.spec == variable.variable.spec else {
                throw .invalidArgument("BackupAndRestore: \(path): expected \(variable.variable.spec) for \(variable.name)")
            }
        }
        for (i, variable) in variables.enumerated() {
            guard let entry = file.entry("\(i)") else { continue }
            variable.variable.data.copyMemory(from: entry.data, byteCount: entry.spec.byteCount)
            variable.variable.touch()
        }
        epoch = saved
        run.initialEpoch = saved
    }

    /// Notes the epoch.
    public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) { self.epoch = epoch }

    /// Saves every so many batches.
    public func onBatchEnd(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        batches += 1
        if case .batches(let count) = frequency, batches % count == 0 { try save(run) }
    }

    /// Saves every epoch.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        self.epoch = epoch + 1
        if frequency == .epoch { try save(run) }
    }

    /// Removes the backup.
    public func onTrainEnd(_ run: TrainingRun) { if deleteCheckpoint { unlink(path) } }

    private func variables(_ run: TrainingRun) throws(SwiftConvError) -> [Parameter] {
        let all = run.model.parameters
        guard !all.isEmpty else {
            throw .invalidArgument("BackupAndRestore: \(run.model.name) is not built: call build(inputShape:) before fit")
        }
        try run.trainer.optimizer.prepare(all.filter(\.isTrainable))
        return all + run.trainer.optimizer.variables
    }

    private func save(_ run: TrainingRun) throws(SwiftConvError) {
        let entries = try variables(run).enumerated().map { i, parameter in
            Safetensors.Entry(name: "\(i)", spec: parameter.variable.spec, data: UnsafeRawPointer(parameter.variable.data))
        }
        let metadata = [("epoch", "\(epoch)")]
        try engine { () throws(ConvError) in try Safetensors.write(entries, metadata: metadata, to: path) }
    }
}
