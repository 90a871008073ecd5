import CKernelInterface
import Runtime
import TensorCore

/// `y = (x - mean) · gamma / √(variance + ε) + beta` with the mean and the biased variance of this batch over all axes but the last.
/// Statistics are summed in float64, in one pass over x. A batch without elements has NaN statistics, as in TensorFlow. An activation (relu,
/// relu6) may follow in the same pass.
struct BatchNormTraining: BatchNormOp {
    let name = "batch_norm_training"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 3...3)
        try check(inputs, vectors: [(1, "gamma"), (2, "beta")], attributes)
        _ = try ceiling(attributes)
        return [inputs[0], inputs[1], inputs[1]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (epsilon, ceiling) = (try epsilon(attributes), try ceiling(attributes))
        return inputs[0].dtype == .float32
            ? prepared(Float.self, inputs[0].shape, epsilon, ceiling, context)
            : prepared(Double.self, inputs[0].shape, epsilon, ceiling, context)
    }

    private func prepared<T: BinaryFloatingPoint & Sendable>(
        _: T.Type, _ shape: [Int], _ epsilon: Double, _ ceiling: Double, _ context: PrepareContext
    ) -> PreparedOp {
        let layout = ColumnStatistics(shape)
        let kernels = NormalizationKernels(T.self)
        let (rows, width) = (layout.rows, layout.width)
        let rowOffset = layout.workspaceBytes
        let output = layout.output(T.self, operands: 2)
        return PreparedOp(
            algorithm: "two-pass", flops: 8 * layout.count, workspaceBytes: rowOffset + 3 * width * MemoryLayout<T>.size
        ) { arguments in
            let x = arguments.input(0, T.self)
            let gamma = arguments.input(1, T.self)
            let beta = arguments.input(2, T.self)
            let y = arguments.output(0, T.self)
            let mean = arguments.output(1, T.self)
            let variance = arguments.output(2, T.self)
            let workspace = arguments.workspace.assumingMemoryBound(to: Double.self)
            // Differences from the first pixel: sums of squares do not cancel, however large the mean is.
            let shift = workspace + (layout.blocks + 1) * 2 * width
            layout.widen(shift) { rows > 0 && x[$0].isFinite ? Double(x[$0]) : 0 }
            let sums = layout.sums(workspace, threads: context.threads) { columns, element, column, first, second in
                kernels.moments(columns, x + element, shift + column, first, second)
            }
            let centre = (arguments.workspace + rowOffset).assumingMemoryBound(to: T.self)
            let (scale, offset) = (centre + width, centre + 2 * width)
            let n = Double(rows)
            for c in 0..<layout.channels {
                let difference = sums.first[c] / n
                let spread = sums.second[c] / n - difference * difference
                mean[c] = T(shift[c] + difference)
                // rounding may leave a little less than 0; NaN stays
                variance[c] = T(spread < 0 ? 0 : spread)
            }
            layout.widen(centre) { mean[$0] }
            layout.widen(scale) { T(Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot()) }
            layout.widen(offset) { beta[$0] }
            layout.forParts(threads: context.threads, output, y, inPlace: x == y, backwards: true) { columns, element, y in
                kernels.normalize(columns, x + element, centre, scale, offset, ceiling, y)
            }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        let (x, gamma, mean, variance) = (call.inputs[0], call.inputs[1], call.outputs[1], call.outputs[2])
        var gradients: [Value?] = [nil, nil, nil]
        if let dy = outputGradients[0] {
            // an activation is found again from what comes before it
            let beta = try ceiling(call.attributes) < 0 ? [] : [call.inputs[2]]
            gradients = try graph.apply("batch_norm_training_backward", [x, gamma, mean, variance, dy] + beta, call.attributes)
        }
        // The statistics as results of their own: d mean / dx = 1 / n, d variance / dx = 2 (x - mean) / n.
        let spec = graph.spec(x)
        let rows = Double(spec.shape.dropLast().reduce(1, *))
        if let dMean = outputGradients[1] {
            let share = try graph("multiply", dMean, graph.constant(1 / rows, TensorSpec(spec.dtype, [])))
            let term = try graph("broadcast_to", share, attributes: ["shape": .ints(spec.shape)])
            gradients[0] = try graph.adding(term, to: gradients[0])
        }
        if let dVariance = outputGradients[2] {
            let share = try graph("multiply", dVariance, graph.constant(2 / rows, TensorSpec(spec.dtype, [])))
            gradients[0] = try graph.adding(graph("multiply", graph("subtract", x, mean), share), to: gradients[0])
        }
        return gradients
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0, nil, nil] }
}

