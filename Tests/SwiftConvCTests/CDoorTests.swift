import SwiftConvC
import Testing
import _CDoor

/// The C door, called from C (Tests/_CDoor) through the header: `@_cdecl` does not compare a Swift function with its prototype.
/// Serialized: they change the number of threads, and share the text of failures.
@Suite(.serialized) struct CDoorTests {
    func passes(_ call: () -> UnsafePointer<CChar>?, _ location: SourceLocation = #_sourceLocation) {
        if let failure = call() { Issue.record("\(String(cString: failure))", sourceLocation: location) }
    }

    @Test func library() { passes(c_door_library) }
    @Test func ops() { passes(c_door_ops) }
    @Test func badArgumentsAreErrors() { passes(c_door_bad_arguments) }
    @Test func memory() { passes(c_door_memory) }
    @Test func variables() { passes(c_door_variables) }
    @Test func graphs() { passes(c_door_graphs) }
    @Test func executables() { passes(c_door_executables) }
    @Test func typed() { passes(c_door_typed) }
    @Test func fork() { passes(c_door_fork) }

    /// The door must cost little beside the smallest op. The bound is wide: tests also run unoptimized and on busy machines.
    @Test func aPreparedRunCostsLittle() {
        let nanoseconds = c_door_run_nanoseconds()
        #expect(nanoseconds > 0)
        #expect(nanoseconds < 20_000)
    }
}
