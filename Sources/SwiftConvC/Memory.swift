import Runtime

@_cdecl("sc_buffer_acquire")
public func bufferAcquire(_ bytes: Int64) -> UnsafeMutableRawPointer? { BufferPool.acquire(Int(bytes)) }

@_cdecl("sc_buffer_release")
public func bufferRelease(_ buffer: UnsafeMutableRawPointer?, _ bytes: Int64) { BufferPool.release(buffer, Int(bytes)) }
