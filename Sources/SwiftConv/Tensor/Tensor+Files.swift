import Graph
import TensorCore

/// Named tensors in safetensors files (https://github.com/huggingface/safetensors), which Python's package `safetensors` reads and writes.
extension Tensor {
    /// Writes tensors under their names. The file takes its place when it is complete.
    ///
    ///     try Tensor.save(["mean": Tensor([1, 2]), "counts": Tensor(0..<3)], to: "\(folder)/numbers.safetensors")
    ///     let numbers = try Tensor.load(from: "\(folder)/numbers.safetensors")
    ///     print(try numbers["mean"] == Tensor([1, 2]))               // true
    ///
    /// - Throws: Symbolic tensors, a path that cannot be written.
    public static func save(_ tensors: [String: Tensor], to path: String) throws(SwiftConvError) {
        let sorted = tensors.sorted { $0.key < $1.key }
        var entries: [Safetensors.Entry] = []
        for (name, tensor) in sorted {
            let data = UnsafeRawPointer(try tensor.storage("save: \(name)").base)
            entries.append(Safetensors.Entry(name: name, spec: tensor.spec, data: data))
        }
        try engine { () throws(ConvError) in
            try Safetensors.write(entries, metadata: [("format", "swiftconv")], to: path)
        }
        withExtendedLifetime(sorted) {}
    }

    /// The tensors of a file by their names: such as `save` wrote, or the weights of a model.
    ///
    /// - Throws: A path that does not exist, a file that is no safetensors file or holds other types than ``DType`` has.
    public static func load(from path: String) throws(SwiftConvError) -> [String: Tensor] {
        let file = try engine { () throws(ConvError) in try Safetensors(path) }
        var found: [String: Tensor] = [:]
        for entry in file.entries {
            let bytes = UnsafeRawBufferPointer(start: entry.data, count: entry.spec.byteCount)
            found[entry.name] = try Tensor(bytes: bytes, shape: entry.spec.shape, dtype: DType(entry.spec.dtype))
        }
        return found
    }
}
