// swift-tools-version: 6.2
// The targets stand in storey order (docs/architecture.md): a storey imports lower ones only.
import PackageDescription

/// Swift's own passes over loads and loops, left to LLVM, which does the same work in the end: a third of the time for code of the same speed (Swift 6.3).
let passesLeftToLLVM = [
    "early-redundant-load-elimination", "redundant-load-elimination", "dead-store-elimination",
    "loop-invariant-code-motion", "compute-side-effects", "compute-escape-effects",
].flatMap { ["-Xllvm", "-sil-disable-pass=\($0)"] }

/// One CPU level of the kernels: the shared source (Sources/KernelSource, reached by a symlink), compiled for `march`.
/// Loops over the sums of a register tile must be unrolled in full: with one that is not, all sums live in memory
/// (docs/architecture.md, "register tiles"). LLVM's own threshold ends below the tile of 12 rows and 2 vectors.
/// A build from nothing waits for these targets most: two threads share the code generation of a module, for the third level has a core
/// to spare, and builds for debugging leave out the lines of code that is optimised all the same.
func kernels(_ level: String, march: String?, wide: Bool = false) -> Target {
    // vectors of 512 bits in loops that LLVM vectorises too: its own choice for this march is 256
    let features = wide ? ["-Xclang", "-target-feature", "-Xclang", "-prefer-256-bit"].flatMap { ["-Xcc", $0] } : []
    return .target(
        name: "Kernels\(level)",
        dependencies: ["CKernelInterface"],
        path: "Sources/Kernels\(level)",
        swiftSettings: [
            .unsafeFlags(
                ["-Ounchecked", "-wmo", "-num-threads", "2", "-Xllvm", "-unroll-threshold=1200"]
                    + passesLeftToLLVM + (march.map { ["-Xcc", "-march=\($0)"] } ?? []) + features),
            .unsafeFlags(["-Xfrontend", "-gnone"], .when(configuration: .debug)),
        ])
}

#if arch(arm64)
    let levels = [kernels("NEON", march: nil)]
#else
    let levels = [
        kernels("Baseline", march: "x86-64"),
        kernels("V3", march: "x86-64-v3"),
        kernels("V4", march: "x86-64-v4", wide: true),
    ]
#endif
/// Only `make docs` needs the documentation plugin: whoever builds or depends on the package fetches nothing.
let documentation: [Package.Dependency] =
    Context.environment["SWIFTCONV_DOCS"] == nil
    ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")]

let levelNames = levels.map { Target.Dependency(stringLiteral: $0.name) }

let package = Package(
    name: "swiftconv",
    products: [
        .library(name: "SwiftConv", targets: ["SwiftConv"]),
        .library(name: "SwiftConvC", type: .static, targets: ["SwiftConvC"]),
    ],
    dependencies: documentation,
    targets: [
        // 0: what the operating system and the C world need
        // Its loops over elements are what the library's debug builds would be slow at.
        .target(name: "CShims", cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "CABI"),
        // 1: what a tensor is; what a kernel takes
        .target(name: "TensorCore"),
        .target(name: "CKernelInterface"),
    ]
        // 2: the kernels, once for each CPU level
        + levels + [
            // 3: CPU choice, threads, memory
            .target(name: "Runtime", dependencies: ["CShims", "TensorCore", "CKernelInterface"] + levelNames),
            // 4: one file = one op
            .target(name: "Ops", dependencies: ["CShims", "TensorCore", "CKernelInterface", "Runtime"]),
            // 5: graph, autodiff, planning, execution
            .target(name: "Graph", dependencies: ["CShims", "TensorCore", "Runtime", "Ops"]),
            // 6: the two doors
            .target(name: "SwiftConv", dependencies: ["TensorCore", "Runtime", "Ops", "Graph"]),
            .target(name: "SwiftConvC", dependencies: ["CABI", "CShims", "TensorCore", "Runtime", "Ops", "Graph"]),

            .target(name: "_TestSupport", dependencies: ["TensorCore", "Runtime", "Ops", "Graph"], path: "Tests/_TestSupport"),
            .target(name: "_CDoor", dependencies: ["CABI"], path: "Tests/_CDoor"),
            .testTarget(name: "SwiftConvCTests", dependencies: ["SwiftConvC", "_CDoor", "_TestSupport"]),
            .testTarget(name: "TensorCoreTests", dependencies: ["TensorCore"]),
            .testTarget(name: "RuntimeTests", dependencies: ["CShims", "CKernelInterface", "Runtime", "_TestSupport"]),
            .testTarget(name: "OpsTests", dependencies: ["Ops", "Graph", "_TestSupport", "CKernelInterface"] + levelNames),
            .testTarget(name: "GraphTests", dependencies: ["Graph", "_TestSupport"]),
            .testTarget(name: "SwiftConvTests", dependencies: ["SwiftConv", "Ops", "_TestSupport"]),
            .testTarget(name: "DocumentTests", dependencies: ["SwiftConv"]),
            .testTarget(name: "DoorTests", dependencies: ["SwiftConv", "Runtime", "Ops", "Graph", "TensorCore", "_TestSupport"]),
        ],
    swiftLanguageModes: [.v6]
)
