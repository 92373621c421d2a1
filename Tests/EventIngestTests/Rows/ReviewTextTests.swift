import Columnar
import Domain
import Testing

@testable import EventIngest

/// What is kept of a review: its language and length, and its words only where somebody asked for them.
@Suite struct ReviewTextTests {
    private func look(_ text: String) -> (tag: String, length: Int32) {
        let (tag, length) = Array(text.utf8).withUnsafeBufferPointer { ReviewLanguage.look(at: $0) }
        return ("\(tag)", length)
    }

    @Test(arguments: [
        ("", "und"), ("5/5 !!!", "und"), ("A wonderful film", "und-Latn"), ("Größe × Süße", "und-Latn"),
        ("Прекрасный фильм", "und-Cyrl"), ("Υπέροχη ταινία", "el"), ("סרט נפלא", "he"), ("فيلم رائع", "und-Arab"),
        ("훌륭한 영화", "ko"), ("素晴らしい映画", "ja"), ("非常好看的电影", "zh"), ("ภาพยนตร์ที่ยอดเยี่ยม", "th"),
        ("შესანიშნავი ფილმი", "ka"), ("अद्भुत फ़िल्म", "und-Deva"), ("அருமையான படம்", "ta"), ("🎬🎬 wow", "und-Latn"),
        ("да no", "und"), ("映画 is good", "und-Latn"), ("naïve Прекрасный фильм", "und-Cyrl"),
    ]) func lettersTellTheLanguageAsFarAsTheyCan(_ text: String, _ tag: String) {
        let (found, length) = look(text)
        #expect(found == tag && Int(length) == text.unicodeScalars.count)
    }

    private func event(_ text: String?) -> Event {
        Event(
            eventID: "e", userID: "u", itemID: "i", kind: .review, value: 4, reviewText: text,
            at: Timestamp(seconds: 1_790_000_000), source: "test")
    }

    @Test func wordsAreDroppedUnlessSomebodyAsksForThem() throws {
        let events = [event("Très bon"), event(""), event(nil)]
        let dropped = try EventTable.batch(events, ingestedAt: .now)
        let kept = try EventTable.batch(events, ingestedAt: .now, keepingText: true)
        for (row, text) in [Value.string("Très bon"), .string(""), .null].enumerated() {
            #expect(dropped.value(row: row, column: 5) == .null && kept.value(row: row, column: 5) == text)
        }
        for batch in [dropped, kept] {
            func values(_ row: Int) -> [Value] { [13, 14].map { batch.value(row: row, column: $0) } }
            #expect(values(0) == [.string("und-Latn"), .int(8)])
            #expect(values(1) == [.string("und"), .int(0)])
            #expect(values(2) == [.null, .null])
        }
    }

    private func cut(_ message: String) -> String {
        Array(message.utf8).withUnsafeBytes {
            String(decoding: RefusedForm.withoutReviewText.payload(of: $0), as: UTF8.self)
        }
    }

    @Test(arguments: [
        (
            #"{"event_id":"e","review_text":"secret \" words","value":9}"#,
            #"{"event_id":"e","review_text":null,"value":9}"#
        ),
        (#"{"review_text" : "secret"}"#, #"{"review_text" : null}"#),
        (#"{"review_text":"secret""#, #"{"review_text":null"#),
        (#"{"review_text":"secret"#, #"{"review_text":null"#),
        (#"{"review_text":"secret\"#, #"{"review_text":null"#),
        (#"{"review_text":"a" secret"}"#, #"{"review_text":null"#),
        (#"{"review_text":["secret","x"],"a":1}"#, #"{"review_text":null"#),
        (#"{review_text:secret}"#, #"{review_text:null"#),
        (#"{"review_text":"secret","review_text":"secret"}"#, #"{"review_text":null,"review_text":null}"#),
        (#"{"review\u005ftext":"secret"}"#, ""),
        ("{'event_id':'e','review_text':'secret'}", ""), (#""{\"review_text\":\"secret\"}""#, ""),
        (#""review_text","secret""#, ""), (#"{"Review_Text":"secret"}"#, ""), (#"{"reviewText":"secret"}"#, ""),
        ("r\0e\0v\0i\0e\0w\0_\0t\0e\0x\0t\0:\0s\0e\0c\0r\0e\0t\0", ""), ("review_text: 'тайна'", "review_text: null"),
        (#"{"review_text":null,'review_text':'secret'}"#, ""),
        (#"{"review_text":null,"value":9}"#, #"{"review_text":null,"value":9}"#),
        ("bad 7", "bad 7"), ("", ""), ("review_text", "review_text"), ("\"review_text\":", "\"review_text\":null"),
    ]) func refusedMessagesLoseTheirWords(_ message: String, _ kept: String) {
        #expect(cut(message) == kept)
    }

    @Test func damagedMessagesNeverKeepMoreThanBefore() {
        var random = SeededGenerator(seed: 3)
        let whole = Array(#"{"event_id":"e","review_text":"SECRET words","source":"s","value":4.5}"#.utf8)
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0...random.below(3) {
                switch random.below(3) {
                case 0: bytes.removeLast(random.below(max(bytes.count, 1)))
                case 1: if !bytes.isEmpty { bytes.remove(at: random.below(bytes.count)) }
                default: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count + 1))
                }
            }
            let kept = bytes.withUnsafeBytes { RefusedForm.withoutReviewText.payload(of: $0) }
            let text = String(decoding: bytes, as: UTF8.self)
            // Where the name still stands before a colon, nothing of the words is left.
            if text.contains(#""review_text":"#) {
                #expect(!String(decoding: kept, as: UTF8.self).contains("SECRET"), "\(text)")
            }
        }
    }
}
