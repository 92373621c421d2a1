import Domain
import Testing

@Suite("IndexMap and events")
struct IndexMapTests {
    @Test("indices are dense, in order of first sight, and found again")
    func denseIndices() {
        var map = IndexMap()
        let words = ["b", "a", "b", "", "ü", "a"]
        #expect(words.map { map.insert($0) } == [0, 1, 0, 2, 3, 1])
        #expect(map.ids == ["b", "a", "", "ü"])
        #expect(map.index(of: "ü") == 3 && map.index(of: "c") == nil)
        let rebuilt = IndexMap(ids: map.ids)
        #expect(map.ids.allSatisfy { rebuilt.index(of: $0) == map.index(of: $0) })
    }

    @Test("each kind accepts its own range of values", arguments: EventKind.allCases)
    func valueRanges(kind: EventKind) {
        #expect(EventKind(name: kind.name) == kind)
        #expect(!kind.accepts(.nan) && !kind.accepts(.infinity) && !kind.accepts(-2))
        switch kind {
        case .view: #expect(kind.accepts(0) && kind.accepts(1) && !kind.accepts(1.01))
        case .like: #expect(kind.accepts(1) && kind.accepts(-1) && !kind.accepts(0))
        case .review: #expect(kind.accepts(0.5) && kind.accepts(5) && !kind.accepts(0))
        }
    }

    @Test("an unknown kind is refused, case matters")
    func unknownKind() { #expect(EventKind(name: "View") == nil && EventKind(name: "") == nil) }
}
