import Foundation
import TestSupport
import Testing

@testable import marquee

/// The program as its users meet it: words in, one clear line and an exit status out.
@Suite struct CommandLineTests {
    @Test func everyCommandHasHelpWithAnExample() async throws {
        try await withTemporaryFolder { folder in
            for command in CommandTable.standard.commands {
                let result = try await MarqueeProcess.run(command.path + ["--help"], in: folder)
                #expect(result.status == 0, "\(command.name)")
                #expect(result.errors.isEmpty)
                #expect(result.output.contains("Usage: marquee \(command.name)"))
                #expect(result.output.contains("Examples:\n  marquee \(command.path[0])"))
                for option in command.options { #expect(result.output.contains("--\(option.name)")) }
                #expect(
                    result.output.split(separator: "\n").allSatisfy { $0.count <= 80 },
                    "\(command.name) is too wide: \(result.output)")
            }
        }
    }

    @Test func theTableIsConsistent() {
        for command in CommandTable.standard.commands {
            let options = command.options + CommandTable.common
            #expect(Set(options.map(\.name)).count == options.count, "\(command.name) has an option twice")
            let shorts = options.compactMap(\.short)
            #expect(Set(shorts).count == shorts.count, "\(command.name) has a letter twice")
            for option in options {
                if let fallback = option.fallback { #expect(option.problem(fallback) == nil, "--\(option.name)") }
            }
            for name in command.required { #expect(options.contains { $0.name == name }, "\(command.name) \(name)") }
        }
    }

    /// A variable or a general key of the file holds for every command that has the option, so its value must fit all.
    @Test func anOptionOfOneNameTakesOneKindOfValueInEveryCommand() {
        var kinds: [String: (placeholder: String?, command: String)] = [:]
        for command in CommandTable.standard.commands {
            // `format` is the one exception: of messages where they are sent or read, of what is printed elsewhere.
            for option in command.options where option.name != "format" {
                let first = kinds[option.name] ?? (option.placeholder, command.name)
                kinds[option.name] = first
                #expect(
                    first.placeholder == option.placeholder,
                    "--\(option.name) of '\(command.name)' and of '\(first.command)' differ")
            }
        }
    }

    @Test(
        arguments: [
            (["--version"], 0), (["version"], 0), (["help"], 0), ([], 64), (["frobnicate"], 64), (["privacy"], 64),
            (["import", "netflix"], 64),
            (["models", "list"], 64), (["models", "list", "--models", "/nowhere"], 65),
            (["config", "--config", "/nowhere.yaml"], 65), (["config", "--log-level", "loud"], 64),
            (["simulate", "--bootstrap-servers", "127.0.0.1:1", "--count", "1"], 69),
        ] as [([String], Int32)])
    func theExitStatusSaysWhatKindOfFailureItWas(words: [String], status: Int32) async throws {
        try await withTemporaryFolder { folder in
            let result = try await MarqueeProcess.run(words, in: folder)
            #expect(result.status == status)
            if status == 0 {
                #expect(result.errors.isEmpty)
                #expect(!result.output.isEmpty)
            } else {
                #expect(result.output.isEmpty)
                #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
                #expect(result.errors.hasPrefix("marquee: "))
            }
        }
    }

    @Test func configSaysWhereEachValueComesFromAndMasksSecrets() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "m.yaml")
            try Data("models: data\nkafka:\n  sasl.password: hunter22\n".utf8).write(to: file)
            let result = try await MarqueeProcess.run(
                ["config", "--config", file.path], in: folder, environment: ["MARQUEE_SEED": "7"])
            #expect(result.status == 0)
            #expect(!result.output.contains("hunter22"))
            let rows = result.output.split(separator: "\n").map {
                $0.split(separator: " ", omittingEmptySubsequences: true)
            }
            func row(_ name: String) -> [Substring] { rows.first { $0.first == Substring(name) } ?? [] }
            #expect(row("seed") == ["seed", "7", "environment", "MARQUEE_SEED"])
            #expect(row("models") == ["models", "data", "\(file.path):1"])
            #expect(row("kafka.sasl.password").last == "\(file.path):3")
            #expect(row("log-level") == ["log-level", "info", "default"])
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalStopsTheBrokerCleanly(number: Int32) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "broker")
            let broker = try MarqueeProcess(["broker", "--bootstrap-file", file.path], in: folder)
            let address = try await broker.line(after: "bootstrap.servers=")
            #expect(try String(contentsOf: file, encoding: .utf8) == "bootstrap.servers=\(address)\n")
            broker.signal(number)
            let result = try await broker.result()
            #expect(result.status == 0)
            #expect(!result.wasKilled)
            #expect(!FileManager.default.fileExists(atPath: file.path))
        }
    }
}
