import Runtime
import TensorCore

/// Winograd's F(4×4, 3×3) and F(2×2, 3×3) as candidates, with what they cost.
extension ConvolutionAlgorithms {
    /// Whether the shape is one that Winograd serves. `highest` precision leaves it out.
    private static func winogradServes(_ s: ConvolutionShape, _ context: PrepareContext) -> Bool {
        let (h, w) = (s.geometry.h, s.geometry.w)
        // Grids of one pixel have nothing to share; sizes beyond any memory must not reach the arithmetic of tiles.
        guard h.dilation <= min(s.oh, s.ih), w.dilation <= min(s.ow, s.iw), Double(s.ic) * Double(s.oc) < 0x1p38,
            Double(s.n) * Double(s.oh + s.ih) * Double(s.ow + s.iw) < 0x1p40
        else { return false }
        return context.precision == .standard && s.dtype == .float32 && s.groups == 1 && s.kh == 3 && s.kw == 3 && h.stride == 1
            && w.stride == 1 && s.n > 0 && s.oh > 0 && s.ow > 0 && s.oc > 0
    }

    private static func tiles(_ s: ConvolutionShape, _ outputs: Int, h: Int, w: Int) -> Double {
        let (dh, dw) = (s.geometry.h.dilation, s.geometry.w.dilation)
        return Double(s.n) * Double(dh * WinogradGrid.side(h, outputs, dh)) * Double(dw * WinogradGrid.side(w, outputs, dw))
    }

    /// The cost in multiply-adds. An element that a transform moves is worth 6; transforming the filter at each call
    /// about 750 for each pair of channels, of 16 products as of 36.
    private static func cost(_ s: ConvolutionShape, _ outputs: Int, h: Int, w: Int, packs: Bool) -> Double {
        let products = Double((outputs + 2) * (outputs + 2))
        let tiles = tiles(s, outputs, h: h, w: w)
        let (ic, oc) = (Double(s.ic), Double(s.oc))
        let arithmetic = products * tiles * (ic * oc + 6 * ic + 6 * oc)
        return 1.15 * arithmetic + (packs ? 750 * ic * oc : 0) + ConvolutionShape.reading(products * ic * oc)
    }

