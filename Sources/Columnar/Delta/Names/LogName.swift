/// The file names of the log.
enum LogName {
    static let folder = "_delta_log"
    /// Where checkpoints of version 2 keep files of actions.
    static let sidecars = "_delta_log/_sidecars"
    static let lastCheckpoint = "_delta_log/_last_checkpoint"

    static func digits(_ version: Int64) -> String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    }

    static func commit(_ version: Int64) -> String { "\(folder)/\(digits(version)).json" }
    static func checkpoint(_ version: Int64) -> String { "\(folder)/\(digits(version)).checkpoint.parquet" }

    enum Kind: Hashable {
        case commit(Int64)
        /// One of `parts` files, counted from 1.
        case checkpoint(Int64, part: Int, parts: Int)
        /// Of version 2, with a UUID in its name: one file, which may name others in ``sidecars``.
        case namedCheckpoint(Int64)

        var version: Int64 {
            switch self {
            case .commit(let version), .checkpoint(let version, _, _), .namedCheckpoint(let version): version
            }
        }
    }

    /// What a name in the log's folder stands for; nil for strangers.
    static func parse(_ name: String) -> Kind? {
        let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count >= 2, pieces[0].utf8.count == 20, let version = Int64(pieces[0]), version >= 0 else {
            return nil
        }
        if pieces.count == 2, pieces[1] == "json" { return .commit(version) }
        if pieces.count == 4, pieces[1] == "checkpoint", pieces[2].utf8.count == 36,
            pieces[3] == "json" || pieces[3] == "parquet"
        {
            return .namedCheckpoint(version)
        }
        guard pieces.count >= 3, pieces[1] == "checkpoint", pieces[pieces.count - 1] == "parquet" else { return nil }
        if pieces.count == 3 { return .checkpoint(version, part: 1, parts: 1) }
        guard pieces.count == 5, pieces[2].utf8.count == 10, pieces[3].utf8.count == 10, let part = Int(pieces[2]),
            let parts = Int(pieces[3]), part >= 1, part <= parts
        else { return nil }
        return .checkpoint(version, part: part, parts: parts)
    }
}
