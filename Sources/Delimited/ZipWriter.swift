internal import CArchive
public import Domain

/// Writes a zip archive, file after file, into whatever takes bytes.
///
///     let zip = try ZipWriter { try file.write($0) }
///     try zip.add("events.csv", bytes, at: .now)
///     try zip.finish()
///
/// What was added is packed and handed on at once: memory holds one file. Without ``finish()`` what was written is no archive.
/// A file past 4 GiB makes it a zip64, which nearly all readers know. Calls block.
///
/// `@unchecked Sendable`: one caller at a time adds a file, and waits until that is done.
public final class ZipWriter: @unchecked Sendable {
    /// Where the bytes go, and why they could not.
    private final class Sink {
        let take: ([UInt8]) throws -> Void
        var failure: (any Error)?

        init(_ take: @escaping ([UInt8]) throws -> Void) { self.take = take }
    }

    private let archive: OpaquePointer
    /// Lent to libarchive without being counted there: it lives as long as the archive that calls it.
    private let sink: Sink
    private var isOpen = true

    /// - Parameter sink: takes the archive's bytes in order; what it throws is thrown by the call that wrote them.
    /// - Throws: ``DelimitedError/unpackable(reason:)``
    public init(_ sink: @escaping ([UInt8]) throws -> Void) throws {
        guard let archive = archive_write_new() else { throw DelimitedError.unpackable(reason: "there is no memory") }
        self.archive = archive
        self.sink = Sink(sink)
        archive_write_set_format_zip(archive)
        // The end is not filled up to a whole block.
        archive_write_set_bytes_in_last_block(archive, 1)
        let status = archive_write_open(
            archive, Unmanaged.passUnretained(self.sink).toOpaque(), nil,
            { _, sink, bytes, count in
                guard let sink else { return -1 }
                let taker = Unmanaged<Sink>.fromOpaque(sink).takeUnretainedValue()
                do {
                    try taker.take(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
                    return count
                } catch {
                    taker.failure = error
                    return -1
                }
            }, nil)
        try check(status)
    }

    deinit {
        // Without it, freeing would write the end of an archive that nobody wants any more.
        if isOpen { archive_write_fail(archive) }
        archive_write_free(archive)
    }

    /// Adds a file that only its owner may read when it is unpacked.
    /// - Parameters:
    ///   - name: relative, with `/` between folders; ASCII, which every reader shows alike.
    ///   - time: when it was made.
    /// - Throws: ``DelimitedError/unpackable(reason:)``, or what the sink throws.
    public func add(_ name: String, _ bytes: [UInt8], at time: Timestamp) throws {
        guard let entry = archive_entry_new() else { throw DelimitedError.unpackable(reason: "there is no memory") }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        archive_entry_set_filetype(entry, 0o100000)
        archive_entry_set_perm(entry, 0o600)
        archive_entry_set_size(entry, Int64(bytes.count))
        archive_entry_set_mtime(entry, Int(time.seconds), 0)
        try check(archive_write_header(archive, entry))
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                archive_write_data(archive, $0.baseAddress.map { $0 + done }, min($0.count - done, 1 << 20))
            }
            guard count > 0 else { throw failure() }
            done += count
        }
        try check(archive_write_finish_entry(archive))
    }

    /// Writes the table of contents. Nothing may be added then.
    /// - Throws: ``DelimitedError/unpackable(reason:)``, or what the sink throws.
    public func finish() throws {
        try check(archive_write_close(archive))
        isOpen = false
    }

    private func check(_ status: Int32) throws {
        guard status == ARCHIVE_OK || status == ARCHIVE_WARN else { throw failure() }
    }

    private func failure() -> any Error {
        sink.failure
            ?? DelimitedError.unpackable(reason: archive_error_string(archive).map { String(cString: $0) } ?? "unknown")
    }
}
