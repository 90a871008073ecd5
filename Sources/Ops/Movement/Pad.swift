import Runtime
import TensorCore

/// The input with a border: *paddings* is before, after for each axis; *mode* says what fills it: "constant" (*value*, default 0),
/// "reflect" (mirrored without the edge) or "symmetric" (mirrored with it).
struct Pad: Op {
    private enum Mode: String { case constant, reflect, symmetric }

    let name = "pad"

    private func settings(_ shape: [Int], _ attributes: Attributes) throws(ConvError) -> (before: [Int], after: [Int], mode: Mode) {
        let flat = try ints("paddings", attributes, count: 2 * shape.count)
        let text = try attributes.string("mode", default: "constant")
        guard let mode = Mode(rawValue: text.lowercased()) else {
            throw .invalidArgument("\(name): mode: expected \"constant\", \"reflect\" or \"symmetric\", received \"\(text)\"")
        }
        let before = shape.indices.map { flat[2 * $0] }
        let after = shape.indices.map { flat[2 * $0 + 1] }
        for axis in shape.indices {
            let limit =
                switch mode {
                case .constant: 1 << 46
                case .reflect: max(0, shape[axis] - 1)
                case .symmetric: shape[axis]
                }
            guard (0...limit).contains(before[axis]), (0...limit).contains(after[axis]) else {
                let most = mode == .constant ? "at least 0" : "0 to \(limit) in mode \"\(mode.rawValue)\""
                throw .invalidArgument(
                    "\(name): paddings: expected \(most) along axis \(axis) of \(shapeText(shape)), "
                        + "received \(before[axis]), \(after[axis])"
                )
            }
        }
        return (before, after, mode)
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let x = inputs[0]
        let (before, after, _) = try settings(x.shape, attributes)
        _ = try attributes.double("value", default: 0)
        return [try TensorSpec(x.dtype, x.shape.indices.map { x.shape[$0] + before[$0] + after[$0] }).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (x, y) = (inputs[0], outputs[0])
        let (before, after, mode) = try settings(x.shape, attributes)
        let steps = StridedCopy.steps(y.shape)
        func offset(_ position: [Int]) -> Int { position.indices.reduce(0) { $0 + position[$1] * steps[$1] } }
        let inner = StridedCopy(
            size: x.dtype.size, dims: x.shape, xSteps: StridedCopy.steps(x.shape), ySteps: steps, yOffset: offset(before),
            threads: context.threads)
        if mode == .constant {
            let value = try attributes.double("value", default: 0)
            return PreparedOp(algorithm: "copy") { arguments in
                StridedCopy.fill(arguments.outputs[0], value, y.dtype, count: y.count, threads: context.threads)
                inner.run(arguments.inputs[0], arguments.outputs[0])
            }
        }
        // The borders of one axis after the other, mirrored within the output, over the full extent of the axes before it.
        let skip = mode == .reflect ? 1 : 0
        var mirrors: [StridedCopy] = []
        for axis in x.shape.indices {
            var dims = x.shape
            var start = before
            for done in 0..<axis {
                dims[done] = y.shape[done]
                start[done] = 0
            }
            let low = before[axis]
            let high = low + x.shape[axis]
            for (count, from, to) in [(low, low + skip, low - 1), (after[axis], high - 1 - skip, high)] where count > 0 {
                dims[axis] = count
                var source = start
                source[axis] = from
                var target = start
                target[axis] = to
                // from and to walk away from the edge
                let direction = to < from ? 1 : -1
                var xSteps = steps
                xSteps[axis] *= direction
                var ySteps = steps
                ySteps[axis] *= -direction
                mirrors.append(
                    StridedCopy(
                        size: x.dtype.size, dims: dims, xSteps: xSteps, ySteps: ySteps, xOffset: offset(source), yOffset: offset(target),
                        threads: context.threads))
            }
        }
        let copies = mirrors
        return PreparedOp(algorithm: "mirror") { arguments in
            inner.run(arguments.inputs[0], arguments.outputs[0])
            for copy in copies { copy.run(UnsafeRawPointer(arguments.outputs[0]), arguments.outputs[0]) }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        guard case .ints(let paddings) = attributes["paddings"] else { return false }
        return paddings.prefix(2) == [0, 0]
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let shape = graph.spec(call.inputs[0]).shape
        let (before, after, mode) = try settings(shape, call.attributes)
        if mode == .constant { return [try graph("slice", dy, attributes: ["begin": .ints(before), "size": .ints(shape)])] }
        // Each mirrored border is added back to the part it shows, the last axis first.
        let skip = mode == .reflect ? 1 : 0
        var g = dy
        for axis in shape.indices.reversed() where before[axis] > 0 || after[axis] > 0 {
            let current = graph.spec(g).shape
            var begin = current.map { _ in 0 }
            var size = current
            begin[axis] = before[axis]
            size[axis] = shape[axis]
            var sum = try graph("slice", g, attributes: ["begin": .ints(begin), "size": .ints(size)])
            let borders = [
                (count: before[axis], first: before[axis] - 1, at: skip),
                (count: after[axis], first: current[axis] - 1, at: shape[axis] - skip - after[axis]),
            ]
            for border in borders where border.count > 0 {
                begin[axis] = border.first
                var part = size
                part[axis] = border.count
                var strides = current.map { _ in 1 }
                strides[axis] = -1
                let mirrored = try graph(
                    "slice", g, attributes: ["begin": .ints(begin), "size": .ints(part), "strides": .ints(strides)])
                var place = current.map { _ in 0 }
                place[axis] = border.at
                let spread = try graph(
                    "slice_backward", mirrored, attributes: ["begin": .ints(place), "size": .ints(part), "input_shape": .ints(size)])
                sum = try graph("add", sum, spread)
            }
            g = sum
        }
        return [g]
    }
}
