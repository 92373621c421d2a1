import Foundation

/// Bytes that come piece by piece. Used by one thread.
public protocol ByteStream: AnyObject {
    /// The next piece, which is not empty; nil at the end. Blocks.
    /// - Throws: ``DelimitedError/unreadable(path:reason:)``
    func next() throws -> [UInt8]?
}

/// A file as it is.
final class PlainFile: ByteStream {
    private let file: FileHandle
    private let path: String

    init(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw DelimitedError.unreadable(
                path: path,
                reason: FileManager.default.fileExists(atPath: path) ? "it cannot be opened" : "there is no such file")
        }
        self.file = file
        self.path = path
    }

    deinit { try? file.close() }

    func next() throws -> [UInt8]? {
        do {
            guard let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty else { return nil }
            return [UInt8](chunk)
        } catch {
            throw DelimitedError.unreadable(path: path, reason: "reading failed: \(error.localizedDescription)")
        }
    }
}

/// Bytes that are in memory already.
public final class BytesStream: ByteStream {
    private var bytes: [UInt8]?

    /// All of them come as one piece.
    public init(_ bytes: [UInt8]) { self.bytes = bytes.isEmpty ? nil : bytes }

    public func next() throws -> [UInt8]? { bytes.take() }
}

extension ByteStream {
    /// All that is left, in one piece.
    /// - Throws: as ``next()``.
    public func rest() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try next() { bytes += piece }
        return bytes
    }
}
