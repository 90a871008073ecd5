import TensorCore

/// More elements before and after along each axis: a constant, or the tensor mirrored without ("reflect") or with ("symmetric") its edge.
struct Pad: Op {
    let name = "pad"

    private func paddings(_ input: TensorSpec, _ attributes: Attributes) throws(ConvError) -> [(before: Int, after: Int)] {
        let flat = try attributes.ints("paddings")
        let mode = try attributes.string("mode", default: "constant")
        guard ["constant", "reflect", "symmetric"].contains(mode) else {
            throw .invalidArgument("\(name): mode: expected constant, reflect or symmetric, received \"\(mode)\"")
        }
        guard flat.count == 2 * input.rank, flat.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) }) else {
            throw .invalidArgument(
                "\(name): paddings: expected before and after, of at least 0, for each of \(input.rank) axes, received \(flat)")
        }
        let pairs = stride(from: 0, to: flat.count, by: 2).map { (before: flat[$0], after: flat[$0 + 1]) }
        if mode != "constant" {
            for (d, pair) in zip(input.shape, pairs) {
                let most = mode == "reflect" ? d - 1 : d
                guard max(pair.before, pair.after) <= max(most, 0) else {
                    throw .invalidArgument(
                        "\(name): paddings: expected at most \(max(most, 0)) for an axis of \(d) in mode \"\(mode)\", received \(pair)")
                }
            }
        }
        return pairs
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let pairs = try paddings(inputs[0], attributes)
        return [try TensorSpec(inputs[0].dtype, zip(inputs[0].shape, pairs).map { $0 + $1.before + $1.after }).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let pairs = try paddings(inputs[0], attributes)
        let mode = try attributes.string("mode", default: "constant")
        let value = try attributes.double("value", default: 0)
        let spec = outputs[0]
        let size = spec.dtype.size
        let to = StridedCopy.strides(of: spec.shape)
        let origin = zip(pairs, to).reduce(0) { $0 + $1.0.before * $1.1 }
        let inside = StridedCopy(
            shape: inputs[0].shape, inputStrides: StridedCopy.strides(of: inputs[0].shape), outputStrides: to, elementSize: size,
            threads: context.threads)
        // Mirrors are made axis by axis within the output: what earlier axes wrote is mirrored along the later ones too.
        var mirrors: [(copy: StridedCopy, from: Int, to: Int)] = []
        if mode != "constant" {
            let edge = mode == "reflect" ? 1 : 0
            var shape = inputs[0].shape
            var corner = pairs.map(\.before)
            for i in shape.indices {
                let base = zip(corner, to).reduce(0) { $0 + $1.0 * $1.1 }
                let d = shape[i]
                for (count, first, target) in [
                    (pairs[i].before, edge, -1), (pairs[i].after, d - 1 - edge, d),
                ] where count > 0 {
                    var part = shape
                    part[i] = count
                    var (input, output) = (to, to)
                    let forward = target < 0
                    input[i] = forward ? to[i] : -to[i]
                    output[i] = forward ? -to[i] : to[i]
                    let copy = StridedCopy(shape: part, inputStrides: input, outputStrides: output, elementSize: size, threads: context.threads)
                    mirrors.append((copy, base + first * to[i], base + target * to[i]))
                }
                shape[i] += pairs[i].before + pairs[i].after
                corner[i] = 0
            }
        }
        let all = mirrors
        let isConstant = mode == "constant"
        return PreparedOp(algorithm: "strided-copy") { arguments in
            let y = arguments.outputs[0]
            if isConstant { fill(y, spec.dtype, spec.count, value, threads: context.threads) }
            inside.run(arguments.inputs[0], y + origin * size)
            for mirror in all { mirror.copy.run(UnsafeRawPointer(y + mirror.from * size), y + mirror.to * size) }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let input = graph.spec(call.inputs[0])
        let pairs = try paddings(input, call.attributes)
        let mode = try call.attributes.string("mode", default: "constant")
        var gradient = dy
        if mode != "constant" {
            // Fold each mirror back onto the elements it showed, last axis first.
            let edge = mode == "reflect" ? 1 : 0
            for i in input.shape.indices.reversed() {
                let now = graph.spec(gradient).shape
                let d = input.shape[i]
                func part(_ begin: Int, _ count: Int, _ step: Int) throws(ConvError) -> Value {
                    var begins = [Int](repeating: 0, count: now.count)
                    var sizes = now
                    var steps = [Int](repeating: 1, count: now.count)
                    (begins[i], sizes[i], steps[i]) = (begin, count, step)
                    return try graph("slice", gradient, attributes: ["begin": .ints(begins), "size": .ints(sizes), "strides": .ints(steps)])
                }
                var sum = try part(pairs[i].before, d, 1)
                for (count, begin, target) in [
                    (pairs[i].before, pairs[i].before - 1, edge), (pairs[i].after, pairs[i].before + d + pairs[i].after - 1, d - edge - pairs[i].after),
                ] where count > 0 {
                    let mirror = try part(begin, count, -1)
                    var shape = now
                    shape[i] = d
                    var begins = [Int](repeating: 0, count: now.count)
                    begins[i] = target
                    var sizes = shape
                    sizes[i] = count
                    let placed = try graph(
                        "slice_backward", mirror,
                        attributes: ["input_shape": .ints(shape), "begin": .ints(begins), "size": .ints(sizes)])
                    sum = try graph("add", sum, placed)
                }
                gradient = sum
            }
            return [gradient]
        }
        return [try graph("slice", dy, attributes: ["begin": .ints(pairs.map(\.before)), "size": .ints(input.shape)])]
    }
}
