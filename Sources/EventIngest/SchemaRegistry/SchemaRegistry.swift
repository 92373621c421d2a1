import Domain
import Foundation
public import HTTPClient
import Operations

/// A Confluent Schema Registry, or one that speaks its API (version 7): Apicurio, Karapace, Redpanda.
///
/// Every call blocks; the caller chooses the thread. Thread-safe.
public final class SchemaRegistry: Sendable {
    /// A schema as the registry has it.
    struct Registered: Sendable {
        /// `AVRO`, `JSON` or `PROTOBUF`.
        var type: String
        var text: String
        /// The texts of the schemas it refers to, those they need first.
        var references: [String]
    }

    /// Without a trailing slash.
    public let url: String
    private let credentials: HTTPCredentials
    private let client: HTTPClient

    /// Nothing is asked yet: see ``check()``.
    public init(_ address: RegistryAddress, client: HTTPClient = HTTPClient()) {
        url = address.url
        credentials = address.credentials
        self.client = client
    }

    public convenience init(url: String, client: HTTPClient = HTTPClient()) {
        self.init(RegistryAddress(url: url), client: client)
    }

    /// - Throws: ``IngestError`` unless a schema registry answers and lets us in.
    public func check() throws {
        let answer = try ask(.get, "subjects")
        guard answer.isSuccess, (try? JSONSerialization.jsonObject(with: Data(answer.body))) is [Any] else {
            throw failure(answer)
        }
    }

    /// Registers a schema for a subject, or finds it there.
    /// - Returns: its number, which messages carry.
    /// - Throws: ``IngestError/schemaIncompatible(subject:reason:)`` if the subject's rule of compatibility forbids it.
    public func register(_ schema: String, for subject: String) throws -> Int32 {
        let body = ["schema": schema]
        let answer = try ask(.post, "subjects/\(Self.escaped(subject))/versions", body)
        if answer.status == 409 {
            let reason = Self.object(answer)["message"] as? String ?? "it does not say why"
            throw IngestError.schemaIncompatible(subject: subject, reason: Self.shortened(reason))
        }
        guard answer.isSuccess, let number = Self.object(answer)["id"] as? Int, let id = Int32(exactly: number) else {
            throw failure(answer)
        }
        return id
    }

    /// - Returns: the schema with this number, or nil if there is none.
    func schema(_ id: Int32) throws -> Registered? {
        let answer = try ask(.get, "schemas/ids/\(id)")
        // "Schema not found" (40403) and not any 404, which a wrong address gives as well.
        if answer.status == 404, let code = Self.object(answer)["error_code"] as? Int, code / 100 == 404 { return nil }
        guard answer.isSuccess else { throw failure(answer) }
        return try registered(answer)
    }

    // MARK: Answers

    private func registered(_ answer: HTTPResponse) throws -> Registered {
        let object = Self.object(answer)
        guard let text = object["schema"] as? String else { throw failure(answer) }
        var references: [String] = []
        try collect(object, into: &references, depth: 0)
        return Registered(type: object["schemaType"] as? String ?? "AVRO", text: text, references: references)
    }

    private func collect(_ object: [String: Any], into texts: inout [String], depth: Int) throws {
        for reference in object["references"] as? [[String: Any]] ?? [] {
            guard depth < 16, texts.count < 256, let subject = reference["subject"] as? String,
                let version = reference["version"] as? Int
            else { continue }
            let answer = try ask(.get, "subjects/\(Self.escaped(subject))/versions/\(version)")
            let other = Self.object(answer)
            guard answer.isSuccess, let text = other["schema"] as? String else { throw failure(answer) }
            guard !texts.contains(text) else { continue }
            try collect(other, into: &texts, depth: depth + 1)
            if !texts.contains(text) { texts.append(text) }
        }
    }

    private static func object(_ answer: HTTPResponse) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(answer.body))) as? [String: Any] ?? [:]
    }

    private static func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 600 ? line.prefix(600) + "…" : line
    }

    private func failure(_ answer: HTTPResponse) -> IngestError {
        if answer.status == 401 || answer.status == 403 {
            return .registryRefused(url: url, detail: "status \(answer.status)")
        }
        let message = Self.object(answer)["message"] as? String
        return .registryFailed(
            url: url,
            detail: "it answered \(answer.status)" + (message.map { ": \(Self.shortened($0))" } ?? ""))
    }

    // MARK: Asking

    private func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: [String: String]? = nil
    ) throws -> HTTPResponse {
        var headers = [HTTPHeader("Accept", "application/vnd.schemaregistry.v1+json, application/json")]
        if body != nil { headers.append(HTTPHeader("Content-Type", "application/vnd.schemaregistry.v1+json")) }
        let request = HTTPRequest(
            method, "\(url)/\(path)", headers: headers,
            body: try body.map { Array(try JSONSerialization.data(withJSONObject: $0)) },
            credentials: credentials,
            // Registering the same schema again finds it.
            isIdempotent: true)
        do {
            return try BlockingWork.wait { [client] in try await client.send(request) }
        } catch let error as HTTPClientError {
            if error.category == .usage {
                throw IngestError.invalidSetting(name: "--schema-registry", reason: "\(error)")
            }
            throw IngestError.registryFailed(url: url, detail: error.message)
        }
    }

    /// A subject as a step of a path: everything but unreserved characters in percent form (RFC 3986, 2.3).
    /// Not the rule of the store's partition folders, which write `~` as `%7E` too, because delta-rs does.
    private static func escaped(_ text: String) -> String {
        let unreserved = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if unreserved.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
