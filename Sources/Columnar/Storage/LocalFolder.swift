import Domain
import Foundation

/// What the local storage does with folders.
enum LocalFolder {
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The names in a folder that are at least `start`, by their bytes; none if it does not exist.
    static func names(in path: String, from start: String = "") throws -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw ColumnarError.io(path: path, operation: "list", errno: errno)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    strcmp($0, start) < 0 ? "." : String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Nil if the file has gone since it was listed.
    static func entry(_ name: String, at path: String) throws -> StoredName? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw ColumnarError.io(path: path, operation: "look at", errno: errno)
        }
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000
        return StoredName(name: name, size: Int(status.st_size), modified: Timestamp(microseconds: modified))
    }

    /// Makes a folder and those above it, durably.
    static func make(_ path: String) throws {
        if isFolder(path) { return }
        let above = parent(of: path)
        if above != path { try make(above) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw ColumnarError.io(path: path, operation: "create", errno: errno)
        }
        try sync(above)
    }

    /// Makes the names in a folder durable.
    static func sync(_ path: String) throws {
        let descriptor = Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ColumnarError.io(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw ColumnarError.io(path: path, operation: "sync", errno: errno) }
    }
}
