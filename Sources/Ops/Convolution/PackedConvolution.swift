import Runtime
import TensorCore

/// A convolution that brings its filter into a form of its own first; the form is kept where the filter stays the same.
protocol PackedConvolution: Sendable {
    var workspaceBytes: Int { get }
    var packedBytes: Int { get }
    func pack(_ filter: UnsafeRawPointer, into packed: UnsafeMutableRawPointer)
    func run(
        x: UnsafeRawPointer, filter: UnsafeRawPointer, packed: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer)
}

extension PackedConvolution {
    /// As the op of an image, a filter and perhaps a bias.
    func prepared(_ algorithm: String, flops: Int, hasBias: Bool) -> PreparedOp {
        PreparedOp(
            algorithm: algorithm, flops: flops, workspaceBytes: workspaceBytes,
            prepack: .init(input: 1, bytes: packedBytes) { pack($0, into: $1) }
        ) { arguments in
            run(
                x: arguments.inputs[0], filter: arguments.inputs[1], packed: arguments.packed, bias: hasBias ? arguments.inputs[2] : nil,
                y: arguments.outputs[0], workspace: arguments.workspace)
        }
    }
}
