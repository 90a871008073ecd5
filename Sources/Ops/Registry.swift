import Runtime
import TensorCore

/// Every op, by name. A family file (`<Family>/<Family>Ops.swift`) lists its members.
package enum Registry {
    package static let all: [String: any Op] = {
        let families: [[any Op]] = [
            convolutionOps, gemmOps,
            movementOps, elementwiseOps, reductionOps, lossOps, randomOps, poolingOps, normalizationOps,
            optimizerOps,
        ]
        var table: [String: any Op] = [:]
        for op in families.joined() {
            precondition(table.updateValue(op, forKey: op.name) == nil, "two ops are named \(op.name)")
        }
        return table
    }()

    /// What is wrong with the environment variables. They are read once, and so is this.
    private static let fault: ConvError? = {
        do throws(ConvError) {
            try Environment.check()
            try AlgorithmList.check()
            return nil
        } catch {
            return error
        }
    }()

    package static func op(_ name: String) throws(ConvError) -> any Op {
        if let fault { throw fault }
        guard let op = all[name] else { throw .invalidArgument("no op is named \"\(name)\"") }
        return op
    }
}
