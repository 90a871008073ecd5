import TensorCore

/// In which order the axes of images stand. The engine computes with channels last; the other order is transposed on the way.
public enum DataFormat: String, Sendable, Hashable {
    /// `[batch, height, width, channels]`
    case channelsLast = "channels_last"
    /// `[batch, channels, height, width]`
    case channelsFirst = "channels_first"

    /// Height and width.
    var spatialAxes: [Int] { self == .channelsLast ? [1, 2] : [2, 3] }
    /// The channels.
    var channelAxis: Int { self == .channelsLast ? 3 : 1 }

    /// Images with channels last.
    func toLast(_ x: Tensor) throws(SwiftConvError) -> Tensor {
        self == .channelsLast ? x : try x.transpose([0, 2, 3, 1])
    }

    /// Images with channels last in this order.
    func fromLast(_ x: Tensor) throws(SwiftConvError) -> Tensor {
        self == .channelsLast ? x : try x.transpose([0, 3, 1, 2])
    }
}
