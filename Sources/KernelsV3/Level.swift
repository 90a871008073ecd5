// The CPU level "v3": its vectors, its tiles, its multiply-add. Everything else is Sources/KernelSource.

/// The widest vector of float32 and of float64.
typealias F32 = SIMD8<Float>
typealias F64 = SIMD4<Double>

private let name: StaticString = "v3"
var levelName: UnsafePointer<CChar> { UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self) }

/// `acc + a * b`, rounded once.
@inline(__always)
func multiplyAdd<V: SIMD>(_ acc: V, _ a: V, _ b: V) -> V where V.Scalar: FloatingPoint { acc.addingProduct(a, b) }

/// The register tile of Winograd's multiplications: 6 rows of 2 vectors.
typealias WinogradColumns = InlineArray<2, F32>
typealias WinogradTile = InlineArray<6, WinogradColumns>
let winogradMR = 6
let winogradNV = 2

/// The same for one number.
@inline(__always)
func multiplyAdd<T: FloatingPoint>(_ acc: T, _ a: T, _ b: T) -> T { acc.addingProduct(a, b) }
/// The rows of the register tile of every multiplication; its columns are two vectors.
typealias GemmTile<Columns> = InlineArray<6, Columns>
let gemmMR = 6
