import TensorCore
import Testing

@testable import Ops

@Suite struct GeometryTests {
    func axis(_ n: Int, _ k: Int, _ s: Int, _ d: Int, _ padding: Padding) throws -> WindowAxis {
        try WindowAxis(op: "op", axis: "height", input: n, window: k, stride: s, dilation: d, padding: padding)
    }

    @Test func samePutsTheOddZeroAfter() throws {
        let a = try axis(5, 2, 1, 1, .same)
        #expect((a.before, a.after, a.output) == (0, 1, 5))
        let b = try axis(28, 3, 2, 1, .same)
        #expect((b.before, b.after, b.output) == (0, 1, 14))
        let c = try axis(2, 5, 1, 2, .same)
        #expect((c.before, c.after, c.output) == (4, 4, 2))
    }

    @Test func validMayBeEmptyBeforeItIsAnError() throws {
        #expect(try axis(3, 3, 1, 1, .valid).output == 1)
        #expect(try axis(2, 3, 1, 1, .valid).output == 0)
        #expect(try axis(2, 4, 2, 1, .valid).output == 0)
        #expect(throws: ConvError.self) { try axis(2, 6, 2, 1, .valid) }
        #expect(try axis(0, 1, 1, 1, .same).output == 0)
    }

    @Test func hugeNumbersAreErrorsOrFine() throws {
        #expect(throws: ConvError.self) { try axis(3, Int.max, 1, 1, .same) }
        #expect(throws: ConvError.self) { try axis(3, 2, Int.max, 1, .same) }
        #expect(try axis(3, WindowAxis.limit, 1, WindowAxis.limit, .same).output == 3)
    }

    @Test func tapsAndOutputsAgreeWithTheDefinition() throws {
        for n in 0...6 {
            for k in 1...4 {
                for s in 1...3 {
                    for d in 1...3 {
                        for padding in [Padding.same, .valid, .explicit(top: 3, bottom: 1, left: 0, right: 0)] {
                            guard let a = try? axis(n, k, s, d, padding) else { continue }
                            for o in 0..<a.output {
                                for t in 0..<k {
                                    let inside = (0..<n).contains(o * s + t * d - a.before)
                                    #expect(a.taps(o).contains(t) == inside)
                                    #expect(a.outputs(tap: t).contains(o) == inside)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func paddingAttribute() throws {
        #expect(try Padding(["padding": .string("SAME")], op: "op") == .same)
        #expect(try Padding(["padding": .ints([1, 2, 3, 4])], op: "op") == .explicit(top: 1, bottom: 2, left: 3, right: 4))
        #expect(throws: ConvError.self) { try Padding(["padding": .string("same")], op: "op") }
        #expect(throws: ConvError.self) { try Padding(["padding": .ints([1, -2, 3, 4])], op: "op") }
        #expect(throws: ConvError.self) { try Padding(["padding": .double(1)], op: "op") }
    }
}
