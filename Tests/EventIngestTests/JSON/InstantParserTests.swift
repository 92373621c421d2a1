import Domain
import TestSupport
import Testing

@testable import EventIngest

@Suite struct InstantParserTests {
    /// One parser for all, so that the day it remembers is right, wrong and damaged in turns.
    @Test func anInstantIsReadAsByTheGeneralParser() {
        var random = SeededGenerator(seed: 7)
        var parser = InstantParser()
        let days = ["2026-11-20", "2026-11-21", "2024-02-29", "2026-02-29", "1980-01-01", "2026-1a-20"]
        let times = [
            "T00:00:00Z", "T23:59:59Z", "T12:34:56Z", "T23:59:60Z", "T24:00:00Z", "t12:00:00Z", "T12:00:00z",
            " 12:00:00Z", "T12:60:00Z", "T1:200:00Z", "T12:00:00.5Z", "T12:00:00+01:00", "T12.00:00Z", "T12:00:0/Z",
        ]
        var taken = 0
        for round in 0..<5000 {
            var text = Array((days[random.below(days.count)] + times[random.below(times.count)]).utf8)
            if round % 5 == 0 { text[random.below(text.count)] = UInt8(random.below(128)) }
            let (ours, expected) = text.withUnsafeBufferPointer { (parser.parse($0), Timestamp(rfc3339: $0)) }
            #expect(ours == expected, "\(String(decoding: text, as: UTF8.self))")
            if ours != nil { taken += 1 }
        }
        #expect(taken > 1000)
    }
}