    static func winogradForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, _ context: PrepareContext
    ) -> [AlgorithmCandidate] {
        guard winogradServes(shape, context) else { return [] }
        let packs = !context.constantInputs.contains(1)
        let (slope, ceiling) = (Float(activation.slope), Float(activation.ceiling))
        return [4, 2].map { outputs in
            let winograd = WinogradConvolution(
                outputs: outputs, n: shape.n, h: shape.ih, w: shape.iw, ic: shape.ic, oc: shape.oc, oh: shape.oh, ow: shape.ow,
                padTop: shape.geometry.h.before, padLeft: shape.geometry.w.before, dilation: shape.dilation, threads: context.threads)
            let prepared = PreparedOp(
                algorithm: "winograd-\(outputs)x\(outputs)", flops: shape.flops,
                workspaceBytes: winograd.workspaceBytes + winograd.packedBytes,
                prepack: .init(input: 1, bytes: winograd.packedBytes) { filter, packed in
                    winograd.pack(filter.assumingMemoryBound(to: Float.self), into: packed.assumingMemoryBound(to: Float.self))
                }
            ) { arguments in
                let scratch = arguments.workspace.assumingMemoryBound(to: Float.self)
                let packed: UnsafePointer<Float>
                if let kept = arguments.packed {
                    packed = kept.assumingMemoryBound(to: Float.self)
                } else {
                    let own = scratch + winograd.workspaceBytes / 4
                    winograd.pack(arguments.input(1), into: own)
                    packed = UnsafePointer(own)
                }
                winograd.run(
                    x: arguments.input(0), packed: packed, bias: hasBias ? arguments.input(2) : nil, slope: slope, ceiling: ceiling,
                    y: arguments.output(0), workspace: scratch)
            }
            return AlgorithmCandidate(cost: cost(shape, outputs, h: shape.oh, w: shape.ow, packs: packs), prepared)
        }
    }

    /// The gradient of the input is the convolution of dy with the filter turned by half a turn, its channels exchanged.
    static func winogradBackwardInput(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        let (h, w) = (shape.geometry.h, shape.geometry.w)
        guard winogradServes(shape, context), h.before <= 2 * h.dilation, w.before <= 2 * w.dilation else { return [] }
        let threads = context.threads
        let (ic, oc) = (shape.ic, shape.oc)
        let turnedFloats = 9 * ic * oc
        guard let transpose = Kernels.table.movement.transpose else { return [] }
        return [4, 2].map { outputs in
            let winograd = WinogradConvolution(
                outputs: outputs, n: shape.n, h: shape.oh, w: shape.ow, ic: oc, oc: ic, oh: shape.ih, ow: shape.iw,
                padTop: 2 * h.dilation - h.before, padLeft: 2 * w.dilation - w.before, dilation: shape.dilation, threads: threads)
            let prepared = PreparedOp(
                algorithm: "winograd-\(outputs)x\(outputs)", flops: shape.flops,
                workspaceBytes: winograd.workspaceBytes + winograd.packedBytes + turnedFloats * 4
            ) { arguments in
                let scratch = arguments.workspace.assumingMemoryBound(to: Float.self)
                let packed = scratch + winograd.workspaceBytes / 4
                let turned = packed + winograd.packedBytes / 4
                let filter: UnsafePointer<Float> = arguments.input(0)
                parallelFor(9, grain: max(1, 16384 / (ic * oc)), threads: threads) { range, _ in
                    for tap in range { transpose(4, ic, oc, filter + tap * ic * oc, oc, turned + (8 - tap) * ic * oc, ic) }
                }
                winograd.pack(UnsafePointer(turned), into: packed)
                winograd.run(
                    x: arguments.input(1), packed: UnsafePointer(packed), bias: nil, slope: 1, ceiling: .infinity, y: arguments.output(0),
                    workspace: scratch)
            }
            let turning = 9 * 4 * Double(ic) * Double(oc)
            return AlgorithmCandidate(cost: cost(shape, outputs, h: shape.ih, w: shape.iw, packs: true) + turning, prepared)
        }
    }

    static func winogradBackwardFilter(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        guard winogradServes(shape, context) else { return [] }
        let gradient = WinogradFilterGradient(
            n: shape.n, h: shape.ih, w: shape.iw, ic: shape.ic, oc: shape.oc, oh: shape.oh, ow: shape.ow, padTop: shape.geometry.h.before,
            padLeft: shape.geometry.w.before, dilation: shape.dilation, threads: context.threads)
        let tiles = tiles(shape, 4, h: shape.oh, w: shape.ow)
        let (ic, oc) = (Double(shape.ic), Double(shape.oc))
        let blocks = (tiles / Double(WinogradFilterGradient.blockTiles(Int(tiles), shape.ic, shape.oc))).rounded(.up)
        // Each block reads and writes the sums; the last transform reads them again.
        let traffic = (1.5 * blocks + 1) * ConvolutionShape.reading(36 * ic * oc)
        let cost = 1.15 * 36 * tiles * (ic * oc + 6 * ic + 6 * oc) + traffic
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
    var work: Double {
        let taps = Double(kh) * Double(kw) * Double(icPerGroup) * Double(oc)
        return Double(n) * Double(oh) * Double(ow) * taps + Self.reading(taps)
    }

    /// Reading a packed filter once: an element from the last-level cache is worth 4 multiply-adds, one from memory 20; what is larger than
    /// 16 MB is unlikely to stay in the cache.
    static func reading(_ elements: Double) -> Double {
        let bytes = 4 * elements
        return bytes <= 0x1p18 ? 0 : elements * (bytes <= 0x1p24 ? 4 : 20)
    }
}
