import Testing

@testable import Columnar

struct JSONParserTests {
    @Test func jsonKeepsWhatItRead() {
        let text = #"{"a":[1,-2.5,1e300,true,null,"é\n\"\\"],"b":{},"c":9223372036854775807}"#
        #expect(
            JSONParser.parse(text)?.text == #"{"a":[1,-2.5,1e+300,true,null,"é\n\"\\"],"b":{},"c":9223372036854775807}"#
        )
        #expect(JSONParser.parse(#""\ud83d\ude00\u00e9\ud800""#)?.string == "😀é\u{FFFD}")
        for bad in ["", "{", "[1,]", "{\"a\"}", "01x", "\"\\q\"", "tru", "1 2", String(repeating: "[", count: 100_000)]
        {
            #expect(JSONParser.parse(bad) == nil, "\(bad.prefix(20))")
        }
    }
}
