import TensorCore

/// The one error of this library. The message names the operation and the argument, says what was expected and what was received,
/// and how to put it right where that is known.
public struct SwiftConvError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Kind: Sendable, Hashable {
        /// A value, shape or name that cannot be used.
        case invalidArgument
        /// An element type that cannot be used.
        case wrongType
        /// Something sensible that this library does not do.
        case unsupported
        case outOfMemory
        /// A fault of this library.
        case `internal`
    }

    /// What kind of fault it is.
    public let kind: Kind
    /// What went wrong, for people.
    public let message: String

    /// See the type.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// For people.
    public var description: String { message }

    init(_ error: ConvError) {
        message = error.message
        kind =
            switch error.kind {
            case .invalidArgument: .invalidArgument
            case .wrongType: .wrongType
            case .unsupported: .unsupported
            case .outOfMemory: .outOfMemory
            case .internal: .internal
            }
    }

    static func invalidArgument(_ message: String) -> SwiftConvError { SwiftConvError(.invalidArgument, message) }
}

/// Runs what throws the engine's error.
func engine<R>(_ body: () throws(ConvError) -> R) throws(SwiftConvError) -> R {
    do {
        return try body()
    } catch {
        throw SwiftConvError(error)
    }
}
