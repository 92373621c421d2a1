import Domain
import Testing

@testable import Catalog

@Suite struct FilmLedgerTests {
    private func film(_ id: String, _ title: String, at seconds: Int64) -> Movie {
        Movie(itemID: id, title: title, popularity: 3, updatedAt: Timestamp(seconds: seconds))
    }

    @Test func whatTheTableHasWordForWordIsNoNews() throws {
        let first = [film("1", "A", at: 1), film("2", "B", at: 1), film("1", "A", at: 1)]
        var ledger = FilmLedger([])
        let rows = ledger.news(first).rows
        #expect(rows.map(\.itemID) == ["1", "2", "1"] && rows[0].popularityNorm == 1)
        #expect(ledger.news(first).rows.isEmpty)
        // After a restart it knows them from the table.
        var later = FilmLedger(try MovieTable.movies(of: MovieTable.batch(rows)))
        #expect(later.news(first).rows.isEmpty)
        // Another time or another word is.
        #expect(later.news([film("1", "A", at: 2), film("1", "A!", at: 1)]).positions == [0, 1])
    }

    @Test func aWithdrawalIsOneRowHoweverOftenItIsRead() throws {
        var ledger = FilmLedger([])
        let described = ledger.news([film("1", "A", at: 9)]).rows
        // Dated before what it withdraws: its row is dated after.
        let mark = Movie.withdrawn("1", at: Timestamp(seconds: 5))
        let gone = ledger.news([mark]).rows
        #expect(gone.count == 1 && gone[0].updatedAt > described[0].updatedAt)
        #expect(ledger.news([mark]).rows.isEmpty)
        var later = FilmLedger(described + gone)
        #expect(later.news([mark]).rows.isEmpty && later.news(described).rows.isEmpty)
        // Described anew, it can be withdrawn anew.
        let back = later.news([film("1", "A", at: 20)]).rows
        #expect(back.count == 1)
        #expect(later.news([.withdrawn("1", at: Timestamp(seconds: 21))]).rows.count == 1)
    }
}
