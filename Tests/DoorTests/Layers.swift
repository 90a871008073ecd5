import Foundation
import Graph
import Testing

@testable import SwiftConv

/// The files that the environment names.
private enum LayerDoorFiles {
    static func path(_ what: String) -> String? { ProcessInfo.processInfo.environment["SWIFTCONV_LAYER_\(what)"] }
}

/// The layers, activations, regularizers and constraints of the cases that pytests/test_layer_doors.py writes; it compares the results.
@Suite(.enabled(if: LayerDoorFiles.path("CASES") != nil)) struct LayerDoorTests {
    @Test func resultsOfThisDoor() throws {
        Lambda.register("layer_doors>halved") { x throws(SwiftConvError) in try x * 0.5 }
        let text = try String(contentsOfFile: try #require(LayerDoorFiles.path("CASES")), encoding: .utf8)
        let cases = try #require(Json.parsed(text)?["cases"]?.asArray)
        #expect(cases.count > 100)
        var results: [(String, Json)] = [("classes", .array(LayerRegistry.own.map { .string($0.className) }))]
        for one in cases {
            let name = try #require(one["name"]?.asString)
            do {
                let kind = try #require(one["kind"]?.asString)
                let isLayer = kind == "layer" || kind == "bad"
                results.append((name, .object(isLayer ? try layer(one) : try object(one, kind))))
            } catch let error as SwiftConvError {
                results.append((name, .object([("error", .string(error.message))])))
            }
        }
        try Json.object(results).text.write(toFile: try #require(LayerDoorFiles.path("RESULTS")), atomically: true, encoding: .utf8)
    }

    private func numbers(_ shape: [Int], _ factor: Int, _ shift: Int, _ modulus: Int, _ scale: Double) throws -> Tensor {
        let count = shape.reduce(1, *)
        return try Tensor((0..<count).map { Double((factor * $0 + shift) % modulus - modulus / 2) / scale }, shape: shape)
    }

    private func inputs(_ one: Json) throws -> [Tensor] {
        var made: [Tensor] = []
        let word = try #require(one["dtype"]?.asString)
        let dtype = try #require(DType(rawValue: word))
        for (j, shape) in try #require(one["inputs"]?.asArray).enumerated() {
            made.append(try numbers(try #require(shape.asInts), 53, 17 * j, 103, 50).cast(to: .float32).cast(to: dtype))
        }
        return made
    }

    private func hex(_ x: Tensor) throws -> Json {
        let digits = Array("0123456789abcdef".utf8)
        return .string(
            try x.withBytes { bytes in
                String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
            })
    }

    private func sizes(_ shape: [Int]) -> Json { .array(shape.map { .int($0) }) }

    private func object(_ one: Json, _ kind: String) throws -> [(String, Json)] {
        let json = try #require(one["config"])
        let x = try #require(try inputs(one).first)
        let (config, y): (Json, Tensor)
        switch kind {
        case "activations":
            let activation = try Activation(json, "activation")
            (config, y) = (activation.json, try activation(x))
        case "regularizers":
            let regularizer = try Regularizer(json, "regularizer")
            (config, y) = (regularizer.json, try regularizer(x))
        default:
            let constraint = try Constraint(json, "constraint")
            (config, y) = (constraint.json, try constraint(x))
        }
        return [("config", config), ("shape", sizes(y.shape)), ("output", try hex(y))]
    }

    private func layer(_ one: Json) throws -> [(String, Json)] {
        let className = try #require(one["class"]?.asString)
        LayerNames.reset()
        let config = try LayerConfig(try #require(one["config"]), for: className)
        let layer = try LayerRegistry.type(named: className).init(config: config)
        func called(_ inputs: [Tensor], training: Bool) throws -> Tensor {
            if let several = layer as? any MultipleInputLayer { return try several(inputs, training: training) }
            return try layer(inputs[0], training: training)
        }
        let given = try inputs(one)
        let symbols = try given.map { try Input(Array($0.shape.dropFirst()), dtype: $0.dtype) }
        var found: [(String, Json)] = [("config", layer.config.json)]
        if let full = one["full"] {
            let again = try LayerRegistry.type(named: className).init(config: try LayerConfig(full, for: className))
            found.append(("again", again.config.json))
        }
        found.append(("symbolic", sizes(Array(try called(symbols, training: false).shape.dropFirst()))))
        _ = try called(given, training: false)
        found.append(
            ("weights", .array(layer.parameters.map { .array([.string($0.name), sizes($0.shape), .bool($0.isTrainable)]) })))
        for (k, parameter) in layer.parameters.enumerated() where parameter.dtype == .float32 || parameter.dtype == .float64 {
            let isSpread = parameter.name.hasSuffix("moving_variance") || parameter.name.hasSuffix("renorm_stddev")
            let content = try numbers(parameter.shape, 37, 11 * k, 101, 100).cast(to: parameter.dtype)
            try parameter.assign(isSpread ? try content + 1 : content)
        }
        var training = false
        if case .bool(true) = one["training"] { training = true }
        let y = try called(given, training: training)
        found += [("shape", sizes(y.shape)), ("dtype", .string(y.dtype.rawValue)), ("output", try hex(y))]
        found.append(("states", .array(try layer.parameters.map { try hex(try $0.value) })))
        found += try gradients(layer, given, training: training) { try called($0, training: $1) }
        let trace = Trace()
        let placeholders = try given.map { try trace.placeholder($0.spec) }
        _ = try Trace.$current.withValue(trace) { try called(placeholders, training: training) }
        let losses = trace.losses.isEmpty ? [] : try trace.executable(placeholders, trace.losses).run(given)
        found.append(("losses", .array(try losses.map(hex))))
        return found
    }

    /// The gradients of Σ w y with respect to the inputs and the trainable weights; null where nothing connects them.
    private func gradients(
        _ layer: any Layer, _ given: [Tensor], training: Bool, _ called: ([Tensor], Bool) throws -> Tensor
    ) throws -> [(String, Json)] {
        let trace = Trace()
        let x = try given.map { try trace.placeholder($0.spec) }
        let (total, weights) = try Trace.$current.withValue(trace) { () throws -> (Tensor?, [Tensor]) in
            let weights = try layer.parameters.filter(\.isTrainable).map { try $0.value }
            let y = try called(x, training)
            guard y.dtype == .float32 || y.dtype == .float64 else { return (nil, weights) }
            return (try (y * numbers(y.shape, 29, 7, 97, 40).cast(to: y.dtype)).sum(), weights)
        }
        let sources = x + weights
        let isFloating = sources.map { $0.dtype == .float32 || $0.dtype == .float64 }
        var found = [Tensor?](repeating: nil, count: sources.count)
        if let total {
            let places = sources.indices.filter { isFloating[$0] }
            for (place, gradient) in zip(places, try trace.gradients(of: total, to: places.map { sources[$0] })) {
                found[place] = gradient
            }
        }
        var results = try trace.executable(x, found.compactMap { $0 }).run(given)[...]
        var all: [Json] = []
        for gradient in found {
            guard gradient != nil else {
                all.append(.null)
                continue
            }
            all.append(try hex(results.removeFirst()))
        }
        return [("gradients", .array(all))]
    }
}
