import Domain
import Testing

@Suite struct EventKindTests {
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
