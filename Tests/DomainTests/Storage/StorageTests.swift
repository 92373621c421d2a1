import Domain
import Foundation
import TestSupport
import Testing

/// The local disk keeps the promises of every storage, and those of its own.
struct StorageTests {
    @Test(arguments: StorageConformance.promises.map(\.name))
    func theDiskKeepsThePromise(_ name: String) async throws {
        for promise in StorageConformance.promises where promise.name == name {
            try await withTemporaryFolder { try promise.check(LocalStorage($0.appending(path: "store").path)) }
        }
    }

    /// The double that other tests use is held to the same.
    @Test(arguments: StorageConformance.promises.map(\.name))
    func theMemoryKeepsThePromise(_ name: String) throws {
        for promise in StorageConformance.promises where promise.name == name { try promise.check(MemoryStorage()) }
    }

    @Test func nothingIsLeftBesideTheObjects() async throws {
        try await withTemporaryFolder { folder in
            let storage = LocalStorage(folder.path + "/")
            #expect(storage.location == folder.path)
            _ = try storage.putIfAbsent("a", [1])
            _ = try storage.putIfAbsent("a", [2])
            try storage.replace("a", [3])
            _ = try storage.stage()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
        }
    }

    @Test func theNextMakerRemovesTheFolderOfADeadOne() async throws {
        try await withTemporaryFolder { folder in
            let left = folder.appending(path: ".staging-4711/deep")
            try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
            try Data([1]).write(to: left.appending(path: "file"))
            let staged = try LocalStorage(folder.path).stage()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
            #expect(staged.path.hasPrefix("\(folder.path)/.staging-") && !staged.path.hasSuffix("-4711"))
        }
    }

    /// Earlier versions called their folders otherwise, removed any of that name, and locked none.
    @Test func aFolderOfAnEarlierVersionStaysForADay() async throws {
        try await withTemporaryFolder { folder in
            let left = folder.appending(path: ".publishing-4711")
            try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
            _ = try LocalStorage(folder.path).stage()
            #expect(FileManager.default.fileExists(atPath: left.path))
            let before = Date(timeIntervalSinceNow: -90_000)
            try FileManager.default.setAttributes([.modificationDate: before], ofItemAtPath: left.path)
            _ = try LocalStorage(folder.path).stage()
            #expect(!FileManager.default.fileExists(atPath: left.path))
        }
    }

    @Test func aReplacedFileLosesTheChecksumThatHadoopKeptOfIt() async throws {
        try await withTemporaryFolder { folder in
            let storage = LocalStorage(folder.path)
            for name in ["a", ".a.crc", "b", ".b.crc"] { _ = try storage.putIfAbsent(name, [1]) }
            try storage.replace("a", [2])
            try storage.delete("b")
            #expect(try storage.list("", from: "").map(\.name) == ["a"])
        }
    }

    @Test func errorsNameTheFileAndWhatToDo() async throws {
        try await withTemporaryFolder { folder in
            let storage = LocalStorage(folder.path)
            _ = try storage.putIfAbsent("file", [1])
            let blocked = #expect(throws: StorageError.self) { try storage.replace("file/below", [1]) }
            #expect(blocked?.code == "storage-io" && blocked?.message.contains("\(folder.path)/file") == true)
            #expect(throws: StorageError.io(path: folder.path, operation: "read", errno: EISDIR)) {
                try MappedFile(path: folder.path)
            }
            let full = StorageError.io(path: "x", operation: "write", errno: ENOSPC)
            #expect(full.description.contains("No space left on device") && full.advice.contains("Make room"))
            #expect(SystemError(ENOENT).clause == "no such file or directory")
        }
    }
}
