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

    public init(
        smallSize: Int64 = 32 << 20, targetSize: Int64 = 128 << 20, manyFiles: Int = 60, quiet: Int64 = 600,
        vacuumEvery: Int64 = 600
    ) {
        self.smallSize = smallSize
        self.targetSize = targetSize
        self.manyFiles = manyFiles
        self.quiet = quiet
        self.vacuumEvery = vacuumEvery
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
        let columns = state.metaData?.partitionColumns ?? []
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
