internal import Domain
internal import Foundation

/// A folder filled on the local disk and uploaded file by file; see `StagedFolder` for how it appears at once.
final class S3StagedFolder: StagedFolder {
    /// What a dead maker uploaded is removed after this time, in microseconds; a maker gives up after half of it.
    private static let lifetime: Int64 = 86_400_000_000
    /// Files are read and sent in pieces of so many bytes.
    private static let pieceSize = 4 << 20

    private let storage: S3Storage
    private let local: any StagedFolder
    var path: String { local.path }

    /// - Parameter local: a folder of the disk that goes away with its maker.
    init(in storage: S3Storage, local: any StagedFolder) {
        self.storage = storage
        self.local = local
    }

    func publish(as name: String, last: String) throws -> Bool {
        try sweep(last: last)
        let began = Timestamp.now
        let files = try LocalStorage(path).list("", from: "").map(\.name).filter { $0 != last }
        var stored: [String] = []
        do {
            for file in files + [last] {
                guard Timestamp.now.microseconds - began.microseconds < Self.lifetime / 2 else {
                    throw ObjectStoreError.unavailable(
                        path: storage.path(of: name), operation: "write", attempts: 1, reason: "it takes too long")
                }
                // The first file claims the name.
                guard try upload(file, as: "\(name)/\(file)") else {
                    remove(stored)
                    return false
                }
                stored.append("\(name)/\(file)")
            }
        } catch {
            remove(stored)
            throw error
        }
        local.abandon()
        return true
    }

    func abandon() { local.abandon() }

    private func upload(_ file: String, as name: String) throws -> Bool {
        let object = try LocalStorage(path).open(file)
        let writer = S3Writer(storage.client, key: storage.key(name))
        for start in stride(from: 0, to: object.size, by: Self.pieceSize) {
            try writer.write(object.read(start..<min(start + Self.pieceSize, object.size)))
        }
        return try writer.publish()
    }

    /// What cannot be removed lacks its last file, and the next maker removes it.
    private func remove(_ names: [String]) { for name in names { try? storage.delete(name) } }

    /// Removes what dead makers left: folders without the file that makes them count, in which nothing was made for a day.
    private func sweep(last: String) throws {
        let objects = try storage.client.list(storage.prefix, isDeep: true).objects
        var folders: [Substring: [StoredName]] = [:]
        for object in objects {
            let parts = object.name.dropFirst(storage.prefix.count).split(separator: "/")
            if parts.count == 2 { folders[parts[0], default: []].append(object) }
        }
        let limit = Timestamp.now.microseconds - Self.lifetime
        for (folder, files) in folders {
            guard !files.contains(where: { $0.name == "\(storage.prefix)\(folder)/\(last)" }),
                files.allSatisfy({ $0.modified.microseconds < limit })
            else { continue }
            for file in files { try? storage.client.delete(file.name) }
        }
    }
}
