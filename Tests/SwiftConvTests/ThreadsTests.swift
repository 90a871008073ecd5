import SwiftConv
import Testing
import _TestSupport

@Suite struct ThreadsTests {
    @Test func aCompiledModelFollowsTheNumberWithTheSameBits() throws {
        try ThreadSettings.exclusively {
            try Threads.set(1)
            let model = Sequential {
                Conv2D(16, kernelSize: 3, padding: .same, activation: .relu)
                MaxPooling2D(2)
                Flatten()
                Dense(4)
            }
            try model.build(inputShape: [8, 12, 12, 8])
            try model.compile(optimizer: .sgd(learningRate: 0.01), loss: .sparseCategoricalCrossentropy(fromLogits: true))
            let x = try Random.normal([8, 12, 12, 8], seed: 3)
            let labels = try Tensor([0, 1, 2, 3, 3, 2, 1, 0] as [Int32])
            let start = try model.parameters.map { try $0.value }
            func trained(_ threads: [Int]) throws -> [[Float]] {
                for (parameter, value) in zip(model.parameters, start) { try parameter.assign(value) }
                for number in threads {
                    try Threads.set(number)
                    #expect(Threads.count == number)
                    _ = try model.fit(x, labels, batchSize: 8, epochs: 1, shuffle: false, verbose: false)
                }
                return try model.parameters.map { try $0.value.scalars() } + [try model.predict(x).scalars()]
            }
            let expected = try trained([1, 1, 1, 1])
            #expect(try trained([3, 1, 4, 2]) == expected)
        }
    }

    @Test func numbersOutOfRangeAreErrors() {
        for wrong in [0, -3, 1025] {
            expectError("Threads.set", "count", "1 to 1024", "received \(wrong)") { try Threads.set(wrong) }
        }
    }
}
