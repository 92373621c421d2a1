import Domain
import Testing

@testable import marquee

/// The parser is tested on a table of its own, so that these cases say what it does and not what a command has.
@Suite struct ArgumentParserTests {
    static let count = Option<Int>.integer("count", short: "n", in: 1...100, default: 10, "How many.")
    static let store = Option<String>.text("store", "DIR", "Where.")
    static let until = Option<Bool>.flag("until-end", "Stop at the end.")

    static let table = CommandTable(commands: [
        Command(
            path: ["fetch"], summary: "Fetch.", arguments: [.init(name: "FILE", summary: "It.", isOptional: true)],
            options: [count.spec, store.spec, until.spec], takesKafkaProperties: true, examples: []
        ) { _ in },
        Command(
            path: ["store", "log"], summary: "Log.", arguments: [.init(name: "DIR", summary: "It.")], options: [],
            examples: []
        ) { _ in },
    ])

    func parse(_ words: String...) throws -> ParsedArguments { try ArgumentParser.parse(words, table: Self.table) }

    @Test(arguments: [
        ["fetch", "--count=5"], ["fetch", "--count", "5"], ["fetch", "-n5"], ["fetch", "-n", "5"],
        ["fetch", "--count", "7", "-n", "5"],
    ])
    func everyWayToGiveAValue(words: [String]) throws {
        #expect(try ArgumentParser.parse(words, table: Self.table).flags == ["count": "5"])
    }

    @Test func optionsAndArgumentsMix() throws {
        let parsed = try parse("--log-level", "debug", "fetch", "--until-end", "a", "--store=x=y")
        #expect(parsed.arguments == ["a"])
        #expect(parsed.flags == ["log-level": "debug", "until-end": "true", "store": "x=y"])
    }

    @Test func doubleDashEndsTheOptions() throws {
        #expect(try parse("fetch", "--", "--count").arguments == ["--count"])
        #expect(try parse("fetch", "-").arguments == ["-"])
    }

    @Test func someOptionsMayBeGivenSeveralTimes() throws {
        let words = ["train", "--spark-conf", "a=1", "--spark-conf=b=x=y", "--rank", "8", "--rank", "9"]
        #expect(
            try ArgumentParser.parse(words, table: .standard).flags == ["spark-conf": "a=1\nb=x=y", "rank": "9"])
    }

    @Test func aValueMayLookLikeAnOption() throws {
        #expect(try parse("fetch", "--store", "--count").flags == ["store": "--count"])
    }

    @Test func kafkaPropertiesPassThrough() throws {
        let parsed = try parse("fetch", "--kafka.security.protocol", "ssl", "--kafka.linger.ms=5")
        #expect(parsed.kafka == ["security.protocol": "ssl", "linger.ms": "5"])
        #expect(throws: CommandLineError.self) { try parse("store", "log", "--kafka.linger.ms=5", "x") }
    }

    @Test(arguments: [
        (["fetch", "--cuont", "5"], "Did you mean '--count'?"), (["fetch", "--until"], "Did you mean '--until-end'?"),
        (["fecth"], "Did you mean 'fetch'?"), (["store", "lgo"], "Did you mean 'store log'?"),
        (["store"], "Choose one of log."), (["fetch", "a", "b"], "does not expect 'b'"),
        (["store", "log"], "needs DIR"), (["fetch", "--count"], "needs a value (N)"), ([], "No command was given."),
        (["fetch", "--explicit"], "'marquee fetch' has no option '--explicit'"),
        (["privacy"], "There is no command 'privacy'"),
        (["fetch", "-x"], "no option '-x'"),
        (["--count", "5", "fetch"], "no option '--count'"),
    ])
    func wrongWordsAreRefusedWithAdvice(words: [String], because: String) throws {
        let error = try #require(
            #expect(throws: CommandLineError.self) { try ArgumentParser.parse(words, table: Self.table) })
        #expect(error.description.contains(because))
        #expect(error.category.exitCode == 64)
    }

    @Test func helpAndVersionWinOverWhatIsMissing() throws {
        for (words, path) in [
            (["--help"], []), (["store", "--help"], ["store"]), (["store", "log", "-h"], ["store", "log"]),
        ] as [([String], [String])] {
            guard case .help(path) = try ArgumentParser.parse(words, table: Self.table).request else {
                Issue.record("\(words) is not a request for help")
                continue
            }
        }
        guard case .version = try parse("--version").request else {
            Issue.record("not a request for the version")
            return
        }
    }

    @Test func distancesCountEditsAndSwaps() {
        #expect(Suggestion.distance(Array("abc".utf8), Array("abc".utf8)) == 0)
        #expect(Suggestion.distance(Array("abc".utf8), Array("acb".utf8)) == 1)
        #expect(Suggestion.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
        #expect(Suggestion.distance([], Array("ab".utf8)) == 2)
    }
}
