/// Names in `_delta_log`. Anything else there is ignored.
enum LogName: Hashable {
    case commit(version: Int64)
    /// One of `parts` files that together are a checkpoint.
    case checkpoint(version: Int64, part: Int, parts: Int)

    static let folder = "_delta_log"
    static let hint = "_delta_log/_last_checkpoint"

    static func commitName(_ version: Int64) -> String { "\(digits(version)).json" }
    static func commitPath(_ version: Int64) -> String { "\(folder)/\(commitName(version))" }
    static func checkpointPath(_ version: Int64) -> String { "\(folder)/\(digits(version)).checkpoint.parquet" }

    /// 20 digits.
    static func digits(_ version: Int64) -> String {
        let text = String(version)
        return String(repeating: "0", count: max(0, 20 - text.count)) + text
    }

    init?(_ name: String) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, first.utf8.count == 20, let version = Int64(first), version >= 0 else {
            return nil
        }
        switch parts.count {
        case 2 where parts[1] == "json": self = .commit(version: version)
        case 3 where parts[1] == "checkpoint" && parts[2] == "parquet":
            self = .checkpoint(version: version, part: 1, parts: 1)
        case 5 where parts[1] == "checkpoint" && parts[4] == "parquet":
            guard parts[2].utf8.count == 10, parts[3].utf8.count == 10, let part = Int(parts[2]),
                let count = Int(parts[3]), part >= 1, part <= count
            else { return nil }
            self = .checkpoint(version: version, part: part, parts: count)
        default: return nil
        }
    }
}
