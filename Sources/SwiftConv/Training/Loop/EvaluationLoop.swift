extension Model {
    /// The results over the batches of a source.
    func evaluate(
        _ trainer: Trainer, _ source: any BatchSource, steps: Int?, _ what: String = "evaluate"
    ) throws(SwiftConvError) -> [(String, Double)] {
        defer { source.close() }
        try trainer.resetMetrics()
        source.restart(limit: steps)
        var done = 0
        while steps.map({ done < $0 }) ?? true, let feeds = try source.next() {
            try trainer.run(self, .evaluate, feeds)
            done += 1
        }
        return try results(trainer, done)
    }

    /// The same, where other tasks get their turn after each batch.
    nonisolated(nonsending) func evaluateInTurns(
        _ trainer: Trainer, _ source: any BatchSource, steps: Int?, _ what: String = "evaluate"
    ) async throws(SwiftConvError) -> [(String, Double)] {
        defer { source.close() }
        try trainer.resetMetrics()
        source.restart(limit: steps)
        var done = 0
        while steps.map({ done < $0 }) ?? true, let feeds = try source.next() {
            try trainer.run(self, .evaluate, feeds)
            done += 1
            try await takeTurns(what)
        }
        return try results(trainer, done)
    }

    /// The same for batches that arrive by and by.
    nonisolated(nonsending) func evaluateInTurns<Batches: AsyncSequence>(
        _ trainer: Trainer, _ batches: Batches, steps: Int?, _ reader: BatchReader
    ) async throws(SwiftConvError) -> [(String, Double)] where Batches.Element == Examples {
        try trainer.resetMetrics()
        var iterator = batches.makeAsyncIterator()
        var done = 0
        while steps.map({ done < $0 }) ?? true, let examples = try await reader.next(&iterator) {
            try trainer.run(self, .evaluate, try reader.feeds(examples))
            done += 1
            try await takeTurns(reader.what)
        }
        // A sequence may end early because the task was cancelled.
        if Task.isCancelled { throw cancelled(reader.what) }
        return try results(trainer, done)
    }

    private func results(_ trainer: Trainer, _ batches: Int) throws(SwiftConvError) -> [(String, Double)] {
        guard batches > 0 else { throw .invalidArgument("evaluate: expected at least one batch, received none") }
        return try trainer.results()
    }
}

/// Lets other tasks have their turn; throws if this one was cancelled.
nonisolated(nonsending) func takeTurns(_ what: String) async throws(SwiftConvError) {
    await Task.yield()
    if Task.isCancelled { throw cancelled(what) }
}

func cancelled(_ what: String) -> SwiftConvError {
    let more = what == "fit" ? "; the weights are those after the last whole batch" : ""
    return SwiftConvError(.cancelled, "\(what): the task was cancelled\(more)")
}

extension BatchReader {
    /// The next batch of a sequence, its errors as the library's.
    nonisolated(nonsending) func next<Iterator: AsyncIteratorProtocol>(
        _ iterator: inout Iterator
    ) async throws(SwiftConvError) -> Examples? where Iterator.Element == Examples {
        do {
            return try await iterator.next(isolation: #isolation)
        } catch {
            throw failure(error)
        }
    }
}
