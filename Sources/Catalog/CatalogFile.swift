import Delimited
public import Domain
import Foundation

/// A catalogue in a file: one film a line, in the wire form of ``MovieJSON``.
public enum CatalogFile {
    /// What reading a file came to. A bad line does not spoil the rest; the caller decides what to say of it.
    public struct Contents: Sendable {
        /// Cleaned, in the file's order; of several films with one identifier the last.
        public var movies: [Movie]
        /// Lines that hold no usable film.
        public var rejected: [Rejection]
    }

    /// A line that was passed over, and why, in words for the person who made the file.
    public struct Rejection: Sendable, Hashable {
        /// Counted from 1.
        public var line: Int
        public var reason: String
        /// The file, where it is one of several.
        public var file: String?
    }

    /// Reads the whole file.
    /// - Throws: ``CatalogError/unreadable(path:reason:)``; ``CatalogError/emptyCatalogue(path:rejected:)`` if not one
    ///   line can be used.
    public static func read(_ path: String, updatedAt: Timestamp) throws -> Contents {
        var gathering = Gathering()
        try gathering.add(lines: Array(contents(of: path)), updatedAt: updatedAt, isLatin1Allowed: false)
        return try gathering.finish(path)
    }

    /// Collects the films of files, of several with one identifier the last, and what was no film.
    struct Gathering {
        /// Where lines are counted, for rejections; nil where there is one file only.
        var file: String?
        private var movies: [Movie] = []
        private var places: [ExactText: Int] = [:]
        private var rejected: [Rejection] = []

        /// JSON objects, one a line.
        mutating func add(lines bytes: [UInt8], updatedAt: Timestamp, isLatin1Allowed: Bool) {
            let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() {
                guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
                if String(validating: line, as: UTF8.self) == nil {
                    guard isLatin1Allowed else {
                        reject(line: number + 1, "invalid-utf8: not UTF-8")
                        continue
                    }
                    let text = TextForm.latin1(line)
                    add(line: number + 1) { try MovieJSON.decode(Array(text.utf8), updatedAt: updatedAt) }
                    continue
                }
                add(line: number + 1) { try MovieJSON.decode(Array(line), updatedAt: updatedAt) }
            }
        }

        mutating func add(line: Int, _ decode: () throws -> Movie) {
            do {
                var movie = try decode()
                if let place = places[ExactText(movie.itemID)] {
                    movie.noteCollision(with: movies[place])
                    // A list says less than a film's own page, wherever that stands.
                    movies[place] = movie.isPartial ? movies[place].updated(by: movie) : movie
                } else {
                    places[ExactText(movie.itemID)] = movies.count
                    movies.append(movie)
                }
            } catch CatalogError.malformedMovie(let reason) {
                reject(line: line, reason)
            } catch {
                reject(line: line, "\(error)")
            }
        }

        mutating func reject(line: Int, _ reason: String) {
            rejected.append(Rejection(line: line, reason: reason, file: file))
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
