internal import Foundation
internal import Operations

/// What the job of `deploy/spark` says while it works: lines of `marquee: {"phase": …}` among Spark's own.
struct JobProgress {
    private struct Line: Decodable {
        var phase: String
        var part: String?
        var spark: String?
        var version: Int64?
        var events: Int?
        var users: Int?
        var items: Int?
        var seconds: Double?
    }

    private static let lead = "marquee: "

    /// A line for people, or nil of what says nothing to them.
    func text(of line: String) -> String? {
        guard line.hasPrefix(Self.lead),
            let said = try? JSONDecoder().decode(Line.self, from: Data(line.dropFirst(Self.lead.count).utf8))
        else { return nil }
        switch said.phase {
        case "reading": return "Spark \(said.spark ?? "") reads version \(said.version ?? 0)"
        case "fitting":
            return
                "Spark fits \(said.part ?? ""): \(said.events ?? 0) events, \(said.users ?? 0) users, \(said.items ?? 0) items"
        case "fitted": return "Spark has fitted \(said.part ?? "") in \(said.seconds ?? 0) s"
        default: return nil
        }
    }

    /// Why a job failed, from the end of its log: what the job itself said, or the last error of Python or of the JVM.
    static func reason(in log: String, status: Int32) -> String {
        guard let data = FileManager.default.contents(atPath: log) else { return "" }
        let lines = String(decoding: data.suffix(200_000), as: UTF8.self).split(separator: "\n")
        let own = lines.last { $0.hasPrefix(lead) }.map { String($0.dropFirst(lead.count)) }
        // Of an error of the JVM Python names the call first, and on the next line, behind a colon, what it was.
        let raised = lines.last {
            $0.wholeMatch(of: /((Caused by)?: )?[A-Za-z_][\w.]*(Error|Exception)(: .*)?/) != nil
                || $0.hasPrefix("Error: ") || $0.contains("Exception in thread")
        }.map(String.init)
        let last = own ?? raised ?? lines.last.map(String.init) ?? ""
        let killed = status > 128 ? "a signal (\(status - 128)) ended it; " : ""
        return Secrets.masked(killed + last.prefix(400)).trimmingCharacters(in: CharacterSet(charactersIn: ". \n"))
    }
}
