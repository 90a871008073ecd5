import Testing

@testable import Graph

@Suite struct JsonTests {
    @Test(arguments: [
        "{}", "[]", "null", "true", "-12", "9223372036854775807", "0.1", "-2.5e-300", "\"\"", "\"a\\\"b\\\\c\\n\\t\"", "\"ä€𝄞\"",
        "[1, [2, []], {\"a\": {\"b\": [null, false]}}]",
    ])
    func textComesBack(_ text: String) throws {
        #expect(try #require(Json.parsed(text)).text == text)
    }

    @Test func numbersKeepTheirKind() throws {
        #expect(Json.parsed("1")?.asInt == 1)
        #expect(Json.parsed("1.0")?.asInt == nil)
        guard case .double(let large) = Json.parsed("9223372036854775808") else {
            Issue.record("expected a number beyond Int to be a double")
            return
        }
        #expect(large == 9_223_372_036_854_775_808)
    }

    @Test func blanksAndEscapesAreRead() throws {
        let value = try #require(Json.parsed(" \n\t{ \"k\\u00e4\" : [ 1 , 2 ] , \"s\" : \"\\ud834\\udd1e\\/\" } "))
        #expect(value["kä"]?.asInts == [1, 2])
        #expect(value["s"]?.asString == "𝄞/")
        #expect(value["none"] == nil)
        #expect(value.asObject?.count == 2)
    }

    @Test(arguments: [
        "", "{", "[1,]", "[1 2]", "{\"a\" 1}", "{1: 2}", "{\"a\": 1,}", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\\ud834\"", "\"\\u+123\"",
        "tru", "nul",
        "+1", "--1", "1.2.3", "e", "1 2", "\"a\u{1}b\"", String(repeating: "[", count: 200_000),
    ])
    func otherTextIsRefused(_ text: String) {
        #expect(Json.parsed(text) == nil)
    }
}
