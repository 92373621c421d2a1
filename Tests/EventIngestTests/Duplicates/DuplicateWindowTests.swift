import Domain
import Testing

@testable import EventIngest

/// The window beside a plain list of what was accepted.
@Suite struct DuplicateWindowTests {
    private func rows(_ messages: [(id: [UInt8], offset: Int64)], _ body: (inout [EventRow]) -> Void) {
        var bytes: [UInt8] = []
        for message in messages { bytes += message.id }
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            var rows: [EventRow] = []
            for (position, message) in messages.enumerated() {
                var fields = EventFields()
                fields.eventID = UnsafeBufferPointer(rebasing: bytes[start..<start + message.id.count])
                start += message.id.count
                rows.append(EventRow(fields: fields, offset: message.offset, position: position))
            }
            body(&rows)
        }
    }

    @Test(arguments: [Int64(1), 7, 300, 3000]) func refusesWhatTheWindowHolds(length: Int64) {
        var generator = SeededGenerator(seed: 7)
        var window = DuplicateWindow(length: length)
        var accepted: [[UInt8]: Int64] = [:]
        var offset: Int64 = 0
        for _ in 0..<200 {
            var messages: [(id: [UInt8], offset: Int64)] = []
            var expected: [Int] = []
            for position in 0..<Int.random(in: 0...200, using: &generator) {
                // Transactions leave gaps.
                offset += Int64.random(in: 0..<20, using: &generator) == 0 ? 5 : 1
                let id = Array("event-\(Int.random(in: 0..<4000, using: &generator))".utf8)
                messages.append((id, offset))
                if let earlier = accepted[id], earlier >= offset - length {
                    expected.append(position)
                } else {
                    accepted[id] = offset
                }
            }
            rows(messages) { rows in
                let count = rows.count
                #expect(window.removeDuplicates(from: &rows) == expected)
                #expect(rows.count == count - expected.count)
            }
        }
    }

    @Test func whatWasStoredCountsInAnyOrder() {
        var window = DuplicateWindow(length: 10)
        let ids = (0..<10).map { Array("id \($0)".utf8) }
        let known = ids.enumerated().map { offset, id in
            DuplicateWindow.Entry(
                fingerprint: id.withUnsafeBufferPointer { window.fingerprint($0) }, offset: Int64(offset))
        }
        // Twice: of two that are alike the newer counts.
        let again = DuplicateWindow.Entry(fingerprint: known[0].fingerprint, offset: 9)
        window.fill(known.reversed() + [again])
        rows([(ids[0], 15), (ids[4], 15), (ids[5], 16), (ids[6], 16)]) {
            #expect(window.removeDuplicates(from: &$0) == [0, 3])
        }
    }

    @Test func aPartitionMadeAnewHasNoDuplicatesOfTheOldOne() {
        var window = DuplicateWindow(length: 1000)
        let id = Array("the same".utf8)
        rows([(id, 500)]) { #expect(window.removeDuplicates(from: &$0).isEmpty) }
        rows([(id, 0), (id, 1)]) { #expect(window.removeDuplicates(from: &$0) == [1]) }
    }
}
