import Domain
import Foundation
import HTTPServer
import Operations
import TestSupport
import Testing

@testable import Serving

/// Answered lists over a restart.
@Suite(.timeLimit(.minutes(2))) struct KeptAnswerTests {
    private func file(_ folder: URL, maximumBytes: Int = 1 << 30) -> AnswerLog {
        AnswerLog(folder: folder.appending(path: "state").path, maximumBytes: maximumBytes)
    }

    /// Writes what `kept` has, as a service does while it runs and at its end.
    private func write(_ kept: KeptAnswers) async {
        let writing = Task { await kept.writeBehind(Impairments()) }
        writing.cancel()
        await writing.value
    }

    private func body(_ number: Int) -> [UInt8] { Array(#"{"request_id":"r","n":\#(number)}"#.utf8) }

    @Test func whatWasAnsweredIsThereForTheNextProcess() async throws {
        try await withTemporaryFolder { folder in
            let kept = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 1 << 22, file: file(folder))
            for number in 0..<5000 { kept.keep(body(number), as: "a\(number)") }
            await write(kept)
            let next = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 1 << 20, file: file(folder))
            for number in [0, 1, 2500, 4999] {
                #expect(next.answer("a\(number)") == nil)
                #expect(try next.written("a\(number)")?.body == body(number))
            }
            #expect(try next.written("nothing") == nil)
            // In its owner's hands alone.
            let path = folder.appending(path: "state/answers").path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
    }

    @Test func nothingIsWrittenTwiceAndWhatMemoryForgetsIsStillThere() async throws {
        try await withTemporaryFolder { folder in
            let kept = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 1000, file: file(folder))
            for number in 0..<40 {
                kept.keep(body(number), as: "a\(number)")
                await write(kept)
            }
            #expect(kept.answer("a0") == nil)
            for number in 0..<40 {
                let written = try kept.written("a\(number)")
                #expect(written?.body == body(number))
            }
        }
    }

    @Test func answersThatAreTooOldAreNotShownAndGo() async throws {
        try await withTemporaryFolder { folder in
            let kept = KeptAnswers(lifetime: .seconds(60), maximumBytes: 1 << 20, file: file(folder))
            let old = Timestamp.now.advanced(bySeconds: -50)
            for number in 0..<2500 { kept.keep(body(number), as: "old\(number)", at: old) }
            kept.keep(body(1), as: "new")
            await write(kept)
            let later = Timestamp.now.advanced(bySeconds: 30)
            let (old7, new) = (try kept.written("old7", now: later), try kept.written("new", now: later))
            #expect(old7 == nil && new != nil)
            // They go when all of their file is too old.
            let next = file(folder)
            #expect(try next.prune(before: .now.advanced(bySeconds: -60)) == 0)
            #expect(try next.answer("old0") != nil)
            #expect(try next.prune(before: .now.advanced(bySeconds: 1)) == 0)
            #expect(try next.answer("old0") == nil && next.answer("old2499") == nil && next.answer("new") == nil)
        }
    }

    @Test func theOldestGoWhereTheFileWouldGrowOverItsLimit() async throws {
        try await withTemporaryFolder { folder in
            let kept = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 64 << 20, file: file(folder))
            // Of chance, so that it stays as large as it is.
            var random = SeededGenerator(seed: 1)
            for number in 0..<8000 {
                kept.keep((0..<250).flatMap { _ in random.next().littleEndianBytes }, as: "a\(number)")
            }
            await write(kept)
            // Two files, of 8 MiB and a little less.
            let small = file(folder, maximumBytes: 8 << 20)
            let early = try small.prune(before: Timestamp(seconds: 0))
            #expect((4000..<4400).contains(early))
            #expect(try small.answer("a\(early - 1)") == nil && small.answer("a\(early)") != nil)
            #expect(try small.answer("a7999") != nil)
            #expect(try small.prune(before: Timestamp(seconds: 0)) == 0)
            // The folder goes under our hands: a new file is begun.
            try FileManager.default.removeItem(at: folder.appending(path: "state/answers"))
            kept.keep(body(1), as: "later")
            await write(kept)
            #expect(try small.answer("later")?.body == body(1) && small.answer("a7999") == nil)
        }
    }

    private func batch(_ numbers: Range<Int>) -> AnswerBatch {
        var batch = AnswerBatch(number: 0, capacity: 100)
        for number in numbers {
            batch.add(body(number), as: "a\(number)", at: Timestamp(seconds: Int64(number)))
        }
        return batch
    }

    @Test func inMemoryAloneTheOldestGoForWantOfRoomAndByTime() {
        let kept = KeptAnswers(lifetime: .seconds(60), maximumBytes: 1 << 20)
        let old = Timestamp.now.advanced(bySeconds: -70)
        for number in 0..<10_000 { kept.keep(body(number), as: "old\(number)", at: old) }
        #expect(kept.answer("old9999") == nil && kept.answer("old9999", now: old)?.body == body(9999))
        for number in 0..<100_000 { kept.keep(body(number), as: "a\(number)") }
        #expect(kept.answer("a0") == nil && kept.answer("old9999", now: old) == nil)
        for number in [95_000, 99_999] { #expect(kept.answer("a\(number)")?.body == body(number)) }
        // An answer larger than a batch has one of its own; one that would be a quarter of all is not kept.
        let large = [UInt8](repeating: 0x20, count: (1 << 18) - 10)
        kept.keep(large, as: "large")
        kept.keep(large + large, as: "too large")
        kept.keep(body(1), as: "small")
        #expect(kept.answer("large")?.body == large && kept.answer("too large") == nil)
        #expect(kept.answer("small")?.body == body(1))
    }

    /// As at another replica over the same folder, a moment after the answer.
    @Test func whatAnotherServerHasAnsweredJustNowIsWaitedFor() async throws {
        try await withTemporaryFolder { folder in
            let one = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 1 << 20, file: file(folder))
            let other = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 1 << 20, file: file(folder))
            let id = RequestID.next()
            async let found = other.awaited(id)
            one.keep(body(7), as: id)
            let writing = Task { await one.writeBehind(Impairments()) }
            let again = try await found
            #expect(again?.body == body(7))
            // What is no identifier of ours can be nobody's.
            let none = try await other.awaited("nothing")
            #expect(none == nil)
            writing.cancel()
            await writing.value
        }
    }

    /// Whatever became of the end of a file, what stands before it is found, also behind a footer, and nothing traps.
    @Test func filesThatWereCutOrChangedGiveWhatIsWhole() async throws {
        try await withTemporaryFolder { folder in
            let log = file(folder)
            let (first, entries) = try AnswerSegment.batch(batch(0..<20), at: 0)
            let (second, more) = try AnswerSegment.batch(batch(20..<50), at: first.count)
            let footer = AnswerSegment.footer(entries + more, at: first.count + second.count)
            let whole = first + second + footer
            let name = folder.appending(path: "state/answers/1.answers")
            try FileManager.default.createDirectory(
                at: name.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(whole).write(to: name)
            for number in 0..<50 { #expect(try log.answer("a\(number)")?.body == body(number)) }
            #expect(try log.answer("a50") == nil)
            for end in stride(from: 0, to: whole.count, by: 37) {
                try Data(whole[..<end]).write(to: name)
                let (a, b) = (try log.answer("a3"), try log.answer("a30"))
                #expect((a != nil) == (end >= first.count))
                #expect((b != nil) == (end >= first.count + second.count))
            }
            var random = SeededGenerator(seed: 1)
            for _ in 0..<300 {
                var bytes = whole
                bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
                try Data(bytes).write(to: name)
                for number in [3, 30] { _ = try log.answer("a\(number)") }
            }
        }
    }

    /// A file that cannot be written costs no answer, and is written when it can be.
    @Test func aFileThatCannotBeWrittenIsSaidAndTriedAgain() async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: "state")
            try Data().write(to: state)
            let kept = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 1 << 20, file: file(folder))
            let impairments = Impairments()
            kept.keep(body(1), as: "a")
            let writing = Task { await kept.writeBehind(impairments) }
            try await eventually { impairments.has(.answers) }
            #expect(kept.answer("a") != nil)
            try FileManager.default.removeItem(at: state)
            try await eventually { !impairments.has(.answers) }
            #expect(try kept.written("a")?.body == body(1))
            writing.cancel()
            await writing.value
        }
    }
}

extension UInt64 {
    fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}

extension KeptAnswers {
    /// From the files, all of them.
    fileprivate func written(_ id: String, now: Timestamp = .now) throws -> Kept? {
        var seen: AnswerLog.Seen = [:]
        return try written(id, now: now, beyond: &seen)
    }
}

extension AnswerLog {
    /// Looks into all files.
    fileprivate func answer(_ id: String) throws -> KeptAnswers.Kept? {
        var seen: Seen = [:]
        return try answer(id, beyond: &seen)
    }
}
