import Columnar
import Domain
import Store
import TestSupport
import Testing

@testable import EventIngest

@Suite struct FilmStatisticsTests {
    private func event(_ item: String, _ kind: EventKind, _ value: Float, day: Int) -> Event {
        let at = Timestamp(seconds: Int64(1_700_000_000 + day * 86_400))
        return Event(
            eventID: "\(item)-\(kind)-\(value)-\(day)", userID: "u", itemID: item, kind: kind, value: value, at: at,
            source: "test")
    }

    @Test func eventsBecomeFiguresOfTheirFilm() throws {
        let store = EventStore(MemoryStorage())
        let table = try store.openOrCreate(.events)
        let events =
            [
                event("a", .review, 4, day: 0), event("a", .review, 5, day: 40), event("a", .view, 0.5, day: 39),
                event("a", .like, 1, day: 38), event("a", .like, -1, day: 41), event("b", .view, 1, day: 0),
            ] + (10..<18).map { event("c", .view, 1, day: $0) }
        _ = try table.append([EventTable.batch(events, ingestedAt: Timestamp(seconds: 5))])
        let statistics = try FilmStatistics(of: table.snapshot())
        let a = try #require(statistics.films["a"])
        #expect(a.events == 5 && a.views == 1 && a.likes == 1 && a.dislikes == 1 && a.reviews == 2)
        #expect(a.meanStars == 4.5 && a.meanShare == 0.5 && a.recent == 4)
        // Four in the newest week, none in the four before: log2(5).
        #expect(isClose(a.trend, 2.321928))
        let b = try #require(statistics.films["b"])
        #expect(b.meanStars == nil && b.trend == 0 && b.recent == 0)
        // Eight in four weeks, none since: log2(1 / 3).
        #expect(isClose(try #require(statistics.films["c"]).trend, -1.5849625))
        #expect(statistics.asOf == events[4].at)
        let batch = try statistics.batch()
        #expect(batch.rowCount == 3 && batch.schema == TableContract.filmStatistics.schema)
        #expect(batch.value(row: 0, column: 0) == .string("a"))

        let empty = try FilmStatistics(of: EventStore(MemoryStorage()).openOrCreate(.events).snapshot())
        #expect(empty.films.isEmpty && empty.asOf == nil)
        #expect(try empty.batch().rowCount == 0)
    }
}
