import CArchive
import Foundation

/// One file inside a zip or tar archive, or the content of a compressed file (gzip, zstd, xz, bzip2), unpacked as it is
/// read. Used by one thread.
final class PackedFile: ByteStream {
    private let archive: OpaquePointer
    private let path: String
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)

    /// - Parameter name: the file's last path component inside the archive; nil for the only one.
    /// - Throws: ``DelimitedError/unreadable(path:reason:)``
    init(path: String, name: String?) throws {
        archive = try Self.open(path)
        self.path = path
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            guard status == ARCHIVE_OK || status == ARCHIVE_WARN else {
                let reason = status == ARCHIVE_EOF ? "there is no \(name ?? "file") in it" : Self.reason(archive)
                archive_read_free(archive)
                throw DelimitedError.unreadable(path: path, reason: reason)
            }
            if name == nil || Self.name(entry) == name { return }
        }
    }

    deinit { archive_read_free(archive) }

    func next() throws -> [UInt8]? {
        let count = buffer.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
        guard count >= 0 else {
            throw DelimitedError.unreadable(path: path, reason: "unpacking failed: \(Self.reason(archive))")
        }
        return count == 0 ? nil : Array(buffer[..<count])
    }

    /// The last path components of the files in an archive with their sizes, where those are known.
    static func list(_ path: String) throws -> [String: Int?] {
        let archive = try open(path)
        defer { archive_read_free(archive) }
        var found: [String: Int?] = [:]
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return found }
            guard status == ARCHIVE_OK || status == ARCHIVE_WARN else {
                throw DelimitedError.unreadable(path: path, reason: reason(archive))
            }
            let size: Int? = archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : nil
            found.updateValue(size, forKey: name(entry))
        }
    }

    /// Whether a file begins as one of the packed formats does.
    static func isPacked(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 512) else {
            return false
        }
        let magic: [[UInt8]] = [
            [0x50, 0x4B, 3, 4], [0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD], [0xFD, 0x37, 0x7A, 0x58, 0x5A],
            Array("BZh".utf8),
        ]
        let bytes = [UInt8](start)
        return magic.contains { bytes.starts(with: $0) }
            || bytes.count > 262 && bytes[257..<262].elementsEqual("ustar".utf8)
    }

    private static func open(_ path: String) throws -> OpaquePointer {
        guard let archive = archive_read_new() else {
            throw DelimitedError.unreadable(path: path, reason: "there is no memory")
        }
        archive_read_support_filter_all(archive)
        archive_read_support_format_zip(archive)
        archive_read_support_format_tar(archive)
        // A compressed file that is no archive is one file.
        archive_read_support_format_raw(archive)
        guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else {
            let reason = reason(archive)
            archive_read_free(archive)
            throw DelimitedError.unreadable(path: path, reason: reason)
        }
        return archive
    }

    private static func name(_ entry: OpaquePointer?) -> String {
        guard let text = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else { return "" }
        let path = String(cString: text)
        return path.last == "/" ? "" : path.split(separator: "/").last.map(String.init) ?? ""
    }

    private static func reason(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be read"
    }
}
