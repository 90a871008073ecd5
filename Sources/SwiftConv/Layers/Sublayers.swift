/// Whether the layers that are called now are training: what a layer says to the layers in its `call` that are not told.
enum Phase {
    @TaskLocal static var isTraining: Bool?

    static func with<R>(_ isTraining: Bool, _ body: () throws(SwiftConvError) -> R) throws(SwiftConvError) -> R {
        let result = $isTraining.withValue(isTraining) { () -> Result<R, SwiftConvError> in
            do throws(SwiftConvError) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

extension Layer {
    /// The layers that it is made of: those of a ``Model``, and those in the stored properties of a layer of your own, alone, optional,
    /// in arrays, tuples or dictionaries (in the order of their keys).
    ///
    ///     final class Pair: Module {
    ///         let first = Dense(4, activation: .relu)
    ///         let others = [Dense(4), Dense(1)]
    ///         override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
    ///             try others[1](others[0](first(x)))
    ///         }
    ///     }
    ///     print(Pair().sublayers.count)              // 3
    public var sublayers: [any Layer] {
        if let model = self as? Model { return model.layers }
        return (self as? Module)?.mayHoldLayers == false ? [] : Held(by: self).layers
    }

    /// The weights that training changes: those of ``parameters`` that are neither states nor frozen.
    public var trainableParameters: [Parameter] { parameters.filter(\.isTrainable) }

    /// What the layers in its properties keep, and what stands there as a ``Parameter``, each once.
    func heldParameters(after own: [Parameter]) -> [Parameter] {
        var found: [Parameter] = []
        var (seen, layers): (Set<ObjectIdentifier>, Set<ObjectIdentifier>) = ([], [])
        func add(_ parameters: [Parameter]) {
            for parameter in parameters where seen.insert(ObjectIdentifier(parameter)).inserted { found.append(parameter) }
        }
        // layers may know one another: each is looked at once
        func walk(_ layer: any Layer, _ own: [Parameter]) {
            guard layers.insert(ObjectIdentifier(layer)).inserted else { return }
            let held = Held(by: layer)
            add(own)
            add(held.parameters)
            for inner in held.layers {
                if let module = inner as? Module, module.mayHoldLayers { walk(module, module.made) } else { add(inner.parameters) }
            }
        }
        walk(self, own)
        return found
    }
}

/// What the stored properties of a layer hold.
private struct Held {
    private(set) var layers: [any Layer] = []
    private(set) var parameters: [Parameter] = []
    private var seen: Set<ObjectIdentifier>

    init(by layer: any Layer) {
        seen = [ObjectIdentifier(layer)]
        var mirror: Mirror? = Mirror(reflecting: layer)
        while let part = mirror, part.subjectType != Module.self {
            for child in part.children { take(child.value) }
            mirror = part.superclassMirror
        }
    }

    private mutating func take(_ value: Any) {
        if let layer = value as? any Layer {
            if seen.insert(ObjectIdentifier(layer)).inserted { layers.append(layer) }
        } else if let parameter = value as? Parameter {
            if seen.insert(ObjectIdentifier(parameter)).inserted { parameters.append(parameter) }
        } else {
            let mirror = Mirror(reflecting: value)
            switch mirror.displayStyle {
            case .optional, .collection, .tuple, .set: for child in mirror.children { take(child.value) }
            case .dictionary:
                let pairs = mirror.children.compactMap { child -> (String, Any)? in
                    let parts = Array(Mirror(reflecting: child.value).children)
                    return parts.count == 2 ? ("\(parts[0].value)", parts[1].value) : nil
                }
                for (_, value) in pairs.sorted(by: { $0.0 < $1.0 }) { take(value) }
            default: break
            }
        }
    }
}
