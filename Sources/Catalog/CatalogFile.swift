public import Domain
import Foundation

/// A catalogue in a file: one film a line, in the wire form of ``MovieJSON``.
public enum CatalogFile {
    public struct Contents: Sendable {
        /// Cleaned, in the file's order; of several films with one identifier the last.
        public var movies: [Movie]
        /// Lines that hold no usable film.
        public var rejected: [Rejection]
    }

    public struct Rejection: Sendable, Hashable {
        /// Counted from 1.
        public var line: Int
        public var reason: String
    }

    /// Reads the whole file.
    /// - Throws: ``CatalogError/unreadable(path:reason:)``; ``CatalogError/emptyCatalogue(path:rejected:)`` if not one
    ///   line can be used.
    public static func read(_ path: String, updatedAt: Timestamp) throws -> Contents {
        let data = try contents(of: path)
        var gathering = Gathering()
        data.withUnsafeBytes { bytes in
            for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
                guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
                gathering.add(line: number + 1) {
                    try MovieJSON.decode(UnsafeRawBufferPointer(rebasing: line), updatedAt: updatedAt)
                }
            }
        }
        return try gathering.finish(path)
    }

    /// Collects the films of a file, of several with one identifier the last, and what was no film.
    struct Gathering {
        private var movies: [Movie] = []
        private var places: [String: Int] = [:]
        private var rejected: [Rejection] = []

        mutating func add(line: Int, _ decode: () throws -> Movie) {
            do {
                let movie = try decode()
                if let place = places[movie.itemID] {
                    movies[place] = movie
                } else {
                    places[movie.itemID] = movies.count
                    movies.append(movie)
                }
            } catch CatalogError.malformedMovie(let reason) {
                rejected.append(Rejection(line: line, reason: reason))
            } catch {
                rejected.append(Rejection(line: line, reason: "\(error)"))
            }
        }

        func finish(_ path: String) throws -> Contents {
            guard !movies.isEmpty else { throw CatalogError.emptyCatalogue(path: path, rejected: rejected.count) }
            return Contents(movies: MovieCleaner.clean(movies), rejected: rejected)
        }
    }

    static func contents(of path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            let missing = !FileManager.default.fileExists(atPath: path)
            throw CatalogError.unreadable(path: path, reason: missing ? "there is no such file" : "it cannot be opened")
        }
    }
}
