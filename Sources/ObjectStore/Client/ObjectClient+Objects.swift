internal import Domain
internal import Foundation
internal import HTTPClient
internal import Operations

/// What an answer says of an object.
struct ObjectFacts {
    var size: Int
    var etag: String
    var modified: Timestamp
    /// The name that its writer gave to the act of writing it; nil where another program wrote it.
    var mark: String?

    /// The header that keeps ``mark``.
    static let markHeader = "x-amz-meta-marquee-put"
}

/// On what a write depends.
enum WriteCondition: Equatable {
    case none
    /// That the name is free.
    case absent
    /// That the object is still the one with this entity tag.
    case unchanged(etag: String)

    fileprivate var header: (name: String, value: String)? {
        switch self {
        case .none: nil
        case .absent: ("if-none-match", "*")
        case .unchanged(let etag): ("if-match", etag)
        }
    }
}

/// The calls that S3 has for objects.
extension ObjectClient {
    /// What messages call an object.
    func path(_ key: String) -> String { "s3://\(bucket)/\(key)" }

    /// The facts of an object, or nil if there is none.
    func head(_ key: String) throws -> ObjectFacts? {
        var request = Request(
            method: .head, key: key, operation: "look at", path: path(key), expected: [301, 307, 400, 401, 403, 404])
        let response = try send(request)
        if response.status == 404 { return nil }
        guard response.isSuccess else {
            // The answer to HEAD has no body that says why: ask in a way that has one.
            request = Request(
                method: .get, key: key, headers: [("range", "bytes=0-0")], operation: "look at", path: path(key),
                expected: [404, 416])
            let asked = try send(request)
            if asked.status == 404 { return nil }
            throw ObjectStoreError.refused(
                path: path(key), operation: "look at", status: response.status, code: "", reason: "")
        }
        return try facts(response, key, size: response.header("Content-Length").flatMap { Int($0) })
    }

    /// The last bytes of an object, at most `count`, and its facts.
    /// - Throws: `StorageError.missing`
    func tail(_ key: String, count: Int) throws -> (bytes: [UInt8], facts: ObjectFacts) {
        let response = try send(
            Request(
                method: .get, key: key, headers: [("range", "bytes=-\(count)")], operation: "read", path: path(key),
                expected: [404, 416])
        )
        switch response.status {
        case 404:
            try mustHaveBucket(response)
            throw StorageError.missing(path: path(key))
        case 416:
            // An object of no bytes has no last ones.
            guard let facts = try head(key) else { throw StorageError.missing(path: path(key)) }
            guard facts.size == 0 else { throw ObjectStoreError.changed(path: path(key)) }
            return ([], facts)
        case 206:
            let total = response.header("Content-Range").flatMap { $0.split(separator: "/").last }.flatMap { Int($0) }
            guard let total, total >= response.body.count else {
                throw ObjectStoreError.malformedAnswer(
                    path: path(key), operation: "read", reason: "it has no Content-Range that fits")
            }
            return (response.body, try facts(response, key, size: total))
        default: return (response.body, try facts(response, key, size: response.body.count))
        }
    }

    /// The whole of a small object that is replaced now and then, its facts, and the time by the service's clock.
    /// - Throws: `StorageError.missing`
    func look(_ key: String) throws -> (bytes: [UInt8], facts: ObjectFacts, now: Timestamp) {
        let response = try send(
            Request(method: .get, key: key, operation: "read", path: path(key), expected: [404])
        )
        guard response.status != 404 else {
            try mustHaveBucket(response)
            throw StorageError.missing(path: path(key))
        }
        return (
            response.body, try facts(response, key, size: response.body.count),
            response.header("Date").flatMap(HTTPDate.timestamp) ?? .now
        )
    }

    /// The bytes of a range of the object that has the tag `etag`.
    /// - Throws: ``ObjectStoreError/changed(path:)`` if there is another one by now, or none.
    func read(_ key: String, _ range: Range<Int>, etag: String) throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        let response = try send(
            Request(
                method: .get, key: key,
                headers: [("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"), ("if-match", etag)],
                operation: "read", path: path(key), expected: [404, 412, 416])
        )
        guard response.isSuccess else { throw ObjectStoreError.changed(path: path(key)) }
        // A service that does not know ranges sends the whole.
        let whole = response.status == 200 && response.body.count >= range.upperBound
        let bytes = whole ? Array(response.body[range]) : response.body
        guard bytes.count == range.count, whole || response.status == 206 else {
            throw StorageError.truncated(
                path: path(key), reason: "\(bytes.count) bytes came where \(range.count) were asked for")
        }
        return bytes
    }

    /// What became of a conditional write.
    enum WriteOutcome {
        case written(etag: String)
        /// The condition does not hold.
        case refused
    }

    /// Stores an object. A condition that is said not to hold is looked into: where the object has the mark of this very
    /// write, it was this one that came first, and its answer was lost.
    func put(_ key: String, _ bytes: [UInt8], if condition: WriteCondition) throws -> WriteOutcome {
        let mark = Self.newMark()
        var conflicts = 0
        while true {
            let response = try send(
                Request(
                    method: .put, key: key,
                    headers: [("x-amz-checksum-sha256", Self.checksum(bytes)), (ObjectFacts.markHeader, mark)]
                        + [condition.header].compactMap(\.self), body: bytes, operation: "write", path: path(key),
                    expected: [404, 409, 412, 501]))
            if response.isSuccess { return .written(etag: response.header("ETag") ?? "") }
            let refusal = Refusal(response)
            switch (response.status, condition) {
            case (412, .absent), (412, .unchanged), (404, .unchanged):
                try mustHaveBucket(response)
                guard let facts = try head(key), facts.mark == mark else { return .refused }
                return .written(etag: facts.etag)
            case (409, .absent) where conflicts < 20, (409, .unchanged) where conflicts < 20:
                // Another write was under way; who was first is not decided yet.
                conflicts += 1
                Self.pause(after: min(conflicts, 4))
            case (501, .absent), (501, .unchanged):
                throw ObjectStoreError.ignoresCondition(
                    endpoint: settings.endpoint, header: condition == .absent ? "If-None-Match" : "If-Match")
            default:
                try mustHaveBucket(response)
                throw ObjectStoreError.refused(
                    path: path(key), operation: "write", status: refusal.status, code: refusal.code,
                    reason: refusal.reason)
            }
        }
    }

    func delete(_ key: String) throws {
        let response = try send(
            Request(method: .delete, key: key, operation: "delete", path: path(key), expected: [404])
        )
        if response.status == 404 { try mustHaveBucket(response) }
    }

    /// A name for one act of writing: 128 random bits.
    static func newMark() -> String { UUID().uuidString.lowercased() }

    /// The digest as S3 has it in headers, which the service compares with what came.
    static func checksum(_ bytes: [UInt8]) -> String { Data(Digest.sha256(bytes).bytes).base64EncodedString() }

    private func mustHaveBucket(_ response: HTTPResponse) throws {
        if Refusal(response).code == "NoSuchBucket" {
            throw ObjectStoreError.noBucket(bucket, endpoint: settings.endpoint)
        }
    }

    private func facts(_ response: HTTPResponse, _ key: String, size: Int?) throws -> ObjectFacts {
        guard let size, let etag = response.header("ETag"),
            let modified = response.header("Last-Modified").flatMap(HTTPDate.timestamp)
        else {
            throw ObjectStoreError.malformedAnswer(
                path: path(key), operation: "read", reason: "it lacks its size, ETag or Last-Modified")
        }
        return ObjectFacts(
            size: size, etag: etag, modified: modified, mark: response.header(ObjectFacts.markHeader))
    }
}
