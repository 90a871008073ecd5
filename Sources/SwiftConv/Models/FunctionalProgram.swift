import Graph
import TensorCore

/// The steps of a functional model.
struct FunctionalProgram {
    struct Step {
        var node: FunctionalNode
        /// Where each input stands in the values, or the tensor itself if it has numbers.
        var inputs: [(value: Int, constant: Tensor?)]
        /// Where its outputs begin in the values.
        var outputs: Int
    }

    let inputs: [Tensor]
    let outputs: [Int]
    let steps: [Step]
    /// Each layer once, in the order of the first call; the shapes of their first results.
    let layers: [any Layer]
    let shapes: [[Int]]
    /// The specs of all values, -1 where a size may be any.
    let specs: [TensorSpec]
    /// The shapes of the inputs without the batch, -1 where a size may be any.
    let inputShapes: [[Int]]

    init(_ inputs: [Tensor], _ outputs: [Tensor], model: String) throws(SwiftConvError) {
        guard !inputs.isEmpty, !outputs.isEmpty else {
            throw .invalidArgument("\(model): expected at least one input and one output, received \(inputs.count) and \(outputs.count)")
        }
        var places: [ObjectIdentifier: Int] = [:]
        var count = 0
        for (i, input) in inputs.enumerated() {
            guard case .node(let node, _) = input.content, case .input = node.kind else {
                throw .invalidArgument(
                    "\(model): inputs[\(i)]: expected a tensor made by Input, received one of shape \(shapeText(input.shape))")
            }
            guard places.updateValue(count, forKey: ObjectIdentifier(node)) == nil else {
                throw .invalidArgument("\(model): inputs[\(i)]: expected each Input once, received one twice")
            }
            count += 1
        }
        var steps: [Step] = []
        // Depth first without recursion: networks may be deep.
        var stack: [(node: FunctionalNode, next: Int)] = []
        for (i, output) in outputs.enumerated() {
            guard case .node(let node, _) = output.content else {
                throw .invalidArgument("\(model): outputs[\(i)]: expected a tensor that layers made of Inputs, received numbers")
            }
            stack.append((node, 0))
            while let (node, next) = stack.last {
                if places[ObjectIdentifier(node)] != nil {
                    stack.removeLast()
                    continue
                }
                if case .input(let name, _) = node.kind {
                    throw .invalidArgument("\(model): the outputs need the Input \"\(name)\", which is not among the inputs")
                }
                if next < node.inputs.count {
                    stack[stack.count - 1].next += 1
                    if case .node(let source, _) = node.inputs[next].content { stack.append((source, 0)) }
                    continue
                }
                places[ObjectIdentifier(node)] = count
                steps.append(Step(node: node, inputs: [], outputs: count))
                count += node.outputSpecs.count
                stack.removeLast()
            }
        }
        func place(_ tensor: Tensor) -> Int {
            guard case .node(let node, let output) = tensor.content else { return -1 }
            return (places[ObjectIdentifier(node)] ?? 0) + output
        }
        for i in steps.indices { steps[i].inputs = steps[i].node.inputs.map { $0.isNode ? (place($0), nil) : (-1, $0) } }
        self.inputs = inputs
        self.outputs = outputs.map(place)
        self.steps = steps
        inputShapes = inputs.map {
            if case .node(let node, _) = $0.content, case .input(_, let shape) = node.kind { shape } else { Array($0.shape.dropFirst()) }
        }
        specs = try Self.specs(inputs, inputShapes, steps, model)
        var layers: [any Layer] = []
        var shapes: [[Int]] = []
        var known: [String: any Layer] = [:]
        for step in steps {
            guard case .layer(let layer, _) = step.node.kind else { continue }
            if let other = known.updateValue(layer, forKey: layer.name) {
                if other === layer { continue }
                throw .invalidArgument("\(model): expected layers of different names, received two called \"\(other.name)\"")
            }
            layers.append(layer)
            shapes.append(specs[step.outputs].shape)
        }
        self.layers = layers
        self.shapes = shapes
    }

    /// The specs of all values. Where inputs have sizes that are not known, everything is applied to other sizes once more.
    private static func specs(
        _ inputs: [Tensor], _ shapes: [[Int]], _ steps: [Step], _ model: String
    ) throws(SwiftConvError) -> [TensorSpec] {
        let specs = inputs.map(\.spec) + steps.flatMap(\.node.outputSpecs)
        guard shapes.contains(where: { $0.contains(-1) }) else { return specs }
        let trace = Trace()
        let others = try trace.record { () throws(SwiftConvError) in
            var values: [Tensor] = []
            for (input, shape) in zip(inputs, shapes) {
                values.append(try trace.placeholder(TensorSpec(input.spec.dtype, [1] + OpenSizes.second(shape))))
            }
            for step in steps {
                do throws(SwiftConvError) {
                    try Self.run(step, &values, training: false)
                } catch {
                    throw SwiftConvError(
                        error.kind, "\(model): it depends on a size that is not known when the model is made: \(error.message)")
                }
            }
            return values.map(\.spec)
        }
        var merged: [TensorSpec] = []
        for (spec, other) in zip(specs, others) {
            guard let shape = OpenSizes.merged(spec.shape, other.shape) else {
                throw .invalidArgument("\(model): the number of dimensions depends on a size that is not known when the model is made")
            }
            merged.append(TensorSpec(spec.dtype, shape))
        }
        return merged
    }

    private static func run(_ step: Step, _ values: inout [Tensor], training: Bool) throws(SwiftConvError) {
        let inputs = step.inputs.map { $0.constant ?? values[$0.value] }
        switch step.node.kind {
        case .input: break
        case .layer(let layer, let fixed): values += try FunctionalNode.run(layer, inputs, training: fixed ?? training)
        case .op(let name, let attributes): values += try apply(name, inputs, attributes)
        case .part(let indices): values.append(try inputs[0].part(indices))
        }
    }

    func run(_ given: [Tensor], training: Bool, model: String) throws(SwiftConvError) -> [Tensor] {
        guard given.count == inputs.count else {
            throw .invalidArgument("\(model): expected \(inputs.count) inputs, received \(given.count)")
        }
        var values: [Tensor] = []
        values.reserveCapacity(specs.count)
        for (i, (x, input)) in zip(given, inputs).enumerated() {
            let sizes = inputShapes[i]
            guard x.rank == sizes.count + 1, zip(x.shape.dropFirst(), sizes).allSatisfy({ $0 == $1 || $1 < 0 }) else {
                let wanted = (["batch"] + sizes.map { $0 < 0 ? "any" : String($0) }).joined(separator: ", ")
                throw .invalidArgument("\(model): input \(i): expected shape (\(wanted)), received \(shapeText(x.shape))")
            }
            values.append(try x.cast(to: input.dtype))
        }
        for step in steps { try Self.run(step, &values, training: training) }
        return outputs.map { values[$0] }
    }
}
