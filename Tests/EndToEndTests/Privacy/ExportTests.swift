import Foundation
import TestSupport
import Testing

/// `privacy export --out`: an archive that readers which are not ours open.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: Checkout.python != nil, "needs .venv (make venv)"))
struct ExportTests {
    private func read(_ path: String) async throws -> [String: Any] {
        try await Loop.python("privacy/read_archive.py", [path])
    }

    @Test func everyPlaceIsInTheArchiveAndReadersOfOthersReadIt() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: ErasureTests.canary)
            let consent = try await MarqueeProcess.run(
                ["privacy", "consent", ErasureTests.canary, "--analytics", "off", "--state", place.state], in: folder)
            #expect(consent.status == 0, "\(consent.errors)")
            let file = folder.appending(path: "person.zip").path
            let result = try await place.run(["privacy", "export", ErasureTests.canary, "--out", file])
            #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)

            let archive = try await read(file)
            #expect(archive["user"] as? String == ErasureTests.canary)
            let records = try #require(archive["records"] as? [String: Int])
            #expect(records["places/events"] == 9 && records["places/models"] == 1 && records["consents"] == 1)
            #expect(records["lists"] == 20 && (records["register"] ?? 0) > 40)
            let tables = try #require(archive["tables"] as? [String: [[String: Any]]])
            let events = try #require(tables["places/events"])
            #expect(events.allSatisfy { $0["user_id"] as? String == ErasureTests.canary })
            #expect(events.allSatisfy { $0["kind"] as? String == "like" })
            let lists = try #require(tables["lists"])
            #expect(lists.allSatisfy { ($0["reasons"] as? [String])?.isEmpty == false })
            #expect((archive["text"] as? String)?.contains("analytics: off") == true)

            // Asked for, and written down without the name.
            let audit = try await MarqueeProcess.run(
                ["privacy", "audit", "--state", place.state, "--format", "jsonl"], in: folder)
            #expect(audit.output.contains("privacy.export") && !audit.output.contains(ErasureTests.canary))
        }
    }

    /// Rows whose log is lost are no reason to say that there is nothing.
    @Test func rowsWithoutALogAreNotNothing() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: ErasureTests.canary)
            let found = try await place.run(["privacy", "verify", ErasureTests.canary])
            #expect(found.status == 65 && found.errors.contains("is in events"), "\(found.errors)")
            #expect(found.errors.contains("findings in all"), "\(found.errors)")
            try FileManager.default.moveItem(
                atPath: place.data + "/events/_delta_log", toPath: folder.appending(path: "log").path)
            for words in [["export"], ["verify"], ["erase"]] {
                let result = try await place.run(["privacy"] + words + [ErasureTests.canary])
                #expect(result.status != 0, "\(words)")
                #expect((result.errors + result.output).contains("_delta_log"), "\(result.errors)\(result.output)")
            }
        }
    }

    @Test func aPlaceThatIsAwayLeavesNoArchiveAndAStrangerGetsAnEmptyOne() async throws {
        try await withTemporaryFolder { folder in
            let place = try await ErasureTests.deployment(in: folder, with: nil)
            let file = folder.appending(path: "nobody.zip").path
            let away = try await place.run(
                ["privacy", "export", "nobody", "--out", file, "--elasticsearch", "http://127.0.0.1:9"])
            #expect(away.status == 69 && away.errors.contains("elasticsearch"), "\(away.errors)")
            #expect(!FileManager.default.fileExists(atPath: file))
            // What was not handed out is not written down as done.
            let audit = try await MarqueeProcess.run(
                ["privacy", "audit", "--state", place.state, "--format", "csv"], in: folder)
            let exports = audit.output.split(separator: "\n").filter { $0.contains("privacy.export") }
            #expect(exports.count == 2 && exports[0].contains("failed") && exports[1].contains("begun"), "\(exports)")
            let nowhere = try await place.run(["privacy", "export", "nobody", "--out", "/nowhere/at/all.zip"])
            #expect(nowhere.status == 64 && nowhere.errors.contains("/nowhere/at/all.zip"), "\(nowhere.errors)")

            // A slip in a name would leave out what is there: for an erasure, a false end.
            for words in [["export", "nobody"], ["erase", "nobody"], ["verify", "nobody"]] {
                for (data, models) in [(place.data, "nomodels"), ("nodata", place.models), (place.data, place.data)] {
                    try await Loop.refused(
                        ["privacy"] + words + ["--store", data, "--models", models, "--state", place.state], in: folder,
                        status: 64, saying: ["holds no", "empty folder"])
                }
            }
            #expect(try await place.run(["privacy", "export", "nobody", "--out", file]).status == 0)
            let archive = try await read(file)
            let records = try #require(archive["records"] as? [String: Int])
            #expect(records.filter { $0.key.hasPrefix("places/") }.values.allSatisfy { $0 == 0 })
            // A newcomer's list, with its reasons.
            #expect((records["lists"] ?? 0) > 0)
        }
    }
}
