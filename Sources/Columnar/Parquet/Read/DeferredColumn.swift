import Domain
import Synchronization

/// A column of one row group whose bytes are in memory as the file has them: it is decoded when somebody asks for it, which
/// needs no file any more.
final class DeferredColumn: Sendable {
    private let file: ParquetFile
    private let name: String
    private let rowGroup: Int
    private let state: Mutex<State>

    private enum State {
        case stored([Int: [UInt8]])
        case decoded(Column)
        case damaged(any Error)
    }

    /// Reads the bytes.
    /// - Throws: ``ColumnarError`` if the column is not there or cannot be read.
    init(_ name: String, rowGroup: Int, of file: ParquetFile) throws {
        self.file = ParquetFile(detached: file)
        self.name = name
        self.rowGroup = rowGroup
        let group = file.metadata.rowGroups[rowGroup]
        var chunks: [Int: [UInt8]] = [:]
        for leaf in try file.readable(name).1.leaves {
            let plan = try naming(file.path) {
                try ChunkPlan(
                    of: group.columns[leaf.index], leaf, rows: Int(group.rowCount), selection: nil, in: file)
            }
            chunks[leaf.index] = try plan.load(file.object)
        }
        state = Mutex(.stored(chunks))
    }

    /// The column. Decoded once; who asks meanwhile waits.
    /// - Throws: ``ColumnarError`` for damage, each time.
    func column() throws -> Column {
        try state.withLock { state in
            switch state {
            case .decoded(let column): return column
            case .damaged(let error): throw error
            case .stored(let chunks):
                do {
                    let batch = try file.read(columns: [name], rowGroup: rowGroup, selection: nil, loaded: chunks)
                    state = .decoded(batch.columns[0])
                    return batch.columns[0]
                } catch {
                    state = .damaged(error)
                    throw error
                }
            }
        }
    }
}

/// What a file leaves behind whose bytes are not needed any more.
struct DetachedObject: StoredObject {
    let size: Int
    let path: String

    func read(_ range: Range<Int>) throws -> [UInt8] { throw StorageError.missing(path: path) }
}
