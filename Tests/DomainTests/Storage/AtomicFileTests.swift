import Domain
import Foundation
import TestSupport
import Testing

struct AtomicFileTests {
    @Test func aFileIsReplacedWholeWhenItIsFinished() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "report").path
            try AtomicFile.write([1, 2], to: path)
            chmod(path, 0o600)
            let file = try AtomicFile(path: path)
            try file.write([3])
            #expect(try LocalStorage(folder.path).read("report") == [1, 2])
            try file.write([4, 5])
            #expect(file.count == 3)
            try file.finish()
            #expect(try LocalStorage(folder.path).read("report") == [3, 4, 5])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func anUnfinishedFileGoesAway() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "report").path
            try AtomicFile.write([1], to: path)
            do {
                let file = try AtomicFile(path: path)
                try file.write([2])
            }
            #expect(try LocalStorage(folder.path).read("report") == [1])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report"])
        }
    }

    @Test func aLinkStaysAndItsFileIsReplaced() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "file").path
            let link = folder.appending(path: "link").path
            try AtomicFile.write([1], to: file)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "file")
            try AtomicFile.write([2], to: link)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file")
            #expect(try LocalStorage(folder.path).read("file") == [2])
        }
    }

    @Test func aPipeIsWrittenToInPlace() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "pipe").path
            #expect(mkfifo(path, 0o600) == 0)
            // Read and write, so that nobody waits for the other side.
            let reader = open(path, O_RDWR)
            defer { close(reader) }
            try AtomicFile.write(Array("whole".utf8), to: path)
            var bytes = [UInt8](repeating: 0, count: 16)
            #expect(read(reader, &bytes, 16) == 5)
            #expect(String(decoding: bytes.prefix(5), as: UTF8.self) == "whole")
        }
    }

    @Test func aFolderIsNoPlaceForAFileAndAMissingOneIsMadeOnlyIfAsked() async throws {
        try await withTemporaryFolder { folder in
            #expect(throws: StorageError.io(path: folder.path, operation: "replace", errno: EISDIR)) {
                try AtomicFile.write([1], to: folder.path)
            }
            let deep = folder.appending(path: "a/b/file").path
            #expect(throws: StorageError.io(path: deep, operation: "create", errno: ENOENT)) {
                try AtomicFile.write([1], to: deep)
            }
            try AtomicFile.write([1], to: deep, makesFolders: true)
            #expect(FileManager.default.fileExists(atPath: deep))
        }
    }
}
