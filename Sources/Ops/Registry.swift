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

    package static func op(_ name: String) throws(ConvError) -> any Op {
        try Environment.check()
        guard let op = all[name] else { throw .invalidArgument("no op is named \"\(name)\"") }
        return op
    }
}
