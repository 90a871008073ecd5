import Ops
import TensorCore

extension Graph {
    /// The gradients of the sum of `targets · seeds` with respect to `sources`; nil where nothing connects them.
    ///
    /// A seed that is nil stands for ones. Sources may be any values; one that lies on the way to another gets the whole of what flows
    /// through it. The new nodes are ordinary ones: gradients of gradients need nothing special. Integers carry no gradient.
    package func gradients(of targets: [Value], seeds: [Value?], to sources: [Value]) throws(ConvError) -> [Value?] {
        guard seeds.isEmpty || seeds.count == targets.count else {
            throw .invalidArgument("gradient: expected \(targets.count) seeds, one for each target, received \(seeds.count)")
        }
        for source in sources { try checked(source, "gradient: source") }
        let outside = (label, addsGradients)
        defer { (label, addsGradients) = outside }
        addsGradients = true
        var flowing: [Int: Value] = [:]
        var last = -1
        for (i, target) in targets.enumerated() {
            let targetSpec = specs[try checked(target, "gradient: target \(i)").id]
            guard targetSpec.dtype.isFloating else { continue }
            let seed: Value
            if !seeds.isEmpty, let given = seeds[i] {
                let seedSpec = specs[try checked(given, "gradient: seed \(i)").id]
                guard seedSpec == targetSpec else {
                    throw .invalidArgument("gradient: seed \(i): expected \(targetSpec), the spec of its target, received \(seedSpec)")
                }
                seed = given
            } else {
                seed = try constant(1, targetSpec)
            }
            try accumulate(seed, at: target, &flowing)
            if case .node(let node, _) = self.sources[target.id] { last = max(last, node) }
        }

        let dependent = valuesDepending(on: sources, upTo: last)
        for index in stride(from: last, through: 0, by: -1) {
            let node = nodes[index]
            guard node.outputs.contains(where: { flowing[$0.id] != nil && dependent[$0.id] }) else { continue }
            label = node.label
            let call = OpCall(inputs: node.inputs, outputs: node.outputs, attributes: node.attributes)
            let contributions = try node.op.gradient(call, node.outputs.map { flowing[$0.id] }, self)
            guard contributions.count == node.inputs.count else {
                throw .internal("\(node.op.name): its gradient gave \(contributions.count) values for \(node.inputs.count) inputs")
            }
            for (input, contribution) in zip(node.inputs, contributions) {
                guard let contribution, dependent[input.id], specs[input.id].dtype.isFloating else { continue }
                let received = specs[try checked(contribution, "\(node.op.name): gradient").id]
                guard received == specs[input.id] else {
                    throw .internal("\(node.op.name): its gradient has spec \(received) for an input of spec \(specs[input.id])")
                }
                try accumulate(contribution, at: input, &flowing)
            }
        }
        return sources.map { flowing[$0.id] }
    }

    private func accumulate(_ contribution: Value, at value: Value, _ flowing: inout [Int: Value]) throws(ConvError) {
        if let before = flowing[value.id] {
            flowing[value.id] = try apply("add", [before, contribution], [:])[0]
        } else {
            flowing[value.id] = contribution
        }
    }

    /// Which values are sources or computed from them, looking at the nodes up to `last`.
    private func valuesDepending(on sources: [Value], upTo last: Int) -> [Bool] {
        var dependent = [Bool](repeating: false, count: specs.count)
        for source in sources { dependent[source.id] = true }
        guard last >= 0 else { return dependent }
        for node in nodes[0...last] where node.inputs.contains(where: { dependent[$0.id] }) {
            for output in node.outputs { dependent[output.id] = true }
        }
        return dependent
    }
}
