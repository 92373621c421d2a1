import Foundation

/// What the user named: a folder of files, an archive of them, or a single file, packed or not.
public struct ImportFiles: Sendable {
    private enum Form { case folder, archive, packedFile, plainFile }

    public let path: String
    private let form: Form
    /// Name to size.
    private let files: [String: Int?]

    /// - Throws: ``DelimitedError/unreadable(path:reason:)``
    public init(_ path: String) throws {
        self.path = path
        guard let isFolder = Self.isFolder(path) else {
            throw DelimitedError.unreadable(path: path, reason: "there is no such file or folder")
        }
        if isFolder {
            form = .folder
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            files = Dictionary(
                uniqueKeysWithValues: names.filter { Self.isFolder("\(path)/\($0)") == false }
                    .map { ($0, Self.size("\(path)/\($0)")) })
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
    public var names: [String] { files.keys.filter { !$0.isEmpty }.sorted() }

    /// The files that together are one: of a folder or an archive those that Spark, Hive and others call parts, and where
    /// none is called so, all but marks and checksums (`_SUCCESS`, `.part-00000.crc`). Sorted.
    public var parts: [String] {
        let visible = names.filter { !$0.hasPrefix("_") && !$0.hasPrefix(".") && !$0.hasSuffix(".crc") }
        let parts = visible.filter { $0.hasPrefix("part-") }
        return parts.isEmpty ? visible : parts
    }

    /// Whether there is a file of this name; case counts, and folders inside the folder do not. O(1).
    public func contains(_ name: String) -> Bool { files[name] != nil }

    /// Bytes of the unpacked file, where that is known before it is read.
    public func size(of name: String) -> Int? {
        if form == .folder, PackedFile.isPacked("\(path)/\(name)") { return nil }
        return files[name] ?? nil
    }

    /// Bytes of all these files, where that is known before they are read.
    public func size(of names: [String]) -> Int? {
        names.reduce(0) { sum, name in sum.flatMap { sum in size(of: name).map { sum + $0 } } }
    }

    /// A file of the folder may be packed itself.
    public func open(_ name: String) throws -> any ByteStream {
        switch form {
        case .folder:
            PackedFile.isPacked("\(path)/\(name)")
                ? try PackedFile(path: "\(path)/\(name)", name: nil) : try PlainFile(path: "\(path)/\(name)")
        case .archive: try PackedFile(path: path, name: name)
        case .packedFile: try PackedFile(path: path, name: nil)
        case .plainFile: try PlainFile(path: path)
        }
    }

    /// Where a file is, for messages.
    public func place(of name: String) -> String {
        switch form {
        case .folder: "\(path)/\(name)"
        case .archive: "\(path) (\(name))"
        case .packedFile, .plainFile: path
        }
    }

    /// Nil if there is nothing.
    private static func isFolder(_ path: String) -> Bool? {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) ? isFolder.boolValue : nil
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
