import CShims

/// The data caches of this machine in bytes, as the system tells them, else common sizes. The last level may be shared by all cores.
package enum CacheSizes {
    package static let l1 = Int(sc_cache_bytes(1))
    package static let l2 = Int(sc_cache_bytes(2))
    package static let l3 = Int(sc_cache_bytes(3))
}
