import Columnar
import Domain
import Operations
import Platform

/// What incoming data should be like, and what a look at it says.
enum QualityOptions {
    static let expectations = Option<String>.text(
        "expectations", "FILE", "What incoming data should be like, as YAML (docs/catalogue.md).")
    static let required = Option<String>.text(
        "require-quality", "FILE",
        "Train only if the incoming data is as this file of expectations says; else exit status 14.")
    static let expect = Option<[Expectation]>(
        "expect", "FIGURE<=N,…", "What incoming data should be like: such as reject_share<=0.01,events>=1000.",
        must:
            "be FIGURE<=NUMBER or FIGURE>=NUMBER, of \(IncomingData.Figure.allCases.map(\.rawValue).joined(separator: ", "))"
    ) { text in
        let all = text.split(separator: ",", omittingEmptySubsequences: false).map { Expectation(String($0)) }
        return all.contains { $0 == nil } ? nil : all.compactMap(\.self)
    }
    static let window = Option<Double>.seconds("window", "How far back incoming data is looked at; 1d by default.")
        .set(as: "quality-window")

    static let specs = [expect.spec, expectations.spec, window.spec]

    /// What the options expect; nil if nothing.
    static func given(_ invocation: Invocation) throws -> Expectations? {
        var wanted = try invocation.optional(expectations).map { try read($0) }
        if let further = invocation.optional(expect) {
            wanted = wanted ?? Expectations()
            wanted?.all += further
        }
        if let seconds = invocation.optional(window) {
            guard wanted != nil else {
                _ = try invocation.value(expectations)
                return nil
            }
            wanted?.window = seconds
        }
        return wanted
    }

    static func read(_ path: String) throws -> Expectations {
        try Expectations.read(fileAt: path) { Option<Double>.length($0) }
    }

    /// The part of a report for programs.
    static func value(_ check: QualityCheck) -> Value {
        func number(_ value: Double?) -> Value { value.map { .double($0) } ?? .null }
        return .structure([
            .init(name: "from", value: .timestamp(check.data.from)),
            .init(name: "until", value: .timestamp(check.data.until)),
            .init(
                name: "figures",
                value: .structure(
                    IncomingData.Figure.allCases.map {
                        .init(name: $0.rawValue, value: number(check.data.values[$0]))
                    })),
            .init(
                name: "rejects_by_reason",
                value: .structure(
                    check.data.rejects.sorted { $0.key < $1.key }
                        .map { .init(name: $0.key, value: .int(Int64($0.value))) })),
            .init(
                name: "expectations",
                value: .list(
                    check.verdicts.map { verdict in
                        .structure([
                            .init(name: "figure", value: .string(verdict.expectation.figure.rawValue)),
                            .init(
                                name: verdict.expectation.isMaximum ? "max" : "min",
                                value: .double(verdict.expectation.bound)),
                            .init(name: "value", value: number(verdict.value)),
                            .init(name: "holds", value: .bool(verdict.holds)),
                        ])
                    })),
        ])
    }

    /// The same for people.
    static func write(_ check: QualityCheck) {
        StandardOutput.write(
            line: "incoming data from \(check.data.from) to \(check.data.until): "
                + (check.breaches.isEmpty ? "as expected" : "not as expected"))
        StandardOutput.write(line: "")
        var table = TextTable([("FIGURE", .left), ("VALUE", .right), ("EXPECTED", .left), ("", .left)])
        for figure in IncomingData.Figure.allCases {
            let value = check.data.values[figure].map { QualityCheck.text($0) } ?? "-"
            let own = check.verdicts.filter { $0.expectation.figure == figure }
            let reasons =
                figure == .rejects ? check.data.rejects.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" } : []
            table.add(
                [
                    figure.rawValue, value, own.map { "\($0.expectation)" }.joined(separator: ", "),
                    own.isEmpty ? "" : own.allSatisfy(\.holds) ? "ok" : "BREACHED",
                ], note: reasons.isEmpty ? nil : reasons.joined(separator: ", "))
        }
        StandardOutput.write(table.text)
    }
}
