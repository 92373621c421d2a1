import Foundation
import TestSupport

/// The rooms as their sources show them: who imports whom, and which folder uses the names of which.
///
/// A use is a word that names what another folder of the room declares at the top level. None is: what stands in a
/// comment or a text; a member (`x.name`, or a bare name inside the type that has it, wherever it is declared); a label; a
/// name that the file declares for itself. Members that a folder adds to another's type in an extension are not
/// followed.
struct House {
    let files: [SourceFile]
    /// Names of the C targets.
    let libraries: Set<String>

    /// One folder that uses a name of another one.
    struct Use: Hashable, CustomStringConvertible {
        let room: String
        let from: String
        let to: String
        let place: String
        let name: String

        var description: String { "\(place): \(name) of \(room)/\(to) is used in \(room)/\(from)" }
    }

    /// - Parameter sources: text by path, such as `Sources/Domain/Event.swift`.
    init(_ sources: [String: String], libraries: Set<String> = []) {
        files = sources.sorted { $0.key < $1.key }.map { SourceFile(path: $0, $1) }
        self.libraries = libraries
    }

    /// The house that this checkout holds.
    static func here() throws -> House {
        let root = Checkout.root.appending(path: "Sources").path
        var sources: [String: String] = [:]
        for path in FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
        where path.hasSuffix(".swift") && !path.hasPrefix("C/") {
            sources["Sources/\(path)"] = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
        }
        let targets = try FileManager.default.contentsOfDirectory(atPath: "\(root)/C")
        return House(sources, libraries: Set(targets.filter { !$0.hasSuffix(".md") }))
    }

    var rooms: [String] { Set(files.map(\.room)).sorted() }

    func folders(of room: String) -> Set<String> { Set(files.filter { $0.room == room }.map(\.folder)) }

    // MARK: Between rooms

    /// Imports of a room that does not stand lower, and of rooms without a place.
    func importsThatDoNotPointDown(_ levels: [String: Int]) -> [String] {
        let names = Set(rooms)
        return files.flatMap { file in
            file.imports.filter { names.contains($0.module) }.compactMap { module, line in
                guard let here = levels[file.room], let there = levels[module] else {
                    return "\(file.path):\(line): \(file.room) or \(module) has no level"
                }
                return there < here
                    ? nil : "\(file.path):\(line): \(file.room) imports \(module), which does not lie below"
            }
        }
    }

    /// The rooms that import each C library. Those nobody imports are there with none.
    func importers() -> [String: Set<String>] {
        var importers = Dictionary(uniqueKeysWithValues: libraries.map { ($0, Set<String>()) })
        for file in files {
            for (module, _) in file.imports where libraries.contains(module) { importers[module]?.insert(file.room) }
        }
        return importers
    }

    // MARK: Between folders

    /// Every use across folders of one room.
    func uses(in room: String) -> [Use] {
        let files = files.filter { $0.room == room }
        var owners: [String: [SourceFile]] = [:]
        var members: [String: Set<String>] = [:]
        for file in files {
            for name in file.declared { owners[name, default: []].append(file) }
            members.merge(file.members) { $0.union($1) }
        }
        var uses: Set<Use> = []
        for file in files {
            for word in file.words {
                guard let declaring = owners[word.text], !declaring.contains(where: { $0.folder == file.folder }),
                    isUse(word, in: file, members)
                else { continue }
                for owner in declaring {
                    uses.insert(
                        Use(
                            room: room, from: file.folder, to: owner.folder, place: "\(file.path):\(word.line)",
                            name: word.text))
                }
            }
        }
        return uses.sorted { $0.place < $1.place }
    }

    private func isUse(_ word: Word, in file: SourceFile, _ members: [String: Set<String>]) -> Bool {
        if word.before == "." && word.secondBefore != file.room { return false }
        // A label, unless it is a type: `[Key: Value]`, `extension Name: Protocol`.
        if word.behind == ":" && word.text.first?.isUppercase == false { return false }
        if file.own.contains(word.text) { return false }
        return !word.scopes.contains { type in type.map { members[$0]?.contains(word.text) ?? false } ?? false }
    }

    /// Uses of what does not lie below in the room's order of folders (top first), and folders that have no place in it.
    func usesThatDoNotPointDown(in room: String, _ order: [String]) -> [Use] {
        uses(in: room).filter { use in
            guard let here = order.firstIndex(of: use.from), let there = order.firstIndex(of: use.to) else {
                return true
            }
            return there < here
        }
    }
}
