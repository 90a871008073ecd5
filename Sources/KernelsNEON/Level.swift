import CKernelInterface

// The CPU level "neon": its vectors, its tiles, its multiply-add. Everything else is Sources/KernelSource.

/// The widest vector of float32 and of float64.
typealias F32 = SIMD4<Float>
typealias F64 = SIMD2<Double>
/// As many float32 as a vector of float64 has elements.
typealias HalfF32 = SIMD2<Float>

private let name: StaticString = "neon"
var levelName: UnsafePointer<CChar> { UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self) }

/// `acc + a * b`, rounded once.
@inline(__always)
func multiplyAdd<V: SIMD>(_ acc: V, _ a: V, _ b: V) -> V where V.Scalar: FloatingPoint { acc.addingProduct(a, b) }

/// The register tile of Winograd's multiplications: 6 rows of 4 vectors.
typealias WinogradColumns = InlineArray<4, F32>
let winogradMR = 6
let winogradNV = 4

/// The same for one number.
@inline(__always)
func multiplyAdd<T: FloatingPoint>(_ acc: T, _ a: T, _ b: T) -> T { acc.addingProduct(a, b) }
/// The rows of the register tile of every multiplication; its columns are two vectors.
let gemmMR = 8
/// Whether the tile asks for the next panel of the second operand: too few registers to spare for it.
let gemmPrefetches = false
/// Whether the tile takes two steps of the sum at a time: where it has more rows than pointers fit into registers.
let gemmPairsSteps = false

/// Tiles over two panels: not of this level, whose registers hold too few rows of them.
let gemmPairMR = 0
@inline(__always) func gemmPairTiles(_ job: UnsafePointer<sc_gemm_job>) {}

/// Tiles of the height that a job asks for, or the next one that there is. Rows that divide badly are cut into tiles of nearly equal height.
@inline(__always)
func gemmTiles<let NV: Int, V: SIMD>(columns: InlineArray<NV, V>, _ job: UnsafePointer<sc_gemm_job>)
where V.Scalar: BinaryFloatingPoint {
    // float64 is rarer: one height keeps the library small.
    switch MemoryLayout<V.Scalar>.size == 8 ? gemmMR : job.pointee.rows {
    case 1: gemmTiles(InlineArray<1, InlineArray<NV, V>>(repeating: columns), job)
    case 2: gemmTiles(InlineArray<2, InlineArray<NV, V>>(repeating: columns), job)
    case 3: gemmTiles(InlineArray<3, InlineArray<NV, V>>(repeating: columns), job)
    case 4: gemmTiles(InlineArray<4, InlineArray<NV, V>>(repeating: columns), job)
    case 5: gemmTiles(InlineArray<5, InlineArray<NV, V>>(repeating: columns), job)
    case 6: gemmTiles(InlineArray<6, InlineArray<NV, V>>(repeating: columns), job)
    default: gemmTiles(InlineArray<8, InlineArray<NV, V>>(repeating: columns), job)
    }
}

/// Four numbers, over and over.
@inline(__always) func repeated(_ four: SIMD4<Float>) -> F32 { four }

/// The halves of a vector of two, as wider vectors have them.
extension SIMD2 {
    @inline(__always) var evenHalf: Scalar { x }
    @inline(__always) var oddHalf: Scalar { y }
}
