import Runtime
import TensorCore

/// Winograd's F(4×4, 3×3), where its arithmetic, transforms included, is well below that of the definition.
extension ConvolutionAlgorithms {
    /// Whether the shape is one that Winograd serves, and faster. Costs are in multiply-adds; a transform's elements are moved
    /// through memory, hence their weights. `packs` says whether the filter is transformed at each call.
    private static func winogradPays(_ shape: ConvolutionShape, packs: Bool) -> Bool {
        let (h, w) = (shape.geometry.h, shape.geometry.w)
        guard shape.dtype == .float32, shape.groups == 1, shape.kh == 3, shape.kw == 3, h.stride == 1, w.stride == 1, h.dilation == 1,
            w.dilation == 1, shape.n > 0, shape.oh > 0, shape.ow > 0, shape.oc > 0
        else { return false }
        let tiles = Double(shape.n) * Double((shape.oh + 3) / 4) * Double((shape.ow + 3) / 4)
        let (ic, oc) = (Double(shape.ic), Double(shape.oc))
        let definition = 9 * Double(shape.n) * Double(shape.oh) * Double(shape.ow) * ic * oc
        let products = 36 * tiles * ic * oc
        let transforms = 36 * tiles * (6 * ic + 6 * oc)
        let filter = 36 * ic * oc * (packs ? 16 : 4)
        return 1.15 * (products + transforms + filter) < definition
    }

    private static func winograd(_ shape: ConvolutionShape, threads: Int) -> WinogradConvolution {
        WinogradConvolution(
            n: shape.n, h: shape.ih, w: shape.iw, ic: shape.ic, oc: shape.oc, oh: shape.oh, ow: shape.ow, padTop: shape.geometry.h.before,
            padLeft: shape.geometry.w.before, threads: threads)
    }

    static func winogradForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) -> PreparedOp? {
        guard winogradPays(shape, packs: true) else { return nil }
        let winograd = winograd(shape, threads: threads)
        let (slope, ceiling) = (Float(activation.slope), Float(activation.ceiling))
        return PreparedOp(
            algorithm: "winograd-4x4", flops: shape.flops, workspaceBytes: winograd.workspaceBytes + winograd.packedBytes,
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
    }

    /// The gradient of the input is the convolution of dy with the filter turned by half a turn, its channels exchanged.
    static func winogradBackwardInput(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard winogradPays(shape, packs: true), shape.geometry.h.before <= 2, shape.geometry.w.before <= 2 else { return nil }
        let winograd = WinogradConvolution(
            n: shape.n, h: shape.oh, w: shape.ow, ic: shape.oc, oc: shape.ic, oh: shape.ih, ow: shape.iw,
            padTop: 2 - shape.geometry.h.before, padLeft: 2 - shape.geometry.w.before, threads: threads)
        let (ic, oc) = (shape.ic, shape.oc)
        let turnedFloats = 9 * ic * oc
        return PreparedOp(
            algorithm: "winograd-4x4", flops: shape.flops,
            workspaceBytes: winograd.workspaceBytes + winograd.packedBytes + turnedFloats * 4
        ) { arguments in
            let scratch = arguments.workspace.assumingMemoryBound(to: Float.self)
            let packed = scratch + winograd.workspaceBytes / 4
            let turned = packed + winograd.packedBytes / 4
            let filter: UnsafePointer<Float> = arguments.input(0)
            parallelFor(9 * ic, grain: max(1, 16384 / oc), threads: threads) { range, _ in
                for row in range {
                    let (tap, i) = row.quotientAndRemainder(dividingBy: ic)
                    let to = turned + (8 - tap) * ic * oc + i
                    let from = filter + row * oc
                    for o in 0..<oc { to[o * ic] = from[o] }
                }
            }
            winograd.pack(UnsafePointer(turned), into: packed)
            winograd.run(
                x: arguments.input(1), packed: UnsafePointer(packed), bias: nil, slope: 1, ceiling: .infinity, y: arguments.output(0),
                workspace: scratch)
        }
    }
}
