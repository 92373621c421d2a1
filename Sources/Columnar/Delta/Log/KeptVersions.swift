import Domain

/// Versions that stay readable though the retention of the log and of removed files is over: an object for each in a folder
/// of the table whose name other engines pass over, beside a checkpoint of the version.
///
/// So a stream's table, whose log would grow by a commit a second, need not keep every version for days: an hour of all of
/// them, and then some.
struct KeptVersions {
    let storage: any Storage
    static let folder = "_kept"

    struct Entry: Hashable {
        var version: Int64
        var until: Timestamp
        /// Who keeps it: see ``DeltaTable/keep(version:until:by:atMost:)``.
        var keeper: String
    }

    private static func name(_ version: Int64, _ keeper: String) -> String {
        "\(folder)/\(LogName.digits(version)).\(keeper).json"
    }

    /// All of them, in the order of their versions, also those whose time is over.
    func entries() throws -> [Entry] {
        try storage.list(Self.folder, from: "").compactMap { entry in
            let pieces = entry.name.split(separator: ".")
            guard pieces.count == 3, pieces[2] == "json", let version = Int64(pieces[0]),
                // One that is being removed by another process.
                let bytes = try? storage.read("\(Self.folder)/\(entry.name)"),
                let until = bytes.withUnsafeBufferPointer({ JSONParser.parse($0) })?["until"]?.int
            else { return nil }
            return Entry(version: version, until: Timestamp(milliseconds: until), keeper: String(pieces[1]))
        }
    }

    /// The versions that are kept at a time.
    func versions(now: Timestamp) throws -> Set<Int64> { Set(try entries().filter { $0.until > now }.map(\.version)) }

    func add(_ entry: Entry) throws {
        let text = JSON.object(["until": .int(entry.until.milliseconds)]).text
        try storage.replace(Self.name(entry.version, entry.keeper), Array(text.utf8))
    }

    func remove(_ entry: Entry) throws { try storage.delete(Self.name(entry.version, entry.keeper)) }
}
