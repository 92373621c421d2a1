import Foundation
import Operations
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
                for option in command.typedOptions { #expect(result.output.contains("--\(option.name)")) }
                #expect(
                    result.output.split(separator: "\n").allSatisfy { $0.count <= 80 },
                    "\(command.name) is too wide: \(result.output)")
            }
        }
    }

    @Test func theHelpOfAGroupFitsTheWidth() {
        for group in Set(CommandTable.standard.commands.filter { $0.path.count > 1 }.map { $0.path[0] }) {
            let text = Help.group(group, .standard)
            #expect(text.contains("Usage: marquee \(group) COMMAND"))
            #expect(CommandTable.groupSummaries[group]?.isEmpty == false, "\(group): what is it for?")
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
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
        var kinds: [String: (values: [String], command: String)] = [:]
        for command in CommandTable.standard.commands {
            for option in command.options {
                let values = option.choices.isEmpty ? [option.placeholder ?? ""] : option.choices.sorted()
                let first = kinds[option.settingName] ?? (values, command.name)
                kinds[option.settingName] = first
                #expect(
                    first.values == values,
                    "\(option.environmentName) of '\(command.name)' and of '\(first.command)' differ")
            }
        }
    }

    /// What a variable of one command says must not change what another command does.
    @Test func variablesSetTheOptionsTheyAreMeantFor() throws {
        let table = CommandTable.standard
        func values(_ words: [String], _ environment: [String: String]) throws -> [String: String?] {
            let command = try #require(table.commands.first { $0.path == words })
            let settings = try Settings.resolve(
                command, flags: [:], kafkaFlags: [:], environment: environment, file: nil)
            return Dictionary(uniqueKeysWithValues: settings.all.map { ($0.spec.name, $0.value) })
        }
        let environment = ["MARQUEE_FORMAT": "avro", "MARQUEE_EVERY": "6h", "MARQUEE_OUTPUT_FORMAT": "csv"]
        #expect(try values(["ingest"], environment)["format"] == "avro")
        #expect(try values(["store", "cat"], environment)["format"] == "csv")
        #expect(try values(["train"], environment)["every"] == "6h")
        #expect(try values(["train"], environment)["format"] == "text")
        #expect(try values(["store", "optimize"], environment)["every"] == .some(nil))
        let every = ["MARQUEE_OPTIMIZE_EVERY": "1m"]
        #expect(try values(["store", "optimize"], every)["every"] == "1m")
    }

    /// Where settings of all commands stand together the setting's name counts; in a section the option's does too.
    @Test func aSectionOfTheFileMayUseTheNameOfTheOption() throws {
        let table = CommandTable.standard
        let file = try ConfigurationFile(
            YAML.parse(Array("format: avro\noutput-format: csv\nparquet:\n  format: table\n".utf8), named: "c.yaml"),
            path: "c.yaml", table: table)
        func entry(_ words: [String]) throws -> String? {
            let command = try #require(table.commands.first { $0.path == words })
            return file.entry(try #require(command.options.first { $0.name == "format" }), of: command)?.text
        }
        #expect(try entry(["ingest"]) == "avro")
        #expect(try entry(["store", "cat"]) == "csv")
        #expect(try entry(["parquet", "cat"]) == "table")
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
                ["config", "--config", "m.yaml"], in: folder, directory: folder, environment: ["MARQUEE_SEED": "7"])
            #expect(result.status == 0)
            #expect(!result.output.contains("hunter22"))
            let rows = result.output.split(separator: "\n").map {
                $0.split(separator: " ", omittingEmptySubsequences: true)
            }
            func row(_ name: String) -> [Substring] { rows.first { $0.first == Substring(name) } ?? [] }
            #expect(row("seed") == ["seed", "7", "environment", "MARQUEE_SEED"])
            #expect(row("models") == ["models", "data", "m.yaml:1"])
            #expect(row("kafka.sasl.password").last == "m.yaml:3")
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
