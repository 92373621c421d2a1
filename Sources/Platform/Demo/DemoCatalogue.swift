internal import Catalog
public import Domain
internal import Foundation
internal import Operations

/// The films of a demo or a simulation.
public enum DemoCatalogue {
    /// The films of a file; lines that are none are logged.
    /// - Throws: what reading a catalogue throws.
    public static func films(at path: String) async throws -> [Movie] {
        try await BlockingWork.run("read-catalogue") { _ in
            let contents = try CatalogFile.read(path, updatedAt: .now)
            let log = Log("catalogue")
            for rejected in contents.rejected.prefix(5) {
                log.warning("a line is not a film", ["file": path, "line": rejected.line, "reason": rejected.reason])
            }
            if contents.rejected.count > 5 {
                log.warning("more lines are not films", ["file": path, "lines": contents.rejected.count - 5])
            }
            return contents.movies
        }
    }

    /// `data/films.jsonl` here, above the program (it is built inside the repository), or beside an installed program.
    /// - Throws: ``PlatformError/noCatalogue(tried:)``.
    public static func find() throws -> String {
        let name = "data/films.jsonl"
        var candidates = [name]
        if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            var folder = URL(filePath: program).deletingLastPathComponent()
            for _ in 0..<5 {
                candidates.append(folder.appending(path: name).path)
                candidates.append(folder.appending(path: "share/marquee/films.jsonl").path)
                folder.deleteLastPathComponent()
            }
        }
        guard let found = candidates.first(where: { FileManager.default.isReadableFile(atPath: $0) }) else {
            throw PlatformError.noCatalogue(tried: name)
        }
        return found
    }
}
