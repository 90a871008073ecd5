// swift-tools-version: 6.2
// Programs with pictures, in a package of their own: only they need libpng (Debian, Ubuntu: apt install libpng-dev), the library does not.
//   swift run -c release --package-path examples/swift edge-detection photo.png
import PackageDescription

let library: Target.Dependency = .product(name: "SwiftConv", package: "swiftconv")

/// A program: one folder in Sources.
func program(_ name: String) -> Target {
    .executableTarget(name: name, dependencies: ["Pictures", library])
}

let package = Package(
    name: "swiftconv-examples",
    dependencies: [.package(name: "swiftconv", path: "../..")],
    targets: [
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        // what the programs share: pictures from and to files and tensors
        .target(name: "Pictures", dependencies: ["CPNG", library]),
        program("edge-detection"),
        program("tutorial"),
        program("classify"),
        .testTarget(name: "PicturesTests", dependencies: ["Pictures", library]),
    ],
    swiftLanguageModes: [.v6]
)
