import Runtime
import TensorCore

/// One way to compute an op, and what it is expected to cost.
package struct AlgorithmCandidate: Sendable {
    /// Expected work in multiply-adds of the direct kernel, memory traffic converted; infinity: only where nothing else is left.
    package var cost: Double
    package var prepared: PreparedOp

    package init(cost: Double, _ prepared: PreparedOp) {
        self.cost = cost
        self.prepared = prepared
    }
}

/// The choice among the ways to compute an op: what fits the memory limit, then what an earlier choice was, what the environment names
/// (SWIFTCONV_ALGORITHM), what measuring says (autotune), else the cost model.
enum AlgorithmList {
    /// The names among which SWIFTCONV_ALGORITHM may choose.
    static let names = [
        "depthwise", "direct", "direct-few-channels", "direct-grouped", "gemm", "openblas", "reference", "separable",
        "two-passes", "winograd-1x2",
        "winograd-1x2-fused", "winograd-1x4", "winograd-1x4-fused", "winograd-2x1", "winograd-2x1-fused", "winograd-2x2",
        "winograd-2x2-fused", "winograd-3x3", "winograd-4x1", "winograd-4x1-fused", "winograd-4x4", "winograd-4x4-fused",
    ]

    /// Throws where the environment names an algorithm that no op has.
    static func check(_ name: String? = Environment.current.algorithm) throws(ConvError) {
        if let name, !names.contains(name) {
            throw .invalidArgument("SWIFTCONV_ALGORITHM: expected one of \(names.joined(separator: ", ")), received \"\(name)\"")
        }
    }

    /// - Parameter candidates: in the order of preference among equals; never empty.
    static func choose(
        _ op: String, _ candidates: [AlgorithmCandidate], _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes,
        _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let fitting = candidates.filter { $0.prepared.workspaceBytes <= context.memoryLimit }
        guard var best = fitting.first else {
            let least = candidates.map(\.prepared.workspaceBytes).min() ?? 0
            throw .beyondMemoryLimit(context.memoryLimit, op, needs: least, "which is what the leanest algorithm for \(inputs) needs")
        }
        if let name = context.algorithm ?? Environment.current.algorithm,
            let named = fitting.first(where: { $0.prepared.algorithm == name })
        {
            return named.prepared
        }
        for candidate in fitting.dropFirst() where candidate.cost < best.cost { best = candidate }
        let practical = fitting.filter { $0.cost.isFinite }
        if context.autotune, practical.count > 1 {
            let question = Autotune.Question(op: op, inputs: inputs, outputs: outputs, attributes: attributes, context: context)
            return Autotune.answer(question, practical.map(\.prepared)) ?? best.prepared
        }
        return best.prepared
    }
}

extension ConvError {
    /// What needs at least `bytes` does not fit into the memory limit.
    package static func beyondMemoryLimit(_ limit: Int, _ what: String, needs bytes: Int, _ why: String) -> ConvError {
        .outOfMemory(
            "\(what): memory limit: expected at least \(bytes) bytes, \(why), received a limit of \(limit); raise it with set_memory_limit")
    }
}
