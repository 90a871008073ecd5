import Runtime

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Pictures and what they show.
public struct LabelledImages: Sendable {
    /// `[count, height, width]` or `[count, height, width, channels]`, uint8 from 0 to 255.
    public let images: Tensor
    /// `[count]`, uint8: class numbers.
    public let labels: Tensor

    /// See the type.
    public init(images: Tensor, labels: Tensor) {
        self.images = images
        self.labels = labels
    }

    /// The number of pictures.
    public var count: Int { labels.count }
}

/// The MNIST digits: 60,000 pictures to train with and 10,000 to test, 28×28, grey.
///
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998. Nothing is downloaded.
public enum MNIST {
    /// Where `load()` looks: the folder of the environment variable `SWIFTCONV_DATA_DIR`, then the one in which the Python package
    /// keeps what it downloads (`$XDG_CACHE_HOME/swiftconv`, by default `~/.cache/swiftconv`).
    public static var folders: [String] { [Environment.current.dataFolder, Environment.current.downloadFolder].compactMap { $0 } }

    private static let idxNames = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]

    /// Reads the digits.
    ///
    /// - Parameter path: `mnist.npz`, or a folder that holds it or the four original files (`train-images-idx3-ubyte` …, plain or
    ///   as `.gz`); without it, `folders`.
    public static func load(from path: String? = nil) throws(SwiftConvError) -> (train: LabelledImages, test: LabelledImages) {
        for folder in path.map({ [$0] }) ?? folders {
            if let found = try read(folder) { return found }
        }
        let places = (path.map { [$0] } ?? folders).joined(separator: " or ")
        throw .invalidArgument(
            "MNIST.load: expected mnist.npz or the files \(idxNames[0]) … in \(places.isEmpty ? "SWIFTCONV_DATA_DIR" : places): put them "
                + "there, or take Digits.drawn, which needs no file")
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func read(_ path: String) throws(SwiftConvError) -> (train: LabelledImages, test: LabelledImages)? {
        let archive = isFile(path) ? path : "\(path)/mnist.npz"
        var arrays: [Tensor] = []
        if isFile(archive) {
            arrays = try ArrayFiles.npz(archive, ["x_train", "y_train", "x_test", "y_test"])
        } else {
            for name in idxNames {
                guard let file = ["\(path)/\(name)", "\(path)/\(name).gz"].first(where: isFile) else { return nil }
                arrays.append(try ArrayFiles.idx(file))
            }
        }
        for (images, labels) in [(arrays[0], arrays[1]), (arrays[2], arrays[3])] {
            guard images.dtype == .uint8, images.rank == 3, labels.rank == 1, images.shape.first == labels.count else {
                throw .invalidArgument(
                    "MNIST.load: \(path): expected pictures and a label for each, received \(images.dtype)\(images.shape) and \(labels.shape)"
                )
            }
        }
        return (
            LabelledImages(images: arrays[0], labels: try arrays[1].cast(to: .uint8)),
            LabelledImages(images: arrays[2], labels: try arrays[3].cast(to: .uint8))
        )
    }
}
