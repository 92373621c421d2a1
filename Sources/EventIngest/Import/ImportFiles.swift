import Foundation

/// Bytes that come piece by piece. Used by one thread.
protocol ByteStream: AnyObject {
    /// The next piece; nil at the end.
    /// - Throws: ``IngestError/unreadableImport(path:reason:)``
    func next() throws -> [UInt8]?
}

/// What the user named: a folder of files, an archive of them, or a single file, packed or not.
struct ImportFiles: Sendable {
    private enum Form { case folder, archive, packedFile, plainFile }

    let path: String
    private let form: Form
    /// Name to size.
    private let files: [String: Int?]

    /// - Throws: ``IngestError/unreadableImport(path:reason:)``
    init(_ path: String) throws {
        self.path = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw IngestError.unreadableImport(path: path, reason: "there is no such file or folder")
        }
        if isFolder.boolValue {
            form = .folder
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            files = Dictionary(uniqueKeysWithValues: names.map { ($0, Self.size("\(path)/\($0)")) })
        } else if PackedFile.isPacked(path) {
            let list = try PackedFile.list(path)
            // libarchive calls the content of a compressed file "data".
            if list.count == 1, list.keys.first == "data" {
                form = .packedFile
                files = [Self.unpackedName(path): nil]
            } else {
                form = .archive
                files = list
            }
        } else {
            form = .plainFile
            files = [URL(filePath: path).lastPathComponent: Self.size(path)]
        }
    }

    /// Sorted.
    var names: [String] { files.keys.filter { !$0.isEmpty }.sorted() }

    func contains(_ name: String) -> Bool { files[name] != nil }

    /// Bytes of the unpacked file, where that is known before it is read.
    func size(of name: String) -> Int? { files[name] ?? nil }

    /// The file whose digest tells one edition of a data set from another.
    func digestedFile(_ name: String) -> String { form == .folder ? "\(path)/\(name)" : path }

    func open(_ name: String) throws -> any ByteStream {
        switch form {
        case .folder: try PlainFile(path: "\(path)/\(name)")
        case .archive: try PackedFile(path: path, name: name)
        case .packedFile: try PackedFile(path: path, name: nil)
        case .plainFile: try PlainFile(path: path)
        }
    }

    private static func unpackedName(_ path: String) -> String {
        let url = URL(filePath: path)
        return ["gz", "zst", "xz", "bz2"].contains(url.pathExtension.lowercased())
            ? url.deletingPathExtension().lastPathComponent : url.lastPathComponent
    }

    private static func size(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }
}

/// A file as it is.
private final class PlainFile: ByteStream {
    private let file: FileHandle
    private let path: String

    init(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw IngestError.unreadableImport(
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
            throw IngestError.unreadableImport(path: path, reason: "reading failed: \(error.localizedDescription)")
        }
    }
}
