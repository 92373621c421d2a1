internal import Domain
internal import Foundation
internal import Operations
internal import Synchronization

/// Local copies of objects that are mapped into memory, and the place where folders are filled before they are uploaded.
///
///     <folder>/<digest of endpoint and bucket>/<key>          the copy
///     <folder>/<digest of endpoint and bucket>/<key>.etag     which object it is a copy of
///
/// Only for this user's eyes. Each process that begins to use it tidies it: copies that nobody asked for during a month go, and
/// those that nobody asked for during a day if their object is no more, such as a model that was replaced because it knew
/// somebody who asked to be forgotten; so does what a killed process left half-fetched. Who has a copy mapped keeps its bytes.
final class ObjectCache: Sendable {
    /// In seconds.
    private static let lifetime: TimeInterval = 30 * 86_400
    /// In seconds: nothing is fetched for so long, and no copy in daily use is asked about.
    private static let rest: TimeInterval = 86_400
    private static let suffix = ".etag"
    /// Objects are fetched in pieces of so many bytes.
    private static let pieceSize = 16 << 20

    private let client: ObjectClient
    private let root: String
    private let folder: String
    private let isSwept = Mutex(false)
    private let gate = Gate()

    init(client: ObjectClient, folder: String) {
        self.client = client
        root = folder
        let place = Digest.sha256("\(client.settings.endpoint)/\(client.bucket)").hex.prefix(16)
        self.folder = "\(folder)/\(place)"
    }

    /// The path of a copy, which is fetched if there is none yet or if it is one of another object.
    /// - Throws: `StorageError.missing`
    func copy(of key: String) throws -> String {
        guard let facts = try client.head(key) else { throw StorageError.missing(path: client.path(key)) }
        try prepare()
        return try gate.hold(key) {
            let path = "\(folder)/\(key)"
            let mark = path + Self.suffix
            let known = try? String(contentsOfFile: mark, encoding: .utf8)
            if known == facts.etag, (try? LocalFile(path: path).size) == facts.size {
                // Its time tells when it was last asked for.
                try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: mark)
                return path
            }
            try? FileManager.default.removeItem(atPath: mark)
            let file = try AtomicFile(path: path, makesFolders: true)
            for start in stride(from: 0, to: facts.size, by: Self.pieceSize) {
                try file.write(
                    client.read(key, start..<min(start + Self.pieceSize, facts.size), etag: facts.etag))
            }
            try file.finish()
            try AtomicFile.write(Array(facts.etag.utf8), to: mark)
            return path
        }
    }

    /// Removes the copy of an object that is no more.
    func forget(_ key: String) {
        let path = "\(folder)/\(key)"
        guard (try? FileManager.default.removeItem(atPath: path + Self.suffix)) != nil else { return }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A folder of the disk to fill; those of dead makers are removed.
    func stage() throws -> any StagedFolder {
        try prepare()
        return try LocalStorage("\(root)/staging").stage()
    }

    private func prepare() throws {
        try isSwept.withLock { isSwept in
            guard !isSwept else { return }
            let manager = FileManager.default
            do {
                try manager.createDirectory(
                    atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw StorageError.io(path: root, operation: "create", errno: errno)
            }
            isSwept = true
            sweep()
        }
    }

    /// Of an object of which the service says nothing nothing is known.
    private func isGone(_ key: String) -> Bool {
        do { return try client.head(key) == nil } catch { return false }
    }

    private func sweep() {
        let manager = FileManager.default
        for name in manager.enumerator(atPath: folder)?.allObjects as? [String] ?? [] {
            let path = "\(folder)/\(name)"
            guard let facts = try? manager.attributesOfItem(atPath: path),
                facts[.type] as? FileAttributeType == .typeRegular,
                let changed = facts[.modificationDate] as? Date, -changed.timeIntervalSinceNow > Self.rest
            else { continue }
            if name.hasSuffix(Self.suffix) {
                let key = String(name.dropLast(Self.suffix.count))
                if -changed.timeIntervalSinceNow > Self.lifetime || isGone(key) { forget(key) }
            } else if !manager.fileExists(atPath: path + Self.suffix) {
                try? manager.removeItem(atPath: path)
            }
        }
    }
}
