internal import Foundation

/// A file mapped read-only, unmapped when the last owner lets go.
///
/// Only for files that nobody changes in place: published models are immutable, and a replaced file is a new file.
///
/// `@unchecked Sendable`: the pointer is constant after `init` and the pages behind it are mapped read-only.
final class MappedFile: @unchecked Sendable {
    let path: String
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TrainerError.cannotRead(path: path, reason: lastSystemError()) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else {
            throw TrainerError.cannotRead(path: path, reason: lastSystemError())
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw TrainerError.cannotRead(path: path, reason: "it is not a regular file")
        }
        let size = Int(information.st_size)
        guard size > 0 else {
            // mmap refuses length zero.
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw TrainerError.cannotRead(path: path, reason: lastSystemError())
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
