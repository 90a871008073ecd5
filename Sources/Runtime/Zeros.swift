#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension UnsafeMutableRawPointer {
    /// Sets `byteCount` bytes to zero. `initializeMemory` does so byte by byte where it is not optimised.
    package func zero(byteCount: Int) { memset(self, 0, byteCount) }
}
