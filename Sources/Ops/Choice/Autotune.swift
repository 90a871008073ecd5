import CShims
import Runtime
import TensorCore

/// Chooses an algorithm by measuring the candidates once for each shape on this machine; the answers are kept in a file per processor.
package enum Autotune {
    struct Question {
        var op: String
        var inputs: [TensorSpec]
        var outputs: [TensorSpec]
        var attributes: Attributes
        var context: PrepareContext

        /// All that the answer depends on, in one line.
        var key: String {
            let attributes = attributes.values.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.text($0.value))" }
            let specs = inputs.map { "\($0)" }.joined(separator: " ")
            return "\(op) \(specs) \(attributes.joined(separator: " ")) constant=\(context.constantInputs) threads=\(context.threads) "
                + "precision=\(context.precision.rawValue) level=\(Kernels.level.rawValue)"
        }

        private static func text(_ value: AttributeValue) -> String {
            switch value {
            case .int(let v): "\(v)"
            case .ints(let v): "\(v)"
            case .double(let v): "\(v)"
            case .string(let v): v
            }
        }
    }

    /// The fastest candidate; nil where another thread is measuring, or there is no memory for it: then the cost model decides.
    static func answer(
        _ question: Question, _ candidates: [PreparedOp], keeping file: KeptChoices? = keptChoices
    ) -> PreparedOp? {
        guard sc_atomic_compare_exchange(&busy, 0, 1) != 0 else { return nil }
        defer { sc_atomic_store(&busy, 0) }
        if !loaded {
            known = file?.read() ?? [:]
            loaded = true
        }
        let key = question.key
        if let name = known[key], let found = candidates.first(where: { $0.algorithm == name }) { return found }
        guard let times = measure(question, candidates), let least = times.indices.min(by: { times[$0] < times[$1] }) else { return nil }
        known[key] = candidates[least].algorithm
        file?.add([key: candidates[least].algorithm])
        return candidates[least]
    }

    private static let keptChoices = Environment.current.cacheFolder.map { KeptChoices(folder: $0, name: "autotune", belonging: CPU.name) }

    /// The least time of each candidate in nanoseconds, in turns over `rounds`; the first turn only warms up.
    private static func measure(_ question: Question, _ candidates: [PreparedOp], rounds: Int = 6) -> [UInt64]? {
        var blocks: [(UnsafeMutableRawPointer, Int)] = []
        defer { for (block, bytes) in blocks { BufferPool.release(block, bytes) } }
        func memory(_ bytes: Int) -> UnsafeMutableRawPointer? {
            guard let block = BufferPool.acquire(max(64, bytes)) else { return nil }
            blocks.append((block, max(64, bytes)))
            return block
        }
        var inputs: [UnsafeRawPointer] = []
        for spec in question.inputs {
            guard let block = memory(spec.byteCount) else { return nil }
            fill(block, spec)
            inputs.append(UnsafeRawPointer(block))
        }
        var outputs: [UnsafeMutableRawPointer] = []
        for spec in question.outputs {
            guard let block = memory(spec.byteCount) else { return nil }
            outputs.append(block)
        }
        guard let workspace = memory(candidates.map(\.workspaceBytes).max() ?? 0) else { return nil }
        var packed: [UnsafeRawPointer?] = []
        for candidate in candidates {
            guard let prepack = candidate.prepack, question.context.constantInputs.contains(prepack.input) else {
                packed.append(nil)
                continue
            }
            guard let block = memory(prepack.bytes) else { return nil }
            prepack.run(inputs[prepack.input], block)
            packed.append(UnsafeRawPointer(block))
        }
        var least = [UInt64](repeating: .max, count: candidates.count)
        return inputs.withUnsafeBufferPointer { inputs in
            outputs.withUnsafeBufferPointer { outputs in
                guard let from = inputs.baseAddress, let to = outputs.baseAddress else { return nil }
                for round in 0...rounds {
                    for (i, candidate) in candidates.enumerated() {
                        let arguments = OpArguments(inputs: from, outputs: to, workspace: workspace, packed: packed[i])
                        let start = sc_nanoseconds()
                        do throws(ConvError) { try candidate.run(arguments) } catch { return nil }
                        if round > 0 { least[i] = min(least[i], sc_nanoseconds() &- start) }
                    }
                }
                return least
            }
        }
    }

    /// Numbers between 1 and 2, which no kernel is slow or fast for.
    private static func fill(_ block: UnsafeMutableRawPointer, _ spec: TensorSpec) {
        switch spec.dtype {
        case .float32:
            let to = block.assumingMemoryBound(to: Float.self)
            for i in 0..<spec.count { to[i] = 1 + Float(i & 255) / 256 }
        case .float64:
            let to = block.assumingMemoryBound(to: Double.self)
            for i in 0..<spec.count { to[i] = 1 + Double(i & 255) / 256 }
        default:
            block.zero(byteCount: spec.byteCount)
        }
    }

    nonisolated(unsafe) private static var busy: UInt32 = 0
    /// Guarded by `busy`.
    nonisolated(unsafe) private static var known: [String: String] = [:]
    nonisolated(unsafe) private static var loaded = false
}
