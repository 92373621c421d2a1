import Testing

/// What there is one of: its names stand in one place, and everybody else calls that.
@Suite struct OneOfEachTests {
    /// Names that the system or its libraries give, and the files or folders that may use them.
    struct Rule: Sendable, CustomTestStringConvertible {
        let thing: String
        let names: Set<String>
        let homes: [String]

        var testDescription: String { thing }
    }

    static let rules = [
        Rule(
            thing: "threads",
            names: ["pthread_create", "detachNewThread", "detachNewThreadSelector", "nice", "setpriority"],
            homes: ["Sources/Domain/SystemThread.swift"]),
        Rule(
            thing: "files that take a name", names: ["rename", "renameat", "replaceItemAt", "atomically", "atomic"],
            homes: ["Sources/Domain/Storage/"]),
        Rule(
            thing: "words of the system", names: ["strerror", "strerror_r", "perror"],
            homes: ["Sources/Domain/SystemError.swift"]),
        Rule(
            thing: "the time of day", names: ["clock_gettime", "gettimeofday"],
            homes: ["Sources/Domain/Timestamp+Now.swift"]),
        // Timers and signals are sources of Dispatch; loops over all cores are its other use.
        Rule(
            thing: "queues", names: ["DispatchQueue"],
            homes: [
                "Sources/Operations/Signals.swift", "Sources/HTTPServer/Daemon/Daemon.swift",
                "Sources/Linalg/Workers.swift",
            ]),
        Rule(
            thing: "the wait for a cancellation", names: ["withTaskCancellationHandler"],
            homes: [
                "Sources/Operations/BlockingWork.swift", "Sources/Operations/ServiceGroup.swift",
                "Sources/HTTPClient/HTTPClient.swift",
            ]),
    ]

    @Test(arguments: rules) func itIsUsedAtHomeOnly(rule: Rule) throws {
        let house = try HouseTests.house.get()
        for file in house.files where !rule.homes.contains(where: { file.path.hasPrefix($0) }) {
            // A declaration, a member of ours or a case of the name is another thing.
            for word in file.words where rule.names.contains(word.text) && !file.own.contains(word.text) {
                Issue.record("\(file.path):\(word.line): \(word.text) belongs to \(rule.homes)")
            }
        }
        for home in rule.homes {
            #expect(house.files.contains { $0.path.hasPrefix(home) }, "\(home) is gone")
        }
    }

    /// `Thread` of Foundation may be asked to sleep, and no more.
    @Test func noThreadIsMadeByFoundation() throws {
        for file in try HouseTests.house.get().files {
            for word in file.words where word.text == "Thread" && word.behind != "." {
                Issue.record("\(file.path):\(word.line): SystemThread starts threads")
            }
        }
    }
}
