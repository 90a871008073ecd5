import CABI
import Graph
import Ops
import Runtime
import TensorCore

@_cdecl("sc_executable_create")
public func executableCreate(
    _ graph: OpaquePointer?, _ feeds: UnsafePointer<Int32>?, _ feedCount: Int32, _ fetches: UnsafePointer<Int32>?, _ fetchCount: Int32,
    _ executable: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    status { () throws(ConvError) in
        let out = try given(executable, "executable")
        out.pointee = nil
        let graph = try object(graph, "graph", Graph.self)
        let feeds = try array(feeds, feedCount, "feeds").map { Value(Int($0)) }
        let fetches = try array(fetches, fetchCount, "fetches").map { Value(Int($0)) }
        out.pointee = handle(try Executable(graph, feeds: feeds, fetches: fetches))
    }
}

@_cdecl("sc_executable_run")
public func executableRun(
    _ executable: OpaquePointer?, _ feeds: UnsafePointer<UnsafeRawPointer?>?, _ fetches: UnsafePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    status { () throws(ConvError) in
        let executable = try object(executable, "executable", Executable.self)
        try executable.run(feeds: feeds, fetches: fetches)
    }
}

@_cdecl("sc_executable_profile")
public func executableProfile(
    _ executable: OpaquePointer?, _ feeds: UnsafePointer<UnsafeRawPointer?>?, _ fetches: UnsafePointer<UnsafeMutableRawPointer?>?,
    _ nanoseconds: UnsafeMutablePointer<Int64>?, _ count: UnsafeMutablePointer<Int32>?
) -> Int32 {
    status { () throws(ConvError) in
        let executable = try object(executable, "executable", Executable.self)
        let count = try given(count, "count")
        let nodes = executable.nodeCount
        guard Int(count.pointee) >= nodes else {
            let received = count.pointee
            count.pointee = Int32(nodes)
            throw .invalidArgument("profile: count: expected room for \(nodes) nodes, received \(received)")
        }
        count.pointee = Int32(nodes)
        let times = try given(nanoseconds, "nanoseconds")
        for node in 0..<nodes { times[node] = 0 }
        try executable.run(feeds: feeds, fetches: fetches, times: times)
    }
}

@_cdecl("sc_executable_describe")
public func executableDescribe(_ executable: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    status { () throws(ConvError) in
        try write(try object(executable, "executable", Executable.self).describe(), to: json, "json")
    }
}

@_cdecl("sc_executable_release")
public func executableRelease(_ executable: OpaquePointer?) { release(executable, Executable.self) }
