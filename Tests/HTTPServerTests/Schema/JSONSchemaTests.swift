import Testing

@testable import HTTPServer

@Suite("Schemas of parameters")
struct JSONSchemaTests {
    @Test("a text that stands for the value passes, and any other says what it must be")
    func texts() {
        let integer = JSONSchema.integer(1...500)
        for text in ["1", "500", "007"] { #expect(integer.flaw(in: text) == nil) }
        for text in ["0", "501", "+5", "1.0", "", "1e2", "٣", "99999999999999999999"] {
            #expect(integer.flaw(in: text) == "a whole number from 1 to 500", "\(text)")
        }
        let number = JSONSchema.number(0...1)
        for text in ["0", "1", "0.5", "1e-05", "2.2E-16", "-0.0"] { #expect(number.flaw(in: text) == nil, "\(text)") }
        for text in ["1.1", "-1", "nan", "inf", "0x1p-1", "1e400", "", "0,5"] {
            #expect(number.flaw(in: text) == "a number from 0 to 1", "\(text)")
        }
        #expect(JSONSchema.integer().flaw(in: "-7") == nil)
        #expect(JSONSchema.boolean.flaw(in: "yes") == "true or false")
        #expect(JSONSchema.choice(["a", "b"]).flaw(in: "A") == "one of a, b")
        #expect(JSONSchema.text(bytes: 1...4).flaw(in: "éé") == nil)
        #expect(JSONSchema.text(bytes: 1...3).flaw(in: "éé") != nil)
        #expect(JSONSchema.nullable(integer).flaw(in: "0") == "a whole number from 1 to 500")
    }

    @Test("lists are comma-separated, counted, and different where they must be")
    func lists() {
        let list = JSONSchema.list(.choice(["a", "b", "c"]), count: 1...2, isUnique: true)
        for text in ["a", "a,b"] { #expect(list.flaw(in: text) == nil) }
        for text in ["", "a,", "a,b,c", "a,a", "d"] {
            #expect(list.flaw(in: text) == "1 to 2 different ones of a, b, c, comma-separated", "\(text)")
        }
    }
}
