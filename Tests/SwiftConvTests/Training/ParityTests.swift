import SwiftConv
import Testing
import _TestSupport

/// A dense layer with given weights.
private final class Given: Layer {
    let name: String
    let parameters: [Parameter]
    private let activation: Activation

    init(_ name: String, _ kernel: Tensor, _ activation: Activation, regularizer: Regularizer? = nil) throws {
        self.name = name
        self.activation = activation
        parameters = [
            try Parameter("\(name)/kernel", kernel, regularizer: regularizer),
            try Parameter("\(name)/bias", try Tensor.zeros([kernel.shape[1]])),
        ]
    }

    func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try activation(try nn.biasAdd(try x.matmul(try parameters[0].value), try parameters[1].value))
    }
}

/// A whole training with everything on: the losses and metrics are those of the Python package, which runs the same engine. The numbers are those of
/// one level of instructions and one matrix product, others round differently; that the doors agree bit for bit is asserted where both run.
struct ParityTests {
    private static let expected: [String: [Float]] = [
        "loss": [1.441437840461731, 1.3659900426864624, 1.3384228944778442],
        "accuracy": [0.1666666716337204, 0.5833333134651184, 0.5833333134651184],
        "sparse_categorical_crossentropy": [1.1370512247085571, 1.0779516696929932, 1.0564357042312622],
        "val_loss": [1.0969210863113403, 1.0813816785812378, 1.0565048456192017],
        "val_accuracy": [0.4166666567325592, 0.6666666865348816, 0.5],
        "val_sparse_categorical_crossentropy": [1.0780346393585205, 1.063493013381958, 1.038325309753418],
    ]
    private static let predictions: [Float] = [
        0.34972912073135376, 0.3157387971878052, 0.3345320522785187, 0.29422128200531006, 0.33195483684539795, 0.373823881149292,
    ]

    @Test func trainingIsThatOfPython() throws {
        func spread(_ rows: Int, _ columns: Int, _ factor: Int) throws -> Tensor {
            try Tensor((0..<rows * columns).map { Float($0 * factor % 13 - 6) / 13 }, shape: [rows, columns])
        }
        let x = try Tensor((0..<48).map { Float($0 % 11) / 11 }, shape: [12, 4])
        let y = try Tensor((0..<12).map { Int32($0 * 5 % 3) }, shape: [12])
        let weights = try Tensor((0..<12).map { Float($0 % 4 + 1) / 2 })
        let model = Sequential(layers: [
            try Given("hidden", try spread(4, 6, 5), .relu, regularizer: .l2(0.01)), try Given("last", try spread(6, 3, 7), .softmax),
        ])
        try model.compile(
            optimizer: .adam(learningRate: 0.05, clipping: .norm(0.5)), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy],
            weightedMetrics: [.sparseCategoricalCrossentropy()])
        let history = try model.fit(
            x, y, sampleWeight: weights, batchSize: 5, epochs: 3, validationData: Examples(x, y), shuffle: false, verbose: 0)
        for (name, values) in Self.expected { #expect(isClose(history[name].map(Float.init), values, 1e-6), "\(name)") }
        #expect(isClose(try model.predict(try x[0..<2]).scalars(), Self.predictions, 1e-6))
    }
}
