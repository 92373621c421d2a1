internal import Glibc

/// A hidden folder that its maker keeps locked while it lives.
///
/// The lock tells the next maker what to remove: a folder whose lock can be had belongs to nobody any more.
final class LocalStagedFolder: StagedFolder {
    static let prefix = ".staging-"
    /// What earlier versions called theirs: they removed any folder of that name, and locked none.
    private static let formerPrefix = ".publishing-"
    /// In microseconds. One of an earlier version in which nothing was made for so long belongs to nobody.
    private static let formerTerm: Int64 = 86_400_000_000

    let path: String
    private let parent: String
    private let descriptor: Int32
    private var isPublished = false

    /// Removes what dead makers left in `parent`, and makes a folder there.
    init(in parent: String) throws {
        try LocalFolder.make(parent)
        try Self.sweep(parent)
        self.parent = parent
        while true {
            let path = "\(parent)/\(LocalFolder.uniqueName(Self.prefix))"
            guard mkdir(path, 0o755) == 0 else {
                throw StorageError.io(path: path, operation: "create", errno: errno)
            }
            let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            // A sweep that came before the lock has removed the folder: make another.
            if descriptor < 0, errno == ENOENT { continue }
            guard descriptor >= 0 else { throw StorageError.io(path: path, operation: "open", errno: errno) }
            do {
                try LocalFolder.lock(descriptor, path: path)
            } catch {
                close(descriptor)
                throw error
            }
            if LocalFolder.isFolder(path) {
                self.path = path
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        abandon()
        close(descriptor)
    }

    func publish(as name: String, last: String) throws -> Bool {
        for file in try LocalFolder.names(in: path) { try LocalFolder.syncFile("\(path)/\(file)") }
        try LocalFolder.sync(path)
        let final = "\(parent)/\(name)"
        guard rename(path, final) == 0 else {
            if errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR { return false }
            throw StorageError.io(path: final, operation: "create", errno: errno)
        }
        isPublished = true
        try LocalFolder.sync(parent)
        return true
    }

    func abandon() {
        if !isPublished { LocalFolder.remove(path) }
    }

    private static func sweep(_ parent: String) throws {
        for name in try LocalFolder.names(in: parent) where name.hasPrefix(formerPrefix) {
            let path = "\(parent)/\(name)"
            if LocalFolder.age(of: path) ?? 0 > formerTerm { LocalFolder.remove(path) }
        }
        for name in try LocalFolder.names(in: parent) where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { LocalFolder.remove(path) }
            close(descriptor)
        }
    }
}
