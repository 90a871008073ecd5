import CShims

/// The data caches of this machine in bytes, as the system tells them, else common sizes. The last level may be shared by all cores.
package enum CacheSizes {
    package static let l1 = Int(sc_cache_bytes(1))
    package static let l2 = Int(sc_cache_bytes(2))
    package static let l3 = Int(sc_cache_bytes(3))
    /// What can be counted on to be in the last-level cache when it is used again: half of it, or of 12 MB for each core. A virtual machine of a
    /// few cores is told the size of a cache that it shares with many others.
    package static let kept = min(l3, 12 << 20 * max(1, Int(sc_cpu_count()))) / 2
}
