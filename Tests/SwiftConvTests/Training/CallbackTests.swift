import SwiftConv
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

private func content(of path: String) -> String {
    guard let file = fopen(path, "rb") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// Puts values into the logs.
private final class Script: Callback {
    let values: [Double]
    init(_ values: [Double]) { self.values = values }
    func onEpochEnd(_ epoch: Int, _ run: TrainingRun) { run.logs["watched"] = values[epoch] }
}

struct CallbackTests {
    private func fit(_ values: [Double], _ callback: any Callback) throws -> (History, Sequential) {
        let (x, y) = try line()
        let model = try lineModel()
        let history = try model.fit(x, y, epochs: values.count, shuffle: false, verbose: 0, callbacks: [Script(values), callback])
        return (history, model)
    }

    @Test func theOrderOfCalls() throws {
        final class Order: Callback {
            var calls: [String] = []
            func onTrainBegin(_ run: TrainingRun) { calls.append("train") }
            func onTrainEnd(_ run: TrainingRun) { calls.append("end") }
            func onEpochBegin(_ epoch: Int, _ run: TrainingRun) { calls.append("epoch \(epoch)") }
            func onEpochEnd(_ epoch: Int, _ run: TrainingRun) { calls.append("done \(run.logNames.joined(separator: " "))") }
            func onBatchBegin(_ batch: Int, _ run: TrainingRun) { calls.append("batch \(batch)") }
            func onBatchEnd(_ batch: Int, _ run: TrainingRun) { calls.append("\(run.logs.keys.sorted())") }
            func onTestBegin(_ run: TrainingRun) { calls.append("test") }
            func onTestEnd(_ run: TrainingRun) { calls.append("tested") }
        }
        let (x, y) = try line()
        let order = Order()
        try lineModel().fit(x, y, batchSize: 16, validationData: Examples(x, y), shuffle: false, verbose: 0, callbacks: [order])
        #expect(
            order.calls == [
                "train", "epoch 0", "batch 0", "[\"loss\"]", "batch 1", "[\"loss\"]", "test", "tested", "done loss val_loss", "end",
            ])
    }

    @Test func earlyStopping() throws {
        let stop = EarlyStopping(monitor: "watched", patience: 2, restoreBestWeights: true)
        var seen: [[[Float]]] = []
        let (x, y) = try line()
        let model = try lineModel()
        let history = try model.fit(
            x, y, epochs: 9, shuffle: false, verbose: 0,
            callbacks: [
                Script([5, 4, 3, 3.5, 3.2, 1, 1, 1, 1]), stop,
                LambdaCallback(onEpochEnd: { _, run throws(SwiftConvError) in
                    var all: [[Float]] = []
                    for parameter in run.model.parameters { all.append(try parameter.value.scalars()) }
                    seen.append(all)
                }),
            ])
        #expect(history.epochs.count == 5)
        #expect(stop.bestEpoch == 2 && stop.stoppedEpoch == 4)
        #expect(try weights(model) == seen[2])
        let growing = EarlyStopping(monitor: "watched", patience: 1, mode: .max)
        #expect(try fit([1, 2, 3, 2, 5], growing).0.epochs.count == 4)
        let never = EarlyStopping(monitor: "watched", startFromEpoch: 9)
        #expect(try fit([1, 2, 3], never).0.epochs.count == 3)
    }

    @Test func learningRates() throws {
        let schedule = LearningRateScheduler { epoch, rate in epoch == 0 ? 0.5 : rate / 2 }
        #expect(try fit([0, 0, 0], schedule).0["learning_rate"] == [0.5, 0.25, 0.125])
        let plateau = ReduceLROnPlateau(monitor: "watched", factor: 0.5, patience: 1, cooldown: 2, minLearningRate: 0.03)
        let (history, model) = try fit([3, 3, 3, 3, 2, 2, 2], plateau)
        let rates = history["learning_rate"].map { ($0 * 1000).rounded() / 1000 }
        #expect(rates == [0.1, 0.1, 0.05, 0.05, 0.03, 0.03, 0.03])
        #expect(abs(try model.learningRate - 0.03) < 1e-6)
        #expect(throws: SwiftConvError.self) { try fit([1], ReduceLROnPlateau(factor: 1)) }
    }

    @Test func notANumberEndsTraining() throws {
        let (x, y) = try line()
        let model = try lineModel()
        try model.parameters[0].assign(try Tensor.full([1, 1], .nan))
        #expect(try model.fit(x, y, batchSize: 8, epochs: 5, shuffle: false, verbose: 0, callbacks: [TerminateOnNaN()]).epochs.count == 1)
    }

    @Test func aTableOnDisk() throws {
        let path = "/tmp/swiftconv-\(getpid())-log.csv"
        defer { unlink(path) }
        _ = try fit([1, 0.5], CSVLogger(path))
        let lines = content(of: path).split(separator: "\r\n")
        #expect(lines.count == 3 && lines[0] == "epoch,loss,watched" && lines[2].hasSuffix(",0.5"))
        _ = try fit([2], CSVLogger(path, append: true))
        #expect(content(of: path).split(separator: "\r\n").count == 4)
        #expect(throws: SwiftConvError.self) { try fit([1], CSVLogger("/nowhere/at/all.csv")) }
    }

    @Test func checkpoints() throws {
        var paths: [String] = []
        _ = try fit(
            [3, 4, 2],
            ModelCheckpoint("m{epoch:02d}-{watched:.1f}", monitor: "watched", saveBestOnly: true) { _, path throws(SwiftConvError) in
                paths.append(path)
            })
        #expect(paths == ["m01-3.0", "m03-2.0"])
        #expect(throws: SwiftConvError.self) {
            try fit([1], ModelCheckpoint("{nothing}") { _, _ throws(SwiftConvError) in })
        }
    }

    @Test func goingOnAfterAnInterruption() throws {
        let path = "/tmp/swiftconv-\(getpid())-backup"
        defer { unlink(path) }
        let (x, y) = try line()
        let optimizer = Optimizer.adam(learningRate: 0.1)
        let whole = try lineModel(optimizer)
        try whole.fit(x, y, batchSize: 8, epochs: 4, shuffle: false, verbose: 0)
        struct Fault {}
        let broken = try lineModel(optimizer)
        #expect(throws: SwiftConvError.self) {
            try broken.fit(
                x, y, batchSize: 8, epochs: 4, shuffle: false, verbose: 0,
                callbacks: [
                    BackupAndRestore(path),
                    LambdaCallback(onBatchBegin: { batch, run throws(SwiftConvError) in
                        if batch == 2, try run.model.optimizerVariables[0].value.scalar(as: Int64.self) > 8 {
                            throw SwiftConvError(.unsupported, "the power is gone")
                        }
                    }),
                ])
        }
        let next = try lineModel(optimizer, start: 99)
        let history = try next.fit(
            x, y, batchSize: 8, epochs: 4, shuffle: false, verbose: 0, callbacks: [BackupAndRestore(path)])
        #expect(history.numbers == [2, 3])
        #expect(try weights(next) == weights(whole))
        #expect(access(path, F_OK) != 0)
    }

    @Test func aClosureEndsTraining() throws {
        let (x, y) = try line()
        let history = try lineModel().fit(x, y, epochs: 5, shuffle: false, verbose: 0) { epoch, _ in epoch < 1 }
        #expect(history.epochs.count == 2)
    }
}
