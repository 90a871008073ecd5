/// The one error of the engine. `kind` decides the exception that a door raises; `message` is for people: op, argument,
/// what was expected, what was received, and the fix when it is known.
package struct ConvError: Error, Sendable, Hashable {
    package enum Kind: Int32, Sendable {
        case invalidArgument = 1
        case wrongType = 2
        case unsupported = 3
        case outOfMemory = 4
        case `internal` = 5
    }

    package var kind: Kind
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package static func invalidArgument(_ message: String) -> ConvError { ConvError(.invalidArgument, message) }
    package static func wrongType(_ message: String) -> ConvError { ConvError(.wrongType, message) }
    package static func unsupported(_ message: String) -> ConvError { ConvError(.unsupported, message) }
    package static func outOfMemory(_ message: String) -> ConvError { ConvError(.outOfMemory, message) }
    package static func `internal`(_ message: String) -> ConvError { ConvError(.internal, message) }
}

extension ConvError: CustomStringConvertible {
    package var description: String { message }
}
