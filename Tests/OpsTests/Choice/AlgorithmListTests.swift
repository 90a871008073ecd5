import Runtime
import TensorCore
import Testing

@testable import Ops

private let x = TensorSpec(.float32, [1, 16, 16, 32])
private let filter = TensorSpec(.float32, [3, 3, 32, 32])

private func algorithm(
    precision: Precision = .standard, memoryLimit: Int? = nil, constant: [Int] = [], filter: TensorSpec = filter, x: TensorSpec = x
) throws -> PreparedOp {
    let op = try Registry.op("conv2d")
    let attributes = Attributes(["padding": .string("SAME")])
    let settings = Settings.Values(precision: precision, memoryLimit: memoryLimit, autotune: false)
    return try op.prepare(
        [x, filter], op.outputSpecs([x, filter], attributes), attributes,
        PrepareContext(threads: 1, constantInputs: constant, settings: settings))
}

@Test("precision highest leaves Winograd out")
func precisionHighest() throws {
    #expect(try algorithm().algorithm.hasPrefix("winograd-"))
    #expect(try algorithm(precision: .highest).algorithm == "direct")
}

@Test("a memory limit passes over what needs more")
func memoryLimit() throws {
    let free = try algorithm()
    #expect(free.workspaceBytes > 0)
    let tight = try algorithm(memoryLimit: free.workspaceBytes - 1)
    #expect(tight.workspaceBytes < free.workspaceBytes)
    #expect(tight.algorithm != free.algorithm)
    #expect(try algorithm(memoryLimit: 0).algorithm == "reference")
}

@Test("a list without a candidate that fits says which limit would do")
func memoryLimitError() throws {
    let greedy = AlgorithmCandidate(cost: 1, PreparedOp(algorithm: "greedy", workspaceBytes: 1000) { _ in })
    let context = PrepareContext(threads: 1, settings: .init(precision: .standard, memoryLimit: 999, autotune: false))
    #expect {
        _ = try AlgorithmList.choose("op", [greedy], [x], [x], Attributes(), context)
    } throws: { error in
        guard let error = error as? ConvError else { return false }
        return error.kind == .outOfMemory && error.message.contains("at least 1000 bytes")
    }
}

@Test("the transformation of a constant filter is not counted")
func constantFilter() throws {
    // Transforming the filter at each call costs more than the direct way saves, once it does not.
    let (x, filter) = (TensorSpec(.float32, [1, 4, 4, 256]), TensorSpec(.float32, [3, 3, 256, 256]))
    #expect(try algorithm(filter: filter, x: x).algorithm == "direct")
    #expect(try algorithm(constant: [1], filter: filter, x: x).algorithm != "direct")
}

@Test("an algorithm that no op has is refused by its name")
func unknownAlgorithm() throws {
    for name in AlgorithmList.names { try AlgorithmList.check(name) }
    try AlgorithmList.check(nil)
    #expect {
        try AlgorithmList.check("fastest")
    } throws: { error in
        guard let error = error as? ConvError else { return false }
        return error.kind == .invalidArgument && error.message.contains("SWIFTCONV_ALGORITHM") && error.message.contains("\"fastest\"")
    }
}