/// The gradients of `batch_norm_training`, through the statistics too:
/// `dx = gamma / σ · (dy - mean(dy) - x̂ · mean(dy · x̂))`, `dgamma = Σ dy · x̂`, `dbeta = Σ dy`, `x̂ = (x - mean) / σ`. With an activation
/// dy is the gradient behind it and beta one more input: dy counts where the normalized value, computed again, lies within it.
struct BatchNormTrainingBackward: BatchNormOp {
    let name = "batch_norm_training_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        let activated = try ceiling(attributes) >= 0
        try expectInputs(inputs, activated ? 6...6 : 5...5)
        try check(
            inputs, vectors: [(1, "gamma"), (2, "mean"), (3, "variance")] + (activated ? [(5, "beta")] : []), likeX: 4, attributes)
        return [inputs[0], inputs[1], inputs[1]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let (epsilon, ceiling) = (try epsilon(attributes), try ceiling(attributes))
        return inputs[0].dtype == .float32
            ? batchNormBackward(Float.self, training: true, inputs[0].shape, epsilon, ceiling, context)
            : batchNormBackward(Double.self, training: true, inputs[0].shape, epsilon, ceiling, context)
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        let activation = try EpilogueActivation(call.attributes, op: name)
        let formula = BatchNormFormula(graph, epsilon: try epsilon(call.attributes))
        return try graph.gradients(ofFormula: call.inputs, outputGradients) { (inputs) throws(ConvError) in
            try formula.trainingBackward(inputs, activation)
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [4, nil, nil] }
}

/// Both backwards: the sums of dy and of dy · (x - mean) in one pass, dx in another. With `training` the gradient flows through the
/// statistics into dx; otherwise they are inputs with gradients of their own.
func batchNormBackward<T: BinaryFloatingPoint & Sendable>(
    _: T.Type, training: Bool, _ shape: [Int], _ epsilon: Double, _ ceiling: Double, _ context: PrepareContext
) -> PreparedOp {
    let layout = ColumnStatistics(shape)
    let kernels = NormalizationKernels(T.self)
    let width = layout.width
    let rowOffset = layout.workspaceBytes
    let output = layout.output(T.self, operands: 3)
    return PreparedOp(
        algorithm: "two-pass", flops: 11 * layout.count, workspaceBytes: rowOffset + 6 * width * MemoryLayout<T>.size
    ) { arguments in
        let x = arguments.input(0, T.self)
        let gamma = arguments.input(1, T.self)
        let mean = arguments.input(2, T.self)
        let variance = arguments.input(3, T.self)
        let dy = arguments.input(4, T.self)
        let dx = arguments.output(0, T.self)
        let workspace = arguments.workspace.assumingMemoryBound(to: Double.self)
        let wideMean = workspace + (layout.blocks + 1) * 2 * width
        layout.widen(wideMean) { Double(mean[$0]) }
        let centre = (arguments.workspace + rowOffset).assumingMemoryBound(to: T.self)
        let (a, b, offset) = (centre + width, centre + 2 * width, centre + 3 * width)
        let (scale, shift) = (centre + 4 * width, centre + 5 * width)
        layout.widen(centre) { mean[$0] }
        if ceiling >= 0 {
            let beta = arguments.input(5, T.self)
            // as forward, to the bit
            layout.widen(scale) { T(Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot()) }
            layout.widen(shift) { beta[$0] }
        }
        let sums = layout.sums(workspace, threads: context.threads) { columns, element, column, first, second in
            if ceiling >= 0 {
                var activation = sc_normalize_activation(scale: scale + column, offset: shift + column, ceiling: ceiling)
                kernels.momentsActivated(columns, x + element, dy + element, centre + column, &activation, first, second)
            } else {
                kernels.momentsBackward(columns, x + element, dy + element, wideMean + column, first, second)
            }
        }
        let n = Double(layout.rows)
        // the statistics of an empty batch are NaN, its gradients 0
        let inverse = { (c: Int) in layout.rows == 0 ? 0 : 1 / (Double(variance[c]) + epsilon).squareRoot() }
        layout.widen(a) { T(Double(gamma[$0]) * inverse($0)) }
        layout.widen(b) { c in
            let s = inverse(c)
            return training ? T(-Double(gamma[c]) * s * s * s * sums.second[c] / n) : 0
        }
        layout.widen(offset) { training ? T(-Double(gamma[$0]) * inverse($0) * sums.first[$0] / n) : 0 }
        for c in 0..<layout.channels {
            let s = inverse(c)
            if !training {
                arguments.output(3, T.self)[c] = T(-Double(gamma[c]) * s * sums.first[c])
                arguments.output(4, T.self)[c] = T(-0.5 * Double(gamma[c]) * s * s * s * sums.second[c])
            }
            arguments.output(1, T.self)[c] = T(sums.second[c] * s)
            arguments.output(2, T.self)[c] = T(sums.first[c])
        }
        layout.forParts(threads: context.threads, output, dx, inPlace: dx == dy || dx == x, backwards: true) { columns, element, dx in
            if !training {
                // dx = (dy - 0) · a + 0: x may be infinite without harm
                kernels.normalize(columns, dy + element, offset, a, b, -1, dx)
            } else if ceiling >= 0 {
                var activation = sc_normalize_activation(scale: scale, offset: shift, ceiling: ceiling)
                kernels.normalizeBackward(columns, x + element, dy + element, centre, a, b, offset, &activation, dx)
            } else {
                kernels.normalizeBackward(columns, x + element, dy + element, centre, a, b, offset, nil, dx)
            }
        }
    }
}
