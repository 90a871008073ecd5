import CKernelInterface
import Runtime

extension Level {
    /// The multiplication in the transformed domain, and the transforms of one 4x4 tile of 64 channels.
    func addWinograd() {
        let kernels = Kernels.table.winograd
        let (mr, nr) = (kernels.mr, kernels.nr)
        let rows = (48 + mr - 1) / mr * mr
        let (v, u, m) = (floats(rows * 128), floats(128 * nr + 16), floats(rows * nr))
        let multiply = kernels.multiply!
        add("winograd multiply \(rows)x128x\(nr)", flops: 2 * rows * 128 * nr) { multiply(rows, 128, v, 128, u, m, nr, 0) }
        let image = sc_winograd_image(
            h: 16, w: 16, c: 64, oh: 16, ow: 16, oc: 64, step_h: 1, step_w: 1, out_step_h: 1, out_step_w: 1, is_column: 0)
        let (x, planes, patch, y) = (floats(16 * 16 * 64), floats(36 * 64), floats(128 * 36), floats(16 * 16 * 64))
        let epilogue = sc_winograd_epilogue(bias: nil, slope: 0, ceiling: .infinity)
        let (input, output) = (kernels.f4.input!, kernels.f4.output!)
        add("winograd 4x4 input transform, 64 channels", bytes: 2 * 36 * 64 * 4) {
            withUnsafePointer(to: image) { input($0, x, 3, 3, planes, 64, patch) }
        }
        add("winograd 4x4 output transform, 64 channels", bytes: (36 + 16) * 64 * 4) {
            withUnsafePointer(to: image) { image in
                withUnsafePointer(to: epilogue) { output(image, planes, 64, 4, 4, $0, y) }
            }
        }
    }
}
