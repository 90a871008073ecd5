// swift-tools-version: 6.2
// A package of its own that uses swiftconv as any other would: `swift run -c release` in this folder.
import PackageDescription

let package = Package(
    name: "consumer",
    dependencies: [.package(name: "swiftconv", path: "../..")],
    targets: [
        .executableTarget(name: "consumer", dependencies: [.product(name: "SwiftConv", package: "swiftconv")]),
        .executableTarget(name: "snippets", dependencies: [.product(name: "SwiftConv", package: "swiftconv")]),
    ],
    swiftLanguageModes: [.v6]
)
