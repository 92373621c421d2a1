import Domain

/// When the files of a partition are merged, for ``DeltaTable/tidy(_:now:check:)``.
public struct TidyPolicy: Hashable, Sendable {
    /// Files below this size are small: what closed partitions end without. Bytes.
    public var smallSize: Int64
    /// Merged files grow to this size and not much beyond. Bytes.
    public var targetSize: Int64
    /// So many small files of a partition are merged though rows still come.
    public var manyFiles: Int
    /// A partition is closed when its day is over and nothing was added to it for so long. Seconds.
    public var quiet: Int64
    /// How long between two looks for files that nobody needs any more. Seconds.
    public var vacuumEvery: Int64
    /// Of so many hours one version is kept readable, beyond the table's own retention; 0 for none.
    public var hours: Int
    /// Of so many days one version is kept readable, beyond the table's own retention; 0 for none.
    public var days: Int

    public init(
        smallSize: Int64 = 32 << 20, targetSize: Int64 = 128 << 20, manyFiles: Int = 60, quiet: Int64 = 600,
        vacuumEvery: Int64 = 600, hours: Int = 24, days: Int = 7
    ) {
        self.smallSize = smallSize
        self.targetSize = targetSize
        self.manyFiles = manyFiles
        self.quiet = quiet
        self.vacuumEvery = vacuumEvery
        self.hours = hours
        self.days = days
    }
}

/// Which files are merged next.
///
/// A file that is not small is left alone, so that each row is written a few times and not with every merge; but the
/// small rest of a closed partition joins the smallest of its neighbours, once it has been quiet for six times as long.
struct TidyPlan {
    /// Paths of files that are to become one.
    var paths: [String]

    /// The next group of the partition that comes first; nil if everything is tidy.
    init?(_ state: LogState, _ policy: TidyPolicy, rowLimit: Int64, now: Timestamp) {
        let columns =
            state.metaData.map { metaData in
                ((try? ColumnMapping(metaData, file: "")) ?? .none).physical(metaData.partitionColumns)
            } ?? []
        if let column = Self.clusterColumn(state) {
            guard let group = Self.clustered(state.files.values, by: column, policy, rowLimit: rowLimit, now: now)
            else { return nil }
            paths = group
            return
        }
        var partitions: [String: [Add]] = [:]
        for add in state.files.values {
            partitions[PartitionPath.folder(columns, values: add.partitionValues), default: []].append(add)
        }
        for (_, adds) in partitions.sorted(by: { $0.key < $1.key }) where adds.count > 1 {
            guard let group = Self.group(adds, policy, rowLimit: rowLimit, now: now) else { continue }
            paths = group
            return
        }
        return nil
    }

    /// Of a table that can be read, the column its files are clustered by.
    private static func clusterColumn(_ state: LogState) -> String? {
        guard let metaData = state.metaData,
            let schema = try? SchemaString.schema(metaData.schemaString, file: "").readable
        else { return nil }
        return metaData.clusterColumn(schema)
    }

    /// The next group of a table whose files follow a column of days: small files of a day that goes on where there are
    /// many, or those of days that are over, in their order, whatever their days.
    private static func clustered(
        _ adds: some Sequence<Add>, by column: String, _ policy: TidyPolicy, rowLimit: Int64, now: Timestamp
    ) -> [String]? {
        func isSmall(_ file: ClusteredFile) -> Bool {
            file.add.size < policy.smallSize && file.rowCount < rowLimit / 2
        }
        func idle(_ file: ClusteredFile) -> Int64 { now.milliseconds - file.add.modificationTime }
        func together(_ files: [ClusteredFile]) -> [ClusteredFile] {
            var (group, size, count): ([ClusteredFile], Int64, Int64) = ([], 0, 0)
            for file in files {
                if group.count > 1, size + file.add.size > policy.targetSize || count + file.rowCount > rowLimit {
                    break
                }
                group.append(file)
                size += file.add.size
                count += file.rowCount
            }
            return group
        }
        let today = now.date.days
        let files = adds.map { ClusteredFile($0, by: column) }.sorted(by: ClusteredFile.isEarlier)
        for (_, day) in Dictionary(grouping: files.filter { $0.last >= today }, by: \.last).sorted(by: {
            $0.key < $1.key
        }) {
            let small = day.filter(isSmall)
            if small.count >= max(2, policy.manyFiles) { return together(small).map(\.add.path) }
        }
        let closed = files.filter { $0.last < today }
        let small = closed.filter(isSmall)
        // A file that was written a moment ago may have company soon.
        let ready = small.count >= max(2, policy.manyFiles) ? small : small.filter { idle($0) >= policy.quiet * 1000 }
        guard !ready.isEmpty else { return nil }
        let group = together(ready)
        let size = group.reduce(0) { $0 + $1.add.size }
        let count = group.reduce(0) { $0 + $1.rowCount }
        // What would stay small although there is a neighbour to join.
        if group.count == small.count, size < policy.smallSize, group.allSatisfy({ idle($0) >= policy.quiet * 6000 }),
            let neighbour = closed.filter({ file in
                !isSmall(file) && file.add.size < policy.targetSize && count + file.rowCount <= 2 * rowLimit
            }).min(by: { a, b in
                (group[0].distance(to: a), a.add.size) < (group[0].distance(to: b), b.add.size)
            })
        {
            return (group + [neighbour]).map(\.add.path)
        }
        return group.count > 1 ? group.map(\.add.path) : nil
    }

    private static func group(_ adds: [Add], _ policy: TidyPolicy, rowLimit: Int64, now: Timestamp) -> [String]? {
        func rows(_ add: Add) -> Int64 { FileBounds(add).rowCount ?? 0 }
        // As many rows as fit into memory are no small file, however well they are compressed.
        let small = adds.filter { $0.size < policy.smallSize && rows($0) < rowLimit / 2 }
            .sorted { ($0.modificationTime, $0.path) < ($1.modificationTime, $1.path) }
        guard let newest = adds.map(\.modificationTime).max() else { return nil }
        let idle = now.milliseconds - newest
        let isClosed = dayIsOver(adds[0], now) && idle >= policy.quiet * 1000
        guard small.count >= policy.manyFiles || (isClosed && !small.isEmpty) else { return nil }
        var group: [String] = []
        var (size, count): (Int64, Int64) = (0, 0)
        for add in small {
            if !group.isEmpty, size + add.size > policy.targetSize || count + rows(add) > rowLimit { break }
            group.append(add.path)
            size += add.size
            count += rows(add)
        }
        // What would stay small although there is a neighbour to join.
        if isClosed, group.count == small.count, size < policy.smallSize, idle >= policy.quiet * 6000,
            let neighbour = adds.filter({ !group.contains($0.path) }).min(by: { $0.size < $1.size }),
            neighbour.size < policy.targetSize, count + rows(neighbour) <= 2 * rowLimit
        {
            group.append(neighbour.path)
        }
        return group.count > 1 ? group : nil
    }

    /// Whether the day of the partition lies before today, in UTC; false where there is none.
    private static func dayIsOver(_ add: Add, _ now: Timestamp) -> Bool {
        let today = String("\(now)".prefix(10))
        return add.partitionValues.values.contains { value in
            guard let value else { return false }
            return isDay(value) && value < today
        }
    }

    /// `2026-11-28`
    private static func isDay(_ text: String) -> Bool {
        text.utf8.count == 10
            && text.utf8.enumerated().allSatisfy { place, byte in
                place == 4 || place == 7 ? byte == UInt8(ascii: "-") : (48...57).contains(byte)
            }
    }
}
