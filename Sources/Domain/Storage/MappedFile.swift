internal import Glibc

/// A file mapped read-only, unmapped when the last owner lets go.
///
/// Only for files that nobody changes in place: published models are immutable, and a replaced file is a new file.
///
/// `@unchecked Sendable`: the pointer is constant after `init` and the pages behind it are mapped read-only.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    private let bytes: UnsafeRawBufferPointer

    /// - Throws: ``StorageError/missing(path:)``; ``StorageError/io(path:operation:errno:)``, also for a folder.
    public init(path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw StorageError.missing(path: path) }
            throw StorageError.io(path: path, operation: "open", errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw StorageError.io(path: path, operation: "look at", errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StorageError.io(path: path, operation: "read", errno: EISDIR)
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            // mmap refuses length zero.
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw StorageError.io(path: path, operation: "map", errno: errno)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    /// Bytes of the content.
    public var count: Int { bytes.count }

    /// Calls `body` with the content, which stays mapped for so long at least, whoever lets go of this object meanwhile.
    ///
    /// The mapping does not move: whoever keeps this object may keep the pointer beside it.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        // An object may be released after its last use, which reading through its pointer is not.
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
