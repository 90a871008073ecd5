import CKernelInterface
import Runtime
import TensorCore

/// `x + bias` along the last axis.
struct BiasAdd: Op {
    let name = "bias_add"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        let (x, bias) = (inputs[0], inputs[1])
        guard x.dtype != .bool else { throw .wrongType("\(name): x: expected a number type, received bool") }
        guard x.rank >= 2 else {
            throw .invalidArgument("\(name): x: expected at least 2 dimensions, received shape \(shapeText(x.shape))")
        }
        guard bias.dtype == x.dtype else { throw .wrongType("\(name): bias: expected \(x.dtype), the type of x, received \(bias.dtype)") }
        guard bias.shape == x.shape.suffix(1) else {
            throw .invalidArgument(
                "\(name): bias: expected shape \(shapeText(Array(x.shape.suffix(1)))), the last dimension of x \(shapeText(x.shape)), "
                    + "received \(shapeText(bias.shape))")
        }
        return [x]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let run = BroadcastBinary(function: SC_ADD, inputs, outputs[0], threads: context.threads)
        return PreparedOp(algorithm: run.algorithm, flops: outputs[0].count, workspaceBytes: run.workspaceBytes) { run($0) }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { onlyFirst(batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0], graph.spec(dy).dtype.isFloating else { return [nil, nil] }
        return [dy, try graph.sum(dy, toShape: graph.spec(call.inputs[1]).shape)]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }

    func epilogueRole(_ inputs: [TensorSpec], _ attributes: Attributes) -> EpilogueRole { .bias }
}
