internal import Domain
internal import Foundation
internal import Operations
internal import Synchronization

/// A lock between processes: an object that stays, with the name of who holds it, or nothing where nobody does.
///
/// Each change of it is a conditional write, so two cannot both take it. While it is held it is written anew three times in
/// a term; one that was not for a whole term, by the service's clock, belongs to a dead holder and may be taken. A holder
/// that was held up for so long and lost it is told by a log line only: what must not happen twice is decided elsewhere.
final class S3Lock: Sendable {
    private let client: ObjectClient
    private let key: String
    private let term: Duration
    private let holder = Array(ObjectClient.newMark().utf8)
    /// The tag of the object as this holder has written it last; nil while it does not hold the lock.
    private let tag = Mutex<String?>(nil)
    private let end = NSCondition()
    private let isOver = Mutex(false)

    private static let log = Log("object-store")

    init(_ client: ObjectClient, key: String, term: Duration) {
        self.client = client
        self.key = key
        self.term = term
    }

    /// Waits for the lock.
    func acquire() throws {
        var attempt = 1
        while true {
            if let etag = try take() {
                tag.withLock { $0 = etag }
                SystemThread.start("object-lock") { [self] in renew() }
                return
            }
            ObjectClient.pause(after: min(attempt, 4))
            attempt += 1
        }
    }

    /// - Returns: the tag, or nil if another has the lock.
    private func take() throws -> String? {
        var condition = WriteCondition.absent
        do {
            let (bytes, facts, now) = try client.look(key)
            if bytes == holder { return facts.etag }
            let age = now.microseconds - facts.modified.microseconds
            guard bytes.isEmpty || age > Int64(term.inSeconds * 1e6) else { return nil }
            condition = .unchanged(etag: facts.etag)
        } catch StorageError.missing {
        }
        guard case .written(let etag) = try client.put(key, holder, if: condition) else { return nil }
        return etag
    }

    /// Lets go. What cannot be said now, the end of the term says.
    func release() {
        end.lock()
        isOver.withLock { $0 = true }
        end.signal()
        end.unlock()
        tag.withLock { tag in
            if let etag = tag { _ = try? client.put(key, [], if: .unchanged(etag: etag)) }
            tag = nil
        }
    }

    private func renew() {
        end.lock()
        defer { end.unlock() }
        while !isOver.withLock({ $0 }) {
            let isTime = !end.wait(until: Date(timeIntervalSinceNow: term.inSeconds / 3))
            guard isTime, !isOver.withLock({ $0 }) else { continue }
            end.unlock()
            tag.withLock { tag in
                guard let etag = tag else { return }
                do {
                    switch try client.put(key, holder, if: .unchanged(etag: etag)) {
                    case .written(let etag): tag = etag
                    case .refused:
                        tag = nil
                        Self.log.warning("a lock was lost: it was not renewed in time", ["lock": client.path(key)])
                    }
                } catch {
                    Self.log.warning("a lock could not be renewed", ["lock": client.path(key), "error": "\(error)"])
                }
            }
            end.lock()
        }
    }
}

/// Lets one thread at a time through for each name.
final class Gate: Sendable {
    private let condition = NSCondition()
    private let held = Mutex<Set<String>>([])

    func hold<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
        condition.lock()
        while !held.withLock({ $0.insert(name).inserted }) { condition.wait() }
        condition.unlock()
        defer {
            condition.lock()
            _ = held.withLock { $0.remove(name) }
            condition.broadcast()
            condition.unlock()
        }
        return try body()
    }
}
