import Graph
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a model file holds, and under which names: the tensors, and texts beside them.
///
/// The weights have the names of the layers that they are in and their own (`encoder/conv2d/kernel`). Of a model in training come the
/// states of random generators (`dropout/seed_generator_state`), and what the optimizer keeps: `optimizer/iteration`,
/// `optimizer/learning_rate`, and for each weight `optimizer/momentum/encoder/conv2d/kernel` and the like.
struct ModelFile {
    /// The architecture, and how the model is compiled.
    static let configKey = "keras_config"
    /// The names of the weights in the model's order: a model whose layers got other names finds its weights by it.
    static let orderKey = "weight_names"
    /// Weights that weight decay leaves alone.
    static let exclusionsKey = "weight_decay_exclusions"
    /// Why a compiled model is not compiled in the file.
    static let noteKey = "not_compiled"

    private var entries: [(name: String, value: Tensor)] = []
    private var names: Set<String> = []
    private var metadata: [(String, String)] = [("format", "swiftconv")]
    private let owner: String

    init(for owner: String) { self.owner = owner }

    mutating func add(_ name: String, _ parameter: Parameter) throws(SwiftConvError) {
        guard names.insert(name).inserted else {
            throw .invalidArgument("\(owner): two tensors are called \"\(name)\": give their layers different names")
        }
        entries.append((name, try parameter.value))
    }

    mutating func add(_ key: String, text: String) { metadata.append((key, text)) }

    /// Replaces the file at `path` as a whole.
    func write(to path: String) throws(SwiftConvError) {
        try engine { () throws(ConvError) in
            var tensors: [Safetensors.Entry] = []
            for entry in entries {
                guard case .numbers(let storage) = entry.value.content else { continue }
                tensors.append(Safetensors.Entry(name: entry.name, spec: entry.value.spec, data: UnsafeRawPointer(storage.base)))
            }
            try Safetensors.write(tensors, metadata: metadata, to: path)
        }
        withExtendedLifetime(entries) {}
    }

    static func open(_ path: String, _ what: String) throws(SwiftConvError) -> Safetensors {
        guard access(path, F_OK) == 0 else { throw .invalidArgument("\(what): path: \(path) does not exist") }
        return try engine { () throws(ConvError) in try Safetensors(path) }
    }
}

extension Safetensors {
    /// A list of names in the metadata; nil where there is none.
    func names(_ key: String) -> [String]? {
        guard let items = Json.parsed(metadata[key] ?? "")?.asArray else { return nil }
        let names = items.compactMap(\.asString)
        return names.count == items.count ? names : nil
    }
}

/// The tensors of a file beside the parameters that take them: all of them fit, or none is taken.
struct FileReading {
    private let file: Safetensors
    private var found: [(Parameter, Tensor)] = []
    private(set) var faults: [String] = []

    init(_ file: Safetensors) { self.file = file }

    mutating func take(_ parameter: Parameter, _ name: String, from place: String?) throws(SwiftConvError) {
        guard let place, let entry = file.entry(place) else {
            faults.append("\(name) is missing")
            return
        }
        guard entry.spec.shape == parameter.shape else {
            faults.append("\(name): expected shape \(shapeText(parameter.shape)), received \(shapeText(entry.spec.shape))")
            return
        }
        let bytes = UnsafeRawBufferPointer(start: entry.data, count: entry.spec.byteCount)
        let tensor = try Tensor(bytes: bytes, shape: entry.spec.shape, dtype: DType(entry.spec.dtype))
        found.append((parameter, try tensor.cast(to: parameter.dtype)))
    }

    /// Throws if something did not fit; else the parameters get their numbers.
    func finish(_ what: String, _ path: String, _ model: String) throws(SwiftConvError) {
        guard faults.isEmpty else {
            throw .invalidArgument("\(what): \(path) does not fit model \(model): " + faults.prefix(5).joined(separator: "; "))
        }
        for (parameter, tensor) in found { try parameter.assign(tensor) }
    }
}
