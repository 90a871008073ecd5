// swift-tools-version: 6.2
// Times single micro-kernels: `swift run -c release --package-path benchmarks/swift kernelbench` (benchmarks/README.md).
// The kernels are no product of the library, so this package compiles the same sources again, reached by symlinks.
import PackageDescription

func kernels(_ level: String, march: String?, wide: Bool = false) -> Target {
    // vectors of 512 bits in loops that LLVM vectorises too: its own choice for this march is 256
    let features = wide ? ["-Xclang", "-target-feature", "-Xclang", "-prefer-256-bit"].flatMap { ["-Xcc", $0] } : []
    return .target(
        name: "Kernels\(level)", dependencies: ["CKernelInterface"],
        swiftSettings: [
            .unsafeFlags(
                ["-Ounchecked", "-wmo", "-num-threads", "1", "-Xllvm", "-unroll-threshold=1200"]
                    + (march.map { ["-Xcc", "-march=\($0)"] } ?? []) + features)
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

let package = Package(
    name: "swiftconv-kernel-benchmarks",
    dependencies: [.package(url: "https://github.com/google/swift-benchmark", from: "0.1.2")],
    targets: [
        .target(name: "CShims"),
        .target(name: "CKernelInterface"),
        .target(name: "TensorCore"),
    ] + levels + [
        .target(
            name: "Runtime",
            dependencies: ["CShims", "TensorCore", "CKernelInterface"] + levels.map { Target.Dependency(stringLiteral: $0.name) }),
        .executableTarget(
            name: "kernelbench",
            dependencies: ["CKernelInterface", "Runtime", .product(name: "Benchmark", package: "swift-benchmark")],
            swiftSettings: [.swiftLanguageMode(.v5)]),
    ],
    swiftLanguageModes: [.v6]
)
