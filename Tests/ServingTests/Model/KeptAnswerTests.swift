import Domain
import Foundation
import Operations
import TestSupport
import Testing

@testable import Serving

/// Answered lists over a restart.
@Suite(.timeLimit(.minutes(2))) struct KeptAnswerTests {
    private func file(_ folder: URL, maximumBytes: Int = 1 << 30) -> AnswerFile {
        AnswerFile(folder: folder.appending(path: "state").path, maximumBytes: maximumBytes)
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
            let path = folder.appending(path: "state/answers.sqlite").path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func nothingIsWrittenTwiceAndWhatMemoryForgetsIsStillThere() async throws {
        try await withTemporaryFolder { folder in
            // Room for about four of them in memory.
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
            let next = file(folder)
            #expect(try next.prune(before: later.advanced(bySeconds: -60)) == 0)
            #expect(try next.answer("old0") == nil && next.answer("old2499") == nil && next.answer("new") != nil)
        }
    }

    @Test func theOldestGoWhereTheFileWouldGrowOverItsLimit() async throws {
        try await withTemporaryFolder { folder in
            let kept = KeptAnswers(lifetime: .seconds(3600), maximumBytes: 64 << 20, file: file(folder))
            for number in 0..<4000 { kept.keep([UInt8](repeating: 0x20, count: 2000), as: "a\(number)") }
            await write(kept)
            let small = file(folder, maximumBytes: 4 << 20)
            let early = try small.prune(before: Timestamp(seconds: 0))
            #expect(early >= 1000)
            #expect(try small.answer("a0") == nil && small.answer("a3999") != nil)
            #expect(try small.prune(before: Timestamp(seconds: 0)) == 0)
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
