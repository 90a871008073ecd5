import Testing

@testable import Ops
