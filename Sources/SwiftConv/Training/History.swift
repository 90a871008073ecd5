/// What training reported after each epoch: "loss", the metrics, and the same with "val_" before on the validation data.
public struct History: Sendable {
    /// The results of each epoch.
    public internal(set) var epochs: [[String: Double]] = []
    /// The number of each epoch, from 0.
    public internal(set) var numbers: [Int] = []
    /// The values of one name, epoch by epoch.
    public subscript(_ name: String) -> [Double] { epochs.compactMap { $0[name] } }
}
