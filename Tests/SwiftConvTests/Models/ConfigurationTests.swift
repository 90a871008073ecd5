import Testing

@testable import SwiftConv

/// Architectures as JSON. What the Python package writes and reads: pytests/test_model_files.py.
@Suite struct ConfigurationTests {
    @Test func modelsComeBackFromTheirJSON() throws {
        let input = try Input([6, 6, 2], name: "picture")
        let shared = Conv2D(3, kernelSize: 3, padding: .same, activation: .relu)
        let inner = Sequential {
            Flatten(); Dense(4, kernelInitializer: .heNormal(seed: 3))
        }
        let model = try Model(inputs: input, outputs: inner(shared(input) + shared(input) * 0.5))
        let again = try Model.fromJSON(model.json)
        #expect(try again.json == model.json)
        #expect(again.layers.map(\.name) == model.layers.map(\.name))
        #expect(again.parameters.map(\.shape) == model.parameters.map(\.shape))
        #expect(again.parameters.map(\.name) == model.parameters.map(\.name))
        for (a, b) in zip(again.parameters, model.parameters) { try a.assign(b.value) }
        let x = try Random.uniform([2, 6, 6, 2], seed: 1)
        #expect(try again(x).scalars() == model(x).scalars())
    }

    @Test func theModelSaysWhetherDropoutIsTraining() throws {
        let input = try Input([16])
        let model = try Model(inputs: input, outputs: Dropout(0.5, seed: 3)(input))
        let json = try model.json
        // As Keras writes it: the default among the arguments.
        let withDefault = json.replacing("\"kwargs\": {}", with: "\"kwargs\": {\"training\": false}")
        let fixed = json.replacing("\"kwargs\": {}", with: "\"kwargs\": {\"training\": true}")
        #expect(withDefault != json)
        func values(_ json: String, training: Bool) throws -> Set<Float> {
            Set(try Model.fromJSON(json)([Tensor.ones([64, 16])], training: training)[0].scalars())
        }
        for json in [json, withDefault] {
            #expect(try values(json, training: true) == [0, 2])
            #expect(try values(json, training: false) == [1])
        }
        #expect(try values(fixed, training: false) == [0, 2])
    }

    @Test func layersOfOnesOwnAreRead() throws {
        final class Doubled: Module, ConfigurableLayer {
            static let className = "Doubled"
            init() { super.init(name: nil) }
            init(config: LayerConfig) throws(SwiftConvError) { super.init(name: try config.string("name")) }
            var config: LayerConfig {
                var config = LayerConfig(for: "Doubled")
                config.set("name", name)
                return config
            }
            override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try x * 2 }
        }
        let model = Sequential { Doubled() }
        try model.build(inputShape: [1, 3])
        let json = try model.json
        #expect(throws: SwiftConvError.self) { try Model.fromJSON(json) }
        LayerRegistry.register(Doubled.self)
        #expect(try Model.fromJSON(json)(Tensor([1, 2, 3], shape: [1, 3])).scalars() == [2, 4, 6])
    }

    @Test func otherTextIsRefused() throws {
        let model = Sequential { Dense(2) }
        try model.build(inputShape: [1, 3])
        let json = try model.json
        let changes = [
            ("\"class_name\": \"Sequential\"", "\"class_name\": \"Other\""), ("\"class_name\": \"Dense\"", "\"class_name\": \"Nothing\""),
            ("\"units\": 2", "\"units\": \"two\""), ("\"units\": 2", "\"units\": -2"), ("\"units\": 2", "\"unit\": 2"),
            ("\"layers\": [", "\"layers\": ["), ("[null, 3]", "[null, null]"),
        ]
        for (old, new) in changes where old != new {
            #expect(json.contains(old), "\(old)")
            #expect(throws: SwiftConvError.self, "\(new)") { try Model.fromJSON(json.replacing(old, with: new)) }
        }
        for text in ["", "{", "[]", "{}", "null", "{\"class_name\": \"Sequential\"}", "{\"class_name\": \"Functional\", \"config\": {}}"] {
            #expect(throws: SwiftConvError.self, "\(text)") { try Model.fromJSON(text) }
        }
        // Cut anywhere it is an error, never a trap.
        for length in stride(from: 0, to: json.count, by: 7) {
            #expect(throws: SwiftConvError.self) { try Model.fromJSON(String(json.prefix(length))) }
        }
    }

    @Test func subclassesAreNotWrittenDown() throws {
        final class Own: Layer {
            let name = "own"
            func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { x }
        }
        let model = Sequential { Own() }
        try model.build(inputShape: [1, 3])
        #expect(throws: SwiftConvError.self) { try model.json }
    }
}
