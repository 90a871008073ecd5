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
        /// The task was cancelled.
        case cancelled
        /// An error of another type that a function of yours threw; the message describes it.
        case custom
        /// A fault of this library.
        case `internal`
    }

    /// What kind of fault it is.
    public let kind: Kind
    /// What went wrong, for people.
    public let message: String
    /// The error of your own code that led to it, such as one that a sequence of batches threw.
    public let cause: (any Error)?

    /// See the type.
    public init(_ kind: Kind, _ message: String, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.cause = cause
    }

    /// Whether kind and message are the same.
    public static func == (a: SwiftConvError, b: SwiftConvError) -> Bool { a.kind == b.kind && a.message == b.message }
    /// Of kind and message.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(message)
    }

    /// For people.
    public var description: String { message }

    init(_ error: ConvError) {
        message = error.message
        cause = nil
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

/// Runs a function of the user: other errors than the library's own become one, named after `what`.
func userFunction<R>(_ what: String, _ body: () throws -> R) throws(SwiftConvError) -> R {
    do {
        return try body()
    } catch let error as SwiftConvError {
        throw error
    } catch {
        throw SwiftConvError(.custom, "\(what): \(error)")
    }
}

/// Runs what throws the engine's error.
func engine<R>(_ body: () throws(ConvError) -> R) throws(SwiftConvError) -> R {
    do {
        return try body()
    } catch {
        throw SwiftConvError(error)
    }
}
