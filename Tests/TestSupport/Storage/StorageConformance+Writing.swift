import Domain
import Foundation
import Synchronization

extension StorageConformance {
    static let writing: [Promise] = [
        Promise(name: "a name is taken once, replaced as a whole and removed twice") { storage in
            try expect(storage.putIfAbsent("log/2", [2]), "a free name")
            try expect(!storage.putIfAbsent("log/2", [3]), "a taken name")
            try expect(storage.read("log/2") == [2], "the first bytes stay")
            try storage.replace("log/2", [4, 5])
            try storage.replace("log/new", [6])
            try expect(storage.read("log/2") == [4, 5] && storage.read("log/new") == [6], "a replacement")
            try storage.delete("log/2")
            try storage.delete("log/2")
            try expect(storage.status("log/2") == nil, "a removal")
        },
        Promise(name: "an object grows piece by piece, or is given up without a trace") { storage in
            let writer = try storage.create("a=1/b c/data")
            for piece in [[1, 2, 3], [], [4, 5]] as [[UInt8]] { try writer.write(piece) }
            try writer.finish()
            try expect(storage.read("a=1/b c/data") == [1, 2, 3, 4, 5], "the pieces in order")
            let given = try storage.create("given/up")
            try given.write([1])
            given.abandon()
            try expect(storage.status("given/up") == nil, "nothing of what was given up")
            try expect(
                throws: { if case .io = $0 { true } else { false } }, "a name that is taken",
                { try storage.create("a=1/b c/data").finish() })
        },
        Promise(name: "bytes are added at the end of an object") { storage in
            try storage.append("logs/history", Array("a\n".utf8))
            try storage.append("logs/history", Array("b\n".utf8))
            try expect(storage.read("logs/history") == Array("a\nb\n".utf8), "both lines")
        },
        Promise(name: "a staged folder appears at once, under a name that is free") { storage in
            let first = try storage.stage()
            try fill(first, [1])
            try expect(first.publish(as: "one", last: "last"), "a free name")
            let second = try storage.stage()
            try fill(second, [2])
            try expect(storage.listFolders("").filter { !$0.hasPrefix(".") } == ["one"], "only what is published")
            try expect(!second.publish(as: "one", last: "last"), "a taken name")
            try expect(second.publish(as: "two", last: "last"), "another name")
            try expect(storage.read("one/data") == [1] && storage.read("two/data") == [2], "the files")
            try expect(storage.list("two", from: "").map(\.name) == ["data", "last"], "the names")
            let third = try storage.stage()
            try fill(third, [3])
            third.abandon()
            try expect(!FileManager.default.fileExists(atPath: third.path), "nothing of what was given up")
            try expect(storage.listFolders("") == ["one", "two"], "nothing but what was published")
        },
        Promise(name: "a folder that another maker stages is left alone") { storage in
            let first = try storage.stage()
            let second = try storage.stage()
            try fill(first, [1])
            try fill(second, [2])
            try expect(first.publish(as: "one", last: "last") && second.publish(as: "two", last: "last"), "both")
        },
    ]

    private static func fill(_ folder: any StagedFolder, _ bytes: [UInt8]) throws {
        for name in ["data", "last"] { try Data(bytes).write(to: URL(filePath: folder.path).appending(path: name)) }
    }

    static let sharing: [Promise] = [
        Promise(name: "of many who put one name, one wins") { storage in
            for round in 0..<20 {
                let winners = Mutex<[UInt8]>([])
                try together { writer in
                    if try storage.putIfAbsent("race/\(round)", [writer]) { winners.withLock { $0.append(writer) } }
                }
                let won = winners.withLock { $0 }
                try expect(won.count == 1, "\(won.count) winners")
                try expect(storage.read("race/\(round)") == won, "the winner's bytes")
            }
        },
        Promise(name: "of many who publish one folder, one wins, and all files are the winner's") { storage in
            for round in 0..<10 {
                let winners = Mutex<[UInt8]>([])
                try together { writer in
                    let staged = try storage.stage()
                    try fill(staged, [writer])
                    guard try staged.publish(as: "race-\(round)", last: "last") else { return }
                    winners.withLock { $0.append(writer) }
                }
                let won = winners.withLock { $0 }
                try expect(won.count == 1, "\(won.count) winners")
                let files = try ["data", "last"].map { try storage.read("race-\(round)/\($0)") }
                try expect(files == [won, won], "the winner's files")
            }
        },
        Promise(name: "a reader sees the old object or the new") { storage in
            try storage.replace("current", [UInt8](repeating: 0, count: 5000))
            try together { member in
                for round in 0..<40 as Range<UInt8> {
                    if member == 0 {
                        try storage.replace("current", [UInt8](repeating: round, count: 5000 + Int(round)))
                    } else {
                        let bytes = try storage.read("current")
                        let value = bytes.first ?? 255
                        try expect(
                            bytes.allSatisfy { $0 == value } && bytes.count == 5000 + Int(value), "half an object")
                    }
                }
            }
        },
        Promise(name: "lines of many writers are all there, each whole") { storage in
            try together { writer in
                for line in 0..<25 { try storage.append("history", Array("\(writer) \(line)\n".utf8)) }
            }
            let lines = try String(decoding: storage.read("history"), as: UTF8.self).split(separator: "\n")
            let expected = (0..<4).flatMap { writer in (0..<25).map { "\(writer) \($0)" } }
            try expect(lines.map(String.init).sorted() == expected.sorted(), "the lines")
        },
        Promise(name: "one at a time holds a lock, and lets go of it when it fails") { storage in
            struct Failure: Error {}
            try? storage.withLock(".lock") { throw Failure() }
            try storage.replace("count", [0])
            try together { _ in
                for _ in 0..<20 {
                    try storage.withLock(".lock") {
                        let count = try storage.read("count")[0]
                        try storage.replace("count", [count + 1])
                    }
                }
            }
            try expect(storage.read("count") == [80], "every turn counts")
        },
    ]

    /// Runs `body` on four threads at once.
    private static func together(_ body: @Sendable (UInt8) throws -> Void) throws {
        let failures = Mutex<[any Error]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { member in
            do { try body(UInt8(member)) } catch { failures.withLock { $0.append(error) } }
        }
        if let failure = failures.withLock({ $0.first }) { throw failure }
    }
}
