import Domain
import Foundation

extension StorageConformance {
    static let reading: [Promise] = [
        Promise(name: "an empty storage has nothing, and asking is no error") { storage in
            try expect(storage.status("a") == nil, "a status of nothing")
            try expect(storage.list("", from: "").isEmpty, "a listing of nothing")
            try expect(storage.list("log", from: "").isEmpty, "a listing of a folder that is not there")
            try expect(storage.listFolders("").isEmpty, "folders of nothing")
            try expect(storage.listData().isEmpty, "data of nothing")
            try storage.delete("a")
            try expect(throws: { $0 == .missing(path: storage.path(of: "a")) }, "open") { _ = try storage.open("a") }
            try expect(throws: { $0 == .missing(path: storage.path(of: "a")) }, "localPath") {
                _ = try storage.localPath("a")
            }
        },
        Promise(name: "objects are listed from a name on, by their bytes, without what lies deeper") { storage in
            for name in ["3", "1", "2", "10", "ä", "Z", "deep/4", "deep/er/5"] {
                try expect(storage.putIfAbsent("log/\(name)", Array(name.utf8)), "a free name is taken")
            }
            let names = ["1", "10", "2", "3", "Z", "ä"]
            try expect(storage.list("log", from: "").map(\.name) == names, "a listing in order")
            try expect(
                storage.list("log", from: "2").map(\.name) == Array(names[2...]), "a listing from a name that is")
            try expect(
                storage.list("log", from: "11").map(\.name) == Array(names[2...]), "a listing from a name that is not")
            try expect(storage.listFolders("log") == ["deep"] && storage.listFolders("") == ["log"], "folders")
            try expect(storage.listFolders("log/deep") == ["er"], "folders of a folder")
            try expect(storage.status("log/10")?.size == 2, "a size")
            try expect(storage.status("log/deep") == nil, "a folder is no object")
        },
        Promise(name: "data leaves out what begins with a dot or an underscore") { storage in
            for name in ["a=1/b c/data", "_log/x", ".hidden", "a=1/_b/y", "plain"] {
                _ = try storage.putIfAbsent(name, [1])
            }
            try expect(storage.listData().map(\.name).sorted() == ["a=1/b c/data", "plain"], "the data")
        },
        Promise(name: "objects are read by ranges, and never past their end") { storage in
            _ = try storage.putIfAbsent("a/data", [1, 2, 3, 4, 5])
            let object = try storage.open("a/data")
            try expect(object.size == 5, "a size")
            try expect(object.read(1..<4) == [2, 3, 4] && object.read(5..<5) == [], "ranges")
            try expect(
                throws: { if case .truncated = $0 { true } else { false } }, "a range past the end",
                { _ = try object.read(3..<6) })
            try expect(storage.read("a/data") == [1, 2, 3, 4, 5], "the whole")
        },
        Promise(name: "an open object keeps its bytes when another takes its name") { storage in
            _ = try storage.putIfAbsent("a", [1, 2])
            let object = try storage.open("a")
            try storage.replace("a", [3, 4])
            try expect(object.read(0..<2) == [1, 2], "the old bytes")
            try storage.delete("a")
            try expect(object.read(0..<1) == [1], "the old bytes after a removal")
        },
        Promise(name: "objects of a folder can be mapped and lie beside each other") { storage in
            _ = try storage.putIfAbsent("m/a", [1, 2, 3])
            _ = try storage.putIfAbsent("m/b", [])
            let mapped = try storage.map("m/a")
            try expect(mapped.withBytes({ Array($0) }) == [1, 2, 3], "the bytes")
            try expect(storage.map("m/b").count == 0, "an empty object")
            let paths = try ["m/a", "m/b"].map { URL(filePath: try storage.localPath($0)) }
            try expect(paths.map(\.lastPathComponent) == ["a", "b"], "their own names")
            try expect(paths[0].deletingLastPathComponent() == paths[1].deletingLastPathComponent(), "one folder")
            try storage.delete("m/a")
            try expect(mapped.withBytes({ Array($0) }) == [1, 2, 3], "the bytes after a removal")
        },
        Promise(name: "a folder is a storage of its own over the same objects") { storage in
            let inner = storage.folder("a").folder("b")
            try expect(inner.location == "\(storage.location)/a/b", "a location")
            try expect(!inner.exists(), "nothing there yet")
            _ = try inner.putIfAbsent("c", [1])
            try expect(inner.exists() && storage.exists(), "there")
            try expect(storage.read("a/b/c") == [1], "seen from above")
            try expect(inner.list("", from: "").map(\.name) == ["c"], "a listing")
        },
    ]
}
