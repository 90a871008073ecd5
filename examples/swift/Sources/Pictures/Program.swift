#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Ends the program with a line about what went wrong: status 1, or 2 where the command line cannot be understood.
public func end(_ message: String, status: Int32 = 1) -> Never {
    let line = Array((message + "\n").utf8)
    // nothing is left to be done where that fails
    _ = write(STDERR_FILENO, line, line.count)
    exit(status)
}
