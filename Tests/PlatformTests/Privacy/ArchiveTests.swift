import Columnar
import Domain
import EventIngest
import Foundation
import Operations
import Store
import TestSupport
import Testing
import Trainer

@testable import Platform

/// No title and no identifier turns a person's archive against whoever looks at it.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Checkout.python != nil, "needs .venv (make venv)"))
struct ArchiveTests {
    /// Formulas, markup, a combining mark behind a quote, letters that turn the text around, ends of lines, a NUL.
    private static let hostile = [
        #"=cmd|' /C calc'!A0"#, #"-1+1","x"#, #""><script>alert(1)</script>"#, "\"\u{301} onclick='x'", "a\u{202E}b",
        "x\r\ny", "\u{0}end", "＝1+1", " @sum", "<!--", "日本\u{0301}", "\t=1",
    ]

    @Test(arguments: hostile) func noIdentifierAndNoTitleDoesAnything(_ text: String) async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.appending(path: "data").path)
            let state = StateDatabase(folder: folder.appending(path: "state").path)
            try PersonalRegister(state).set([.training: false], of: text, by: "cli:op")
            let events = (0..<3).map { number in
                Event(
                    eventID: "e\(number)\(text)", userID: text, itemID: number == 0 ? text : "m\(number)",
                    kind: .review,
                    value: number == 1 ? 0.5 : 4, reviewText: text,
                    at: Timestamp(seconds: 1_790_000_000 + Int64(number)), source: "test")
            }
            _ = try store.openOrCreate(.events).append([EventTable.batch(events, ingestedAt: .now, keepingText: true)])
            let stores = PersonalStores(
                store: store, registry: ModelRegistry(folder: folder.appending(path: "models").path), state: state)
            let archive = PersonalArchive(stores, state: state) { _ in
                .init(model: "m", items: [.init(id: text, title: text, score: -1, reasons: .array([.text(text)]))])
            } title: {
                "\($0)\(text)"
            }
            let path = folder.appending(path: "person.zip").path
            let file = try AtomicFile(path: path, isPrivate: true)
            let counts = try await archive.write(of: text) { try file.write($0) }
            try file.finish()
            #expect(counts["events"] == 3 && counts["state"] == 1)

            let found = try await Self.read(path)
            #expect((found["user"] as? String)?.utf8.elementsEqual(text.utf8) == true)
            let tables = try #require(found["tables"] as? [String: [[String: Any]]])
            let records = try #require(tables["places/events"])
            #expect(records.count == 3)
            for record in records {
                #expect((record["review_text"] as? String)?.utf8.elementsEqual(text.utf8) == true)
            }
            #expect(tables["lists"]?.count == 1 && tables["consents"]?.count == 1)
            // Shown as text, whatever it is, with the film's title beside.
            let cells = try #require(found["cells"] as? [String])
            #expect(cells.contains { $0.hasPrefix("m1 (m1") && $0.hasSuffix(")") })
            for cell in cells {
                #expect(!cell.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" || $0 == "\r" })
            }
        }
    }

    @Test func whatCannotBeWrittenEndsTheArchive() async throws {
        struct Full: Error {}
        let state = StateDatabase()
        let stores = PersonalStores(
            store: EventStore(folder: "nowhere"), registry: ModelRegistry(folder: "nowhere"), state: state)
        await #expect(throws: Full.self) {
            try await PersonalArchive(stores, state: state).write(of: "u") { _ in throw Full() }
        }
    }

    private static func read(_ path: String) async throws -> [String: Any] {
        let script = Checkout.root.appending(path: "Tests/Independent/privacy/read_archive.py").path
        let python = try #require(Checkout.python)
        let (status, output) = try await runCommand(python.path, [script, path])
        #expect(status == 0, "\(output)")
        return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
}
