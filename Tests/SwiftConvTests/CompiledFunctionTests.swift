import SwiftConv
import Testing
import _TestSupport

private struct Foreign: Error {}

@Suite struct CompiledFunctionTests {
    @Test func resultsAreThoseOfTheFunction() throws {
        let filter = try Random.normal([3, 3, 2, 4], seed: 1)
        func blocks(_ x: [Tensor]) throws -> [Tensor] {
            let y = try nn.relu(nn.conv2d(x[0], filter, padding: .same) + x[1])
            return [y, try y.mean(1, 2), x[1]]
        }
        let compiled = CompiledFunction(blocks)
        for shape in [[2, 8, 8, 2], [1, 5, 6, 2], [2, 8, 8, 2]] {
            let inputs = [try Random.normal(shape, seed: 2), try Random.normal([4], seed: 3)]
            for (a, b) in zip(try compiled(inputs), try blocks(inputs)) {
                #expect(a.shape == b.shape)
                #expect(isClose(try a.scalars() as [Float], try b.scalars()))
            }
        }
        #expect(compiled.count == 2)
    }

    @Test func parametersAreReadAndAssignedAtEachRun() throws {
        let w = try Parameter("w", Tensor([1, 2]))
        let compiled = CompiledFunction { inputs in
            let y = try inputs[0] * w.value
            try w.assign(w.value + 1)
            return [y]
        }
        let x = try Tensor([10, 10])
        #expect(try compiled(x) == [Tensor([10, 20])])
        #expect(try compiled(x) == [Tensor([20, 30])])
        try w.assign(Tensor([0, 0]))
        #expect(try compiled(x) == [Tensor([0, 0])])
    }

    /// Within a function that is recorded it is a part of that one.
    @Test func itCanBeDifferentiated() throws {
        let cube = CompiledFunction { [try $0[0] * $0[0] * $0[0]] }
        let slope = try gradient(at: Tensor([2])) { x throws(SwiftConvError) in try cube(x)[0] }
        #expect(try slope == Tensor([12]))
        #expect(cube.count == 0)
    }

    @Test func errorsAreThrownOn() throws {
        let broken = CompiledFunction { _ in throw Foreign() }
        expectError("CompiledFunction", "Foreign") { try broken(Tensor([1])) }
        expectError("at least one result") { try CompiledFunction { _ in [] }(Tensor([1])) }
        expectError("matmul") { try CompiledFunction { [try $0[0].matmul($0[0])] }(Tensor.ones([2, 3])) }
        #expect(broken.count == 0)
    }
}
