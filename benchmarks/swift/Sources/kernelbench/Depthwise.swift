import CKernelInterface
import Runtime

extension Level {
    /// Two rows of 3x3 and 5x5 depthwise convolution over 14 pixels of 64 channels.
    func addDepthwise() {
        let kernels = Kernels.table.depthwise
        for (size, stride) in [(3, 1), (3, 2), (5, 1)] {
            let (w, c, ow) = (14 * stride, 64, 14)
            let image = sc_depthwise_image(
                h: 2 * stride + size - 1, w: w, c: c, oh: 2, ow: ow, kh: size, kw: size, stride_h: stride, stride_w: stride,
                dilation_h: 1, dilation_w: 1, pad_top: 0, pad_left: size / 2, y_row: ow * c, y_pixel: c)
            let (x, filter, y) = (floats(image.h * w * c), floats(size * size * c), floats(2 * ow * c))
            let epilogue = sc_depthwise_epilogue(bias: nil, slope: 0, ceiling: .infinity)
            let forward = kernels.forward_f32!
            let vectors = (c + kernels.lanes_f32 - 1) / kernels.lanes_f32
            add("depthwise \(size)x\(size)/\(stride), 2x14x64", flops: 2 * size * size * 2 * ow * c) {
                withUnsafePointer(to: image) { image in
                    withUnsafePointer(to: epilogue) { forward(image, x, filter, $0, 0, 2, 0, vectors, y) }
                }
            }
        }
    }
}
