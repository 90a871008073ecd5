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
        return context.precision == .standard && s.dtype == .float32 && s.groups == 1 && h.stride == 1 && w.stride == 1 && s.n > 0
            && s.oh > 0 && s.ow > 0 && s.ic > 0 && s.oc > 0
    }

    private static func tiles(_ s: ConvolutionShape, _ outputs: (h: Int, w: Int), h: Int, w: Int) -> Double {
        let (dh, dw) = (s.geometry.h.dilation, s.geometry.w.dilation)
        return Double(s.n) * Double(dh * WinogradGrid.side(h, outputs.h, dh)) * Double(dw * WinogradGrid.side(w, outputs.w, dw))
    }

    /// The forms of the algorithm, and whether the filter is transformed as it is used.
    private static func forms(_ s: ConvolutionShape, channels: Int) -> [(form: WinogradForm, fused: Bool)] {
        let forms = WinogradForm.serving((s.kh, s.kw), channels: channels)
        return forms.map { ($0, false) } + forms.map { ($0, true) }
    }

    private static func name(_ form: WinogradForm, _ fused: Bool) -> String { fused ? "\(form.name)-fused" : form.name }

    /// What moving an element through a transform and the scratch is worth in multiply-adds.
    private static let moving = 20.0

    /// The cost in multiply-adds. Transforming a filter of 3×3 to 6×6 costs, for each pair of channels, about 250 where it stays in cache,
    /// and 750 where it goes to memory, others as much for each number; a thread takes whole panels of columns of a fused one.
    private static func cost(
        _ s: ConvolutionShape, _ form: WinogradForm, fused: Bool, h: Int, w: Int, packs: Bool, _ context: PrepareContext
    ) -> Double {
        let products = Double(form.products)
        let tiles = tiles(s, form.outputs, h: h, w: w)
        let transform = form.window == (3, 3) ? 1 : Double(form.products + form.taps) / 45
        let (ic, oc) = (Double(s.ic), Double(s.oc))
        // The scratch of a fused one holds all tiles: beyond the second-level caches moving costs more.
        let far = fused && products * tiles * (ic + oc) * 4 > Double(2 * CacheSizes.l2)
        let arithmetic = products * tiles * (ic * oc + (far ? 1.6 : 1) * moving * (ic + oc))
        if !fused {
            return ConvolutionShape.cost(1.05 * arithmetic, reading: products * ic * oc, context) + (packs ? 750 * transform * ic * oc : 0)
        }
        // As for two threads: the choice must not depend on how many there are, for then so would the bits.
        let panels = (s.oc + Kernels.table.winograd.nr - 1) / Kernels.table.winograd.nr
        let uneven = Double((panels + 1) / 2 * 2) / Double(panels)
        return ConvolutionShape.cost(
            uneven * (1.05 * arithmetic + 250 * transform * ic * oc), reading: Double(form.taps) * ic * oc, context)
    }

    static func winogradForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, _ context: PrepareContext
    ) -> [AlgorithmCandidate] {
        guard winogradServes(shape, context) else { return [] }
        let packs = !context.constantInputs.contains(1)
        let (slope, ceiling) = (Float(activation.slope), Float(activation.ceiling))
        return forms(shape, channels: shape.ic).map { form, fused in
            let winograd = WinogradConvolution(
                form, fused: fused, n: shape.n, h: shape.ih, w: shape.iw, ic: shape.ic, oc: shape.oc, oh: shape.oh,
                ow: shape.ow, padTop: shape.geometry.h.before, padLeft: shape.geometry.w.before, dilation: shape.dilation,
                threads: context.threads)
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
                    winograd.pack(arguments.input(1), into: own)
                    packed = UnsafePointer(own)
                }
                winograd.run(
                    x: arguments.input(0), filter: arguments.input(1), packed: packed, bias: hasBias ? arguments.input(2) : nil,
                    slope: slope, ceiling: ceiling, y: arguments.output(0), workspace: scratch)
            }
            return AlgorithmCandidate(
                cost: cost(shape, form, fused: fused, h: shape.oh, w: shape.ow, packs: packs, context), prepared)
        }
    }

    /// The gradient of the input is the convolution of dy with the filter turned by half a turn, its channels exchanged.
    static func winogradBackwardInput(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        let (h, w) = (shape.geometry.h, shape.geometry.w)
        guard winogradServes(shape, context), h.before <= (shape.kh - 1) * h.dilation,
            w.before <= (shape.kw - 1) * w.dilation
        else { return [] }
        let threads = context.threads
        let (ic, oc) = (shape.ic, shape.oc)
        var mirrored = shape
        (mirrored.ic, mirrored.oc) = (oc, ic)
        return forms(shape, channels: oc).map { form, fused in
            let winograd = WinogradConvolution(
                form, fused: fused, turned: true, n: shape.n, h: shape.oh, w: shape.ow, ic: oc, oc: ic, oh: shape.ih,
                ow: shape.iw,
                padTop: (shape.kh - 1) * h.dilation - h.before, padLeft: (shape.kw - 1) * w.dilation - w.before, dilation: shape.dilation,
                threads: threads)
            let prepared = PreparedOp(
                algorithm: name(form, fused), flops: shape.flops,
                workspaceBytes: winograd.workspaceBytes + (winograd.needsPacking ? winograd.packedBytes : 0)
            ) { arguments in
                let scratch = arguments.workspace.assumingMemoryBound(to: Float.self)
                let filter: UnsafePointer<Float> = arguments.input(0)
                var packed: UnsafePointer<Float>?
                if winograd.needsPacking {
                    let own = scratch + winograd.workspaceBytes / 4
                    winograd.pack(filter, into: own, workspace: scratch)
                    packed = UnsafePointer(own)
                }
                winograd.run(
                    x: arguments.input(1), filter: filter, packed: packed, bias: nil, slope: 1, ceiling: .infinity,
                    y: arguments.output(0), workspace: scratch)
            }
            let turning = Double(shape.kh * shape.kw) * 4 * Double(ic) * Double(oc)
            return AlgorithmCandidate(
                cost: cost(mirrored, form, fused: fused, h: shape.ih, w: shape.iw, packs: true, context) + turning, prepared)
        }
    }

    static func winogradBackwardFilter(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        guard winogradServes(shape, context), shape.kh == 3, shape.kw == 3 else { return [] }
        let gradient = WinogradFilterGradient(
            n: shape.n, h: shape.ih, w: shape.iw, ic: shape.ic, oc: shape.oc, oh: shape.oh, ow: shape.ow, padTop: shape.geometry.h.before,
            padLeft: shape.geometry.w.before, dilation: shape.dilation, threads: context.threads)
        let tiles = tiles(shape, (4, 4), h: shape.oh, w: shape.ow)
        let (ic, oc) = (Double(shape.ic), Double(shape.oc))
        let blocks = (tiles / Double(WinogradFilterGradient.blockTiles(Int(tiles), shape.ic, shape.oc))).rounded(.up)
        // Each block reads and writes the sums, or each slice its own; the last transform reads them again.
        let passes = gradient.slices > 1 ? Double(gradient.slices) : 1.5 * blocks + 1
        let traffic =
            blocks == 1 ? 2 * ConvolutionShape.reading(9 * ic * oc, context) : passes * ConvolutionShape.reading(36 * ic * oc, context)
        let cost = 1.05 * 36 * tiles * (ic * oc + moving * (ic + oc)) + 60 * ic * oc + traffic
        let prepared = PreparedOp(algorithm: "winograd-3x3", flops: shape.flops, workspaceBytes: gradient.workspaceBytes) { arguments in
            gradient.run(
                x: arguments.input(0), dy: arguments.input(1), dfilter: arguments.output(0),
                workspace: arguments.workspace.assumingMemoryBound(to: Float.self))
        }
        return [AlgorithmCandidate(cost: cost, prepared)]
    }
}

extension ConvolutionShape {
    var dilation: (h: Int, w: Int) { (geometry.h.dilation, geometry.w.dilation) }

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
    /// the last-level cache of what is larger than half of it, nor of the constants of a graph that together are.
    static func reading(_ elements: Double, _ context: PrepareContext) -> Double {
        let bytes = 4 * elements
        let kept = Double(CacheSizes.l3 / 2)
        if bytes <= 0x1p18 { return 0 }
        return elements * (bytes <= kept && Double(context.constantBytes) <= kept ? 6 : 24)
    }
}
