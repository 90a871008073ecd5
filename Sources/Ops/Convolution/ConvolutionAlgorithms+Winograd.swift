import Runtime
import TensorCore

/// Winograd's forms as candidates, with what they cost.
extension ConvolutionAlgorithms {
    /// Whether the shape is one that Winograd serves. `highest` precision leaves it out.
    private static func winogradServes(_ s: ConvolutionShape, _ context: PrepareContext) -> Bool {
        let (h, w) = (s.geometry.h, s.geometry.w)
        // Grids of one pixel have nothing to share; sizes beyond any memory must not reach the arithmetic of tiles.
        guard h.dilation <= min(s.oh, s.ih), w.dilation <= min(s.ow, s.iw), Double(s.ic) * Double(s.oc) < 0x1p38,
            Double(s.n) * Double(s.oh + s.ih) * Double(s.ow + s.iw) < 0x1p40
        else { return false }
        // Phases are either of the stride or of the dilation.
        guard h.stride == 1 || h.dilation == 1, w.stride == 1 || w.dilation == 1, h.stride * w.stride <= WinogradPhase.most else {
            return false
        }
        return context.precision == .standard && s.dtype == .float32 && s.groups == 1 && s.n > 0 && s.oh > 0 && s.ow > 0 && s.ih > 0
            && s.iw > 0 && s.ic > 0 && s.oc > 0
    }

    /// The forms of the algorithm, and whether the filter is transformed as it is used.
    private static func forms(_ s: ConvolutionShape, channels: Int) -> [(form: WinogradForm, fused: Bool)] {
        let forms = WinogradForm.serving(s.phaseWindow, channels: channels)
        return forms.map { ($0, false) } + forms.map { ($0, true) }
    }

    private static func name(_ form: WinogradForm, _ fused: Bool) -> String { fused ? "\(form.name)-fused" : form.name }

    /// What moving an element through a transform and the scratch is worth in multiply-adds.
    private static let moving = 20.0

    /// The cost in multiply-adds. Transforming a filter of 3×3 to 6×6 costs, for each pair of channels, about 250 where it stays in cache,
    /// and 750 where it goes to memory, others as much for each number; a thread takes whole panels of columns of a fused one.
    private static func cost(
        _ winograd: WinogradConvolution, _ form: WinogradForm, fused: Bool, packs: Bool, _ context: PrepareContext
    ) -> Double {
        let tiles = winograd.tiles
        let transform = form.window == (3, 3) ? 1 : Double(form.products + form.taps) / 45
        // The scratch of a fused one holds all tiles, and goes from core to core: moving costs more, beyond the second-level caches still more.
        let far = fused && tiles * winograd.moved * 4 > Double(2 * CacheSizes.l2)
        let arithmetic = tiles * (winograd.productWork + (fused ? far ? 2.4 : 1.6 : 1) * moving * winograd.moved)
        if !fused {
            return ConvolutionShape.cost(1.05 * arithmetic, reading: winograd.productWork, context)
                + (packs ? 750 * transform * winograd.pairs : 0)
        }
        // As for two threads: the choice must not depend on how many there are, for then so would the bits.
        let panels = winograd.panelCount
        let uneven = Double((panels + 1) / 2 * 2) / Double(panels)
        // The phases of a stride take turns at the products: 1.25 of the time, measured.
        let turns = winograd.phaseCount > 1 ? 1.25 : 1
        return ConvolutionShape.cost(
            turns * uneven * (1.05 * arithmetic + 250 * transform * winograd.pairs), reading: Double(form.taps) * winograd.pairs, context)
    }

