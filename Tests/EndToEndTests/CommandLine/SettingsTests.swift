import Domain
import Operations
import Testing

@testable import marquee

@Suite struct SettingsTests {
    let table = ArgumentParserTests.table
    var command: Command { table.commands[0] }

    func file(_ text: String) throws -> ConfigurationFile {
        try ConfigurationFile(YAML.parse(Array(text.utf8), named: "m.yaml"), path: "m.yaml", table: table)
    }

    func resolve(
        flags: [String: String] = [:], kafka: [String: String] = [:], environment: [String: String] = [:],
        file: ConfigurationFile? = nil
    ) throws -> Settings {
        try Settings.resolve(command, flags: flags, kafkaFlags: kafka, environment: environment, file: file)
    }

    @Test func eachLayerHidesTheNext() throws {
        let file = try file("count: 4\nfetch:\n  count: 3\n")
        let variables = ["MARQUEE_COUNT": "2"]
        let expected: [(Settings, String, String)] = [
            (try resolve(flags: ["count": "1"], environment: variables, file: file), "1", "command line"),
            (try resolve(environment: variables, file: file), "2", "environment MARQUEE_COUNT"),
            (try resolve(file: file), "3", "m.yaml:3"),
            (try resolve(file: self.file("count: 4")), "4", "m.yaml:1"),
            (try resolve(environment: ["MARQUEE_COUNT": ""]), "10", "default"),
        ]
        for (settings, value, source) in expected {
            #expect(settings["count"]?.value == value)
            #expect(settings["count"].map { "\($0.source)" } == source)
        }
    }

    @Test func kafkaPropertiesOfEveryLayer() throws {
        let settings = try resolve(
            kafka: ["a.b": "flag"],
            environment: ["MARQUEE_KAFKA_A_B": "env", "MARQUEE_KAFKA_SASL_PASSWORD": "pass-of-env"],
            file: file("kafka:\n  a.b: file\n  c: file\nkafka.d: file\n"))
        #expect(
            settings.kafka.mapValues(\.value) == [
                "a.b": "flag", "sasl.password": "pass-of-env", "c": "file", "d": "file",
            ])
        #expect(Secrets.masked("x pass-of-env y") == "x \(Secrets.mask) y")
    }

    @Test(
        arguments: [
            (["count": "0"], [:], "--count is '0' (command line) but it must be a whole number from 1 to 100."),
            ([:], ["MARQUEE_UNTIL_END": "maybe"], "--until-end is 'maybe' (environment MARQUEE_UNTIL_END)"),
        ] as [([String: String], [String: String], String)])
    func aBadValueIsRefusedWithItsSource(flags: [String: String], environment: [String: String], text: String) throws {
        let error = try #require(
            #expect(throws: CommandLineError.self) { try resolve(flags: flags, environment: environment) })
        #expect(error.description.hasPrefix(text))
    }

    @Test(arguments: [
        ("conut: 1", "m.yaml:1: there is no setting 'conut'. Did you mean 'count'?"),
        ("fetch:\n  stroe: x", "m.yaml:2: there is no setting 'fetch.stroe'. Did you mean 'store'?"),
        ("count: {a: 1}", "m.yaml:1: there is no setting 'count'."), ("- a", "m.yaml:1: '(the whole file)'"),
        ("kafka: x", "m.yaml:1: 'kafka' has a value of the wrong form."), ("help: true", "there is no setting 'help'"),
    ])
    func aBadFileIsRefusedWithItsLine(text: String, message: String) throws {
        let error = try #require(#expect(throws: CommandLineError.self) { try file(text) })
        #expect(error.description.contains(message))
    }

    @Test func valuesAreReadByTheirType() {
        #expect(Option<Double>.rate("r", "").read("500/s") == 500)
        #expect(Option<Double>.rate("r", "").read("0") == nil)
        #expect(Option<Double>.seconds("t", "").read("6h") == 21_600)
        #expect(Option<Double>.seconds("t", "").read("6") == nil)
        #expect(Option<[Int]>.integers("k", "K", in: 1...100, default: "10", "").read("10,20") == [10, 20])
        #expect(Option<[Int]>.integers("k", "K", in: 1...100, default: "10", "").read("10,") == nil)
        #expect(Option<Timestamp>.time("as-of", "").read("2026-11-20")?.description == "2026-11-20T00:00:00Z")
        #expect(Option<[String]>.list("c", "A,B", "").read("a,,b") == nil)
    }
}
