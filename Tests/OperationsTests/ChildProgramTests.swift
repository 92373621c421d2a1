import Foundation
import Operations
import TestSupport
import Testing

/// Other programs: their lines, their end, and that nothing of them is left.
@Suite struct ChildProgramTests {
    private func shell(_ text: String, in folder: URL, environment: [String: String] = [:]) -> ChildProgram {
        ChildProgram(
            "sh", ["-c", text], environment: environment, errors: folder.appending(path: "errors").path)
    }

    @Test func linesAreHandedOnAndErrorsAreKept() async throws {
        try await withTemporaryFolder { folder in
            var lines: [String] = []
            let status = try shell(
                "echo one; echo lost >&2; printf 'two\\nwithout end'; echo \"$COLOUR\" >&2; exit 7", in: folder,
                environment: ["COLOUR": "red"]
            ).run(onLine: { lines.append($0) })
            #expect(status == 7)
            #expect(lines == ["one", "two", "without end"])
            #expect(try String(contentsOf: folder.appending(path: "errors"), encoding: .utf8) == "lost\nred\n")
            #expect(try shell("kill -9 $$", in: folder).run(onLine: { _ in }) == 128 + 9)
        }
    }

    @Test func oneThatIsNotThereIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let program = ChildProgram("/no/such/program", [], errors: folder.appending(path: "errors").path)
            let error = #expect(throws: OperationsError.self) { try program.run(onLine: { _ in }) }
            #expect(error?.code == "cannot-start" && error?.message.contains("/no/such/program") == true)
        }
    }

    /// What is thrown at a line ends the program and what it has started, also what does not listen.
    @Test(arguments: ["sleep 600", "trap '' TERM; sleep 600 & sleep 600"])
    func nothingIsLeftOfOneThatIsStopped(rest: String) async throws {
        struct Stopped: Error {}
        try await withTemporaryFolder { folder in
            var pids: [pid_t] = []
            #expect(throws: Stopped.self) {
                try shell("sleep 600 & echo $!; echo $$; echo; \(rest)", in: folder).run(onLine: { line in
                    guard let pid = pid_t(line) else { throw Stopped() }
                    pids.append(pid)
                })
            }
            #expect(pids.count == 2)
            try await eventually("they are gone") {
                pids.allSatisfy { pid in
                    let state = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
                    return state.isEmpty || state.contains(") Z ")
                }
            }
        }
    }

    /// Who leaves something behind that keeps the output open is not waited for.
    @Test func whatItLeavesBehindIsEnded() async throws {
        try await withTemporaryFolder { folder in
            var lines: [String] = []
            #expect(try shell("sleep 600 & echo $!", in: folder).run(onLine: { lines.append($0) }) == 0)
            let pid = try #require(lines.first.flatMap(pid_t.init))
            try await eventually("it is gone") {
                let state = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
                return state.isEmpty || state.contains(") Z ")
            }
        }
    }
}
