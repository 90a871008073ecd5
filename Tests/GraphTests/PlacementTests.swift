import Ops
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Where buffers lie in the arena of a plan.
@Suite struct PlacementTests {
    /// Buffers of whole pages would all begin at the same place of a page, one behind the other.
    @Test func neighboursBeginAtDifferentPlacesOfAPage() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [1, 32, 32, 16]))
        var y = x
        for seed in 0..<5 {
            let filter = try graph.constant(.random([3, 3, 16, 16], .float32, seed: UInt64(seed)))
            y = try graph.apply("conv2d", [y, filter], ["padding": .string("SAME")])[0]
        }
        let executable = try Executable(graph, feeds: [x], fetches: [y], options: .init(passes: false, reuse: false))
        var offsets: [Int] = []
        for buffer in executable.plan.buffers where buffer.bytes >= 4 * 4096 {
            if case .arena(let offset) = buffer.place { offsets.append(offset) }
        }
        #expect(offsets.count >= 4)
        #expect(offsets.allSatisfy { $0 % 64 == 0 })
        for (one, next) in zip(offsets, offsets.dropFirst()) { #expect(one % 2048 != next % 2048) }
        #expect(PlanCheck.problems(executable).isEmpty)
    }
}
