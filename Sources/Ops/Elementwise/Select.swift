import Runtime
import TensorCore

/// `x` where the condition holds, else `y`; all three are broadcast.
struct Select: Op {
    let name = "select"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 3...3)
        guard inputs[0].dtype == .bool else { throw .wrongType("\(name): condition: expected bool, received \(inputs[0].dtype)") }
        guard inputs[1].dtype == inputs[2].dtype else {
            throw .wrongType("\(name): y: expected \(inputs[1].dtype), the type of x, received \(inputs[2].dtype)")
        }
        return [try TensorSpec(inputs[1].dtype, try Broadcast.shape(name, inputs.map(\.shape))).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let kernel = Kernels.table.elementwise.select!
        let plan = Broadcast(inputs.map(\.shape), to: outputs[0].shape)
        let size = outputs[0].dtype.size
        let (cs, xs, ys) = (plan.innerSteps[0], plan.innerSteps[1], plan.innerSteps[2])
        let isFlat = plan.dims.isEmpty
        return PreparedOp(algorithm: isFlat ? "elementwise" : "broadcast", flops: 0) { arguments in
            let condition = arguments.input(0, UInt8.self)
            let x = arguments.inputs[1]
            let y = arguments.inputs[2]
            let z = arguments.outputs[0]
            if isFlat {
                parallelFor(plan.inner, grain: elementGrain, threads: context.threads) { range, _ in
                    let i = range.lowerBound
                    kernel(size, range.count, condition + i * cs, cs, x + i * xs * size, xs, y + i * ys * size, ys, z + i * size)
                }
            } else {
                parallelFor(plan.outer, grain: max(1, elementGrain / max(1, plan.inner)), threads: context.threads) { range, _ in
                    plan.forEach(range) { index, offsets in
                        kernel(
                            size, plan.inner, condition + offsets.0, cs, x + offsets.1 * size, xs, y + offsets.2 * size, ys,
                            z + index * plan.inner * size)
                    }
                }
            }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { Broadcast.isRowwise(inputs, batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dz = outputGradients[0], graph.spec(dz).dtype.isFloating else { return [nil, nil, nil] }
        let zero = try graph.scalar(0, like: dz)
        let toX = try graph("select", call.inputs[0], dz, zero)
        let toY = try graph("select", call.inputs[0], zero, dz)
        return [
            nil, try graph.sum(toX, toShape: graph.spec(call.inputs[1]).shape),
            try graph.sum(toY, toShape: graph.spec(call.inputs[2]).shape),
        ]
    }
}
