internal import Domain
internal import Synchronization

/// First pages of what is popular as most callers ask for it, by length: they are the same for everybody while the state
/// lasts, so they are chosen and written once.
final class PopularPages: Sendable {
    final class Page: Sendable {
        let places: [Int32]
        /// The items as a cursor has them; nil if none is behind them.
        let given: [UInt64]?
        private let written = Mutex<[UInt8]?>(nil)
        private let cursor = Mutex<(madeAt: Timestamp, fingerprint: UInt64, text: String?)?>(nil)

        init(places: [Int32], given: [UInt64]?) {
            self.places = places
            self.given = given
        }

        /// The cursor of the page behind, which is the same for all who ask in the same second and in the same way.
        /// - Parameter make: two callers at once may both make it, and make the same.
        func cursor(madeAt: Timestamp, _ fingerprint: UInt64, _ make: () -> String?) -> String? {
            let known = cursor.withLock { $0 }
            if let known, known.madeAt == madeAt, known.fingerprint == fingerprint { return known.text }
            let text = make()
            cursor.withLock { $0 = (madeAt, fingerprint, text) }
            return text
        }

        /// The items as an answer has them; two callers at once may both write them, and write the same.
        func json(_ write: () -> [UInt8]) -> [UInt8] {
            if let json = written.withLock({ $0 }) { return json }
            let json = write()
            written.withLock { $0 = json }
            return json
        }
    }

    /// At most one for each length that a list may have.
    private let pages = Mutex<[Int: Page]>([:])

    /// - Parameter make: a page of `count` items; two callers at once may both make it, and make the same.
    func page<E: Error>(_ count: Int, _ make: () throws(E) -> Page) throws(E) -> Page {
        if let page = pages.withLock({ $0[count] }) { return page }
        let page = try make()
        pages.withLock { $0[count] = page }
        return page
    }
}
