// Loads, stores and loops over vectors, for kernels that are written once for every width.
// This folder is compiled once for each CPU level: raw pointers, SIMD, InlineArray and integers only. Array, Dictionary, String
// and existentials would emit weak symbols that the linker shares between levels (docs/architecture.md, "weak symbols").

@inline(__always)
func load<V: SIMD>(_ p: UnsafePointer<V.Scalar>, as _: V.Type = V.self) -> V {
    UnsafeRawPointer(p).loadUnaligned(as: V.self)
}

@inline(__always)
func store<V: SIMD>(_ v: V, _ p: UnsafeMutablePointer<V.Scalar>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: V.self)
}
