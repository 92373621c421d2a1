internal import Columnar
public import Domain
internal import Store

extension PersonalTable {
    /// What went with age, or would.
    public struct Expiry: Sendable, Hashable {
        /// Rows that are too old and that nobody keeps.
        public var rows = 0
        /// Files that have such rows, and their bytes.
        public var files = 0
        public var bytes = 0
        /// Rows as old that were left for the users that were named.
        public var held = 0
        public var bytesWritten = 0
        /// Files of earlier versions that went.
        public var filesRemoved = 0
    }

    /// Removes the rows of before a time, but for those of some users, and files that no version needs any more. Blocks.
    /// - Parameter isRehearsal: whether they are only counted.
    public func expire(before time: Timestamp, keeping users: [String], isRehearsal: Bool) throws -> Expiry {
        var expiry = Expiry()
        guard let table = try table() else { return expiry }
        let old = RowMatch(.compare(column: timeColumn, .less, .timestamp(time)))
        let condition = "\(timeColumn) < ?"
        let report = try table.delete(old.except(users.map(rows(of:))), form: condition, dryRun: isRehearsal)
        expiry.rows = Int(report.rowsDeleted)
        expiry.files = report.filesRemoved
        expiry.bytes = Int(report.bytesRemoved)
        expiry.bytesWritten = Int(report.bytesAdded)
        if !users.isEmpty { expiry.held = Int(try table.count(old)) - (isRehearsal ? expiry.rows : 0) }
        if !isRehearsal { expiry.filesRemoved = try table.vacuum().files.count }
        return expiry
    }

    /// When it happened: all of them have it.
    private var timeColumn: String { EventColumn.at }
}
