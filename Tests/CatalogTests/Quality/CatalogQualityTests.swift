import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

@Suite struct CatalogQualityTests {
    private func film(_ id: String, _ title: String, _ year: Int32?, at seconds: Int64 = 1) -> Movie {
        Movie(
            itemID: id, title: title, overview: "O", year: year, genres: ["G"], language: "en", runtime: 90,
            popularity: 1, voteAverage: 5, voteCount: 5, keywords: ["k"], director: "D",
            updatedAt: Timestamp(seconds: seconds))
    }

    @Test func aWholeFilmHasNoFinding() {
        let quality = CatalogQuality(rows: [film("1", "A", 1999)])
        #expect(quality.films == 1 && quality.findings.isEmpty)
        #expect(CatalogQuality(rows: []).findings.isEmpty)
    }

    @Test func identifiersThatCollideAreFoundInWhatWasSaidBefore() {
        let rows = [film("1", "A", 1999, at: 1), film("1", "B", 1950, at: 2)]
        let found = CatalogQuality(rows: rows).findings
        #expect(found.map(\.rule) == ["colliding-id"] && found[0].title == "B" && found[0].detail == "also A (1999)")
        // A corrected title or year is no other film.
        for other in [film("1", "A", 1950), film("1", "b", 1999), film("1", "A", 1951), film("1", "A", nil)] {
            #expect(CatalogQuality(rows: [other, film("1", "B", 1950, at: 2)]).findings.isEmpty, "\(other)")
        }
    }

    @Test func identifiersThatCollideInOneFileAreFoundInItsRows() async throws {
        let lines = [
            #"{"id":1,"title":"A","year":1999}"#, #"{"id":1,"title":"B","year":1950}"#,
            #"{"id":1,"title":"C","year":1970,"runtime":-5}"#, #"{"id":2,"title":"D","year":1980}"#,
            #"{"id":2,"title":"d","year":1990}"#,
        ]
        let films = try await withTemporaryFolder { folder in
            let path = folder.appending(path: "films.jsonl").path
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            return try CatalogFile.read(path, updatedAt: Timestamp(seconds: 1)).movies
        }
        #expect(films.map(\.title) == ["C", "d"])
        func found(_ rows: [Movie]) -> [String?] {
            CatalogQuality(rows: rows).findings.filter { $0.rule == "colliding-id" }.map(\.detail)
        }
        #expect(found(films) == ["also A (1999), B (1950)"])
        #expect(found([film("1", "E", 1930, at: 0)] + films) == ["also A (1999), B (1950), E (1930)"])
        #expect(CatalogQuality(rows: films).findings.contains { $0.rule == "impossible-runtime" })
    }

    @Test func filmsThatAreThereTwiceAreFound() {
        let rows = [
            film("1", "A", 1999), film("2", "a", 1999), film("3", "A", 2000), film("4", "A", nil), film("5", "A", nil),
        ]
        let found = CatalogQuality(rows: rows).findings.filter { $0.rule == "duplicate-film" }
        #expect(found.map(\.itemID) == ["1", "2"] && found[0].detail == "also 2")
    }

    @Test func findingsOfOldDescriptionsAndOfWithdrawnFilmsAreGone() throws {
        var bad = film("1", "A", 1999)
        bad.findings = [FilmFinding(rule: "impossible-runtime", detail: "'-5'")]
        #expect(CatalogQuality(rows: [bad]).findings.map(\.detail) == ["'-5'"])
        #expect(CatalogQuality(rows: [bad, film("1", "A", 1999, at: 2)]).findings.isEmpty)
        #expect(CatalogQuality(rows: [bad, .withdrawn("1", at: Timestamp(seconds: 2))]).findings.isEmpty)
        let refused = CatalogQuality(
            rows: [], refused: [.init(reason: "movie-malformed: x", at: Timestamp(seconds: 9))])
        #expect(refused.findings.map(\.rule) == ["refused"] && refused.findings[0].itemID == nil)
        #expect(try QualityTable.batch(refused.findings).rowCount == 1)
    }

    @Test func everyRuleSaysWhatItMeans() {
        for rule in FilmRule.allCases { #expect(!rule.meaning.isEmpty && !rule.field.isEmpty, "\(rule)") }
    }
}
