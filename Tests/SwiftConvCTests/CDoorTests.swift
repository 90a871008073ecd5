import SwiftConvC
import Testing
import _CDoor
import _TestSupport

/// The C door, called from C (Tests/_CDoor) through the header: `@_cdecl` does not compare a Swift function with its prototype.
/// Serialized: they share the text of failures.
@Suite(.serialized) struct CDoorTests {
    func passes(_ call: () -> UnsafePointer<CChar>?, _ location: SourceLocation = #_sourceLocation) throws {
        try ThreadSettings.exclusively {
            if let failure = call() { Issue.record("\(String(cString: failure))", sourceLocation: location) }
        }
    }

    @Test func library() throws { try passes(c_door_library) }
    @Test func ops() throws { try passes(c_door_ops) }
    @Test func packed() throws { try passes(c_door_packed) }
    @Test func badArgumentsAreErrors() throws { try passes(c_door_bad_arguments) }
    @Test func memory() throws { try passes(c_door_memory) }
    @Test func variables() throws { try passes(c_door_variables) }
    @Test func graphs() throws { try passes(c_door_graphs) }
    @Test func executables() throws { try passes(c_door_executables) }
    @Test func threads() throws { try passes(c_door_threads) }
    @Test func saved() throws { try passes(c_door_saved) }
    @Test func typed() throws { try passes(c_door_typed) }
    @Test func fork() throws { try passes(c_door_fork) }

    /// The door must cost little beside the smallest op. The bound is wide: tests also run unoptimized and on busy machines.
    @Test func aPreparedRunCostsLittle() {
        let nanoseconds = c_door_run_nanoseconds()
        #expect(nanoseconds > 0)
        #expect(nanoseconds < 20_000)
    }
}