    static func winogradForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, _ context: PrepareContext
    ) -> [AlgorithmCandidate] {
        guard winogradServes(shape, context) else { return [] }
        let packs = !context.constantInputs.contains(1)
        let (slope, ceiling) = (Float(activation.slope), Float(activation.ceiling))
        return forms(shape, channels: shape.ic).map { form, fused in
            let winograd = WinogradConvolution.forward(shape, form, fused: fused, threads: context.threads)
            let prepared = PreparedOp(
                algorithm: name(form, fused), flops: shape.flops,
                workspaceBytes: winograd.workspaceBytes + (winograd.needsPacking ? winograd.packedBytes : 0),
                prepack: .init(input: 1, bytes: winograd.packedBytes) { filter, packed in
                    winograd.pack(filter.assumingMemoryBound(to: Float.self), into: packed.assumingMemoryBound(to: Float.self))
                }
            ) { arguments in
                let scratch = arguments.workspace.assumingMemoryBound(to: Float.self)
                var packed = arguments.packed?.assumingMemoryBound(to: Float.self)
                if packed == nil && winograd.needsPacking {
                    let own = scratch + winograd.workspaceBytes / 4
                    winograd.pack(arguments.input(1), into: own, workspace: scratch)
                    packed = UnsafePointer(own)
                }
                winograd.run(
                    x: arguments.input(0), filter: arguments.input(1), packed: packed, bias: hasBias ? arguments.input(2) : nil,
                    slope: slope, ceiling: ceiling, y: arguments.output(0), workspace: scratch)
            }
            return AlgorithmCandidate(cost: cost(winograd, form, fused: fused, packs: packs, context), prepared)
        }
    }

    /// The gradient of the input is the convolution of dy with the filter turned by half a turn, its channels exchanged: one, or for a
    /// stride several.
    static func winogradBackwardInput(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        let (h, w) = (shape.geometry.h, shape.geometry.w)
        guard winogradServes(shape, context), h.before <= (shape.kh - 1) * h.dilation, w.before <= (shape.kw - 1) * w.dilation,
            h.stride <= shape.kh, w.stride <= shape.kw
        else { return [] }
        let isConstant = context.constantInputs.contains(0)
        return forms(shape, channels: shape.oc).map { form, fused in
            let parts = WinogradConvolution.backwardInput(shape, form, fused: fused, threads: context.threads)
            let workspace = parts.map(\.workspaceBytes).max() ?? 0
            let packedBytes = fused ? 0 : parts.reduce(0) { $0 + $1.packedBytes }
            let pack = {
                @Sendable (filter: UnsafePointer<Float>, packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>?) in
                var to = packed
                for part in parts {
                    part.pack(filter, into: to, workspace: scratch)
                    to += part.packedBytes / 4
                }
            }
            let prepared = PreparedOp(
                algorithm: name(form, fused), flops: shape.flops, workspaceBytes: workspace + packedBytes,
                prepack: fused
                    ? nil
                    : .init(input: 0, bytes: packedBytes) { filter, packed in
                        pack(filter.assumingMemoryBound(to: Float.self), packed.assumingMemoryBound(to: Float.self), nil)
                    }
            ) { arguments in
                let scratch = arguments.workspace.assumingMemoryBound(to: Float.self)
                let filter: UnsafePointer<Float> = arguments.input(0)
                var packed = arguments.packed?.assumingMemoryBound(to: Float.self)
                if packed == nil && !fused {
                    let own = scratch + workspace / 4
                    pack(filter, own, scratch)
                    packed = UnsafePointer(own)
                }
                for part in parts {
                    part.run(
                        x: arguments.input(1), filter: filter, packed: packed, bias: nil, slope: 1, ceiling: .infinity,
                        y: arguments.output(0), workspace: scratch)
                    packed = packed.map { $0 + part.packedBytes / 4 }
                }
            }
            let turning = isConstant && !fused ? 0 : Double(shape.kh * shape.kw) * 4 * Double(shape.ic) * Double(shape.oc)
            let total = parts.reduce(0) { $0 + cost($1, form, fused: fused, packs: !isConstant, context) }
            return AlgorithmCandidate(cost: total + turning, prepared)
        }
    }

    static func winogradBackwardFilter(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        guard winogradServes(shape, context), let gradient = WinogradFilterGradient(shape, threads: context.threads) else { return [] }
        // Writing a sum once and transforming it is worth 30 multiply-adds. Each block reads and writes the sums, or each slice its own; the
        // last transform reads them again.
        let blocks = (gradient.tiles / Double(gradient.blockTiles)).rounded(.up)
        let passes = gradient.slices > 1 ? Double(gradient.slices) : 1.5 * blocks + 1
        let taps = Double(shape.kh * shape.kw) * Double(shape.ic) * Double(shape.oc)
        let traffic =
            blocks == 1
            ? 2 * ConvolutionShape.reading(taps, context) + ConvolutionShape.reading(gradient.readAgain, context)
            : passes * ConvolutionShape.reading(gradient.productWork, context)
        let cost = 1.05 * gradient.tiles * (gradient.productWork + moving * gradient.moved) + 30 * gradient.productWork + traffic
        let prepared = PreparedOp(
            algorithm: gradient.name, flops: shape.flops, workspaceBytes: gradient.workspaceBytes
        ) { arguments in
            gradient.run(
                x: arguments.input(0), dy: arguments.input(1), dfilter: arguments.output(0),
                workspace: arguments.workspace.assumingMemoryBound(to: Float.self))
        }
        return [AlgorithmCandidate(cost: cost, prepared)]
    }
}

extension ConvolutionShape {
    var dilation: (h: Int, w: Int) { (geometry.h.dilation, geometry.w.dilation) }
    var stride: (h: Int, w: Int) { (geometry.h.stride, geometry.w.stride) }
    /// The sides of the filter on the grid of every stride-th pixel.
    var phaseWindow: (h: Int, w: Int) { ((kh + stride.h - 1) / stride.h, (kw + stride.w - 1) / stride.w) }

    /// What the direct kernels cost: the multiply-adds of the definition, the unit of the cost model, and reading the filter. A Double, for
    /// it may be larger than an Int.
    func work(_ context: PrepareContext) -> Double {
        let taps = Double(kh) * Double(kw) * Double(icPerGroup) * Double(oc)
        return Self.cost(1.05 * Double(n) * Double(oh) * Double(ow) * taps, reading: taps, context)
    }

    /// Arithmetic, and a filter that is read once: reading from a cache hides behind the arithmetic for the most part, from memory less.
    static func cost(_ arithmetic: Double, reading elements: Double, _ context: PrepareContext) -> Double {
        let reading = reading(elements, context)
        let shown = reading > 6 * elements ? 0.6 : 0.3
        return max(arithmetic, reading) + shown * min(arithmetic, reading)
    }

    /// Reading a packed filter once: an element from the last-level cache is worth 6 multiply-adds, one from memory 24. Nothing stays in
    /// the last-level cache of what is larger than its share (`CacheSizes.kept`), nor of the constants of a graph that together are.
    static func reading(_ elements: Double, _ context: PrepareContext) -> Double {
        let bytes = 4 * elements
        let kept = Double(CacheSizes.kept)
        if bytes <= 0x1p18 { return 0 }
        return elements * (bytes <= kept && Double(context.constantBytes) <= kept ? 6 : 24)
    }
}
