// What `print` shows of layers, weights and what trains them.

extension Parameter: CustomStringConvertible {
    /// Name, type and shape: `conv2d/kernel: float32(3, 3, 1, 8)`.
    public var description: String { "\(name): \(variable.spec)" + (isWeight ? isFrozen ? ", frozen" : "" : ", a state") }
}

extension Model: CustomStringConvertible {
    /// Its ``summary``.
    public var description: String { summary }
}

extension Module: CustomStringConvertible {
    /// Class, name and how many numbers it keeps: `Conv2D "conv2d": 80 numbers`.
    public var description: String {
        "\(type(of: self)) \"\(name)\": "
            + (isBuilt ? "\(parameterCount) numbers" + (isTrainable ? "" : ", frozen") : "not built")
    }
}

extension Optimizer: CustomStringConvertible {
    /// Name and rate: `adam, learning rate 0.001`.
    public var description: String { "\(name), learning rate \(learningRate.constant.map { "\($0)" } ?? "by a schedule")" }
}

extension Loss: CustomStringConvertible {
    /// Its name.
    public var description: String { name }
}

extension Metric: CustomStringConvertible {
    /// Its name.
    public var description: String { name }
}
