internal import Catalog
internal import Columnar
internal import Domain
internal import Foundation
internal import Store

/// What an earlier run of the demo left in the store. All calls block.
struct DemoStore {
    let folder: String
    private var store: EventStore { EventStore(folder: folder) }

    struct Contents: Sendable {
        var films = 0
        var events = 0
        /// Whether a history was stored to its end.
        var isComplete = false
    }

    /// The stored history ended here, not in the middle of an interrupted run.
    private var marker: String { "\(folder)/.demo-history-is-complete" }

    func contents() throws -> Contents {
        var contents = Contents()
        guard FileManager.default.fileExists(atPath: folder) else { return contents }
        contents.films = try StoredCatalogue(store: store).read()?.snapshot.count ?? 0
        contents.events = try events()?.rowCount.map(Int.init) ?? 0
        contents.isComplete = FileManager.default.fileExists(atPath: marker)
        return contents
    }

    func markComplete() throws {
        do {
            try AtomicFile.write([], to: marker)
        } catch {
            throw PlatformError.cannotWrite(path: marker)
        }
    }

    /// Identifiers of all stored events.
    func eventIDs() throws -> Set<ExactText> {
        var ids: Set<ExactText> = []
        guard let events = try events() else { return ids }
        var scan = try events.scan(columns: [EventColumn.eventID])
        while let batch = try scan.next() {
            guard let column = try batch.column(named: EventColumn.eventID).byteStrings else { continue }
            for row in 0..<batch.rowCount {
                if let id = column.string(at: row) { ids.insert(ExactText(id)) }
            }
        }
        return ids
    }

    /// Nil where there is no table, or one that the ingester is just making: its folder comes before its first commit.
    private func events() throws -> Snapshot? {
        try store.openIfPresent(.events)?.snapshot()
    }
}
