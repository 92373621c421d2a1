import Foundation
import HTTPServer
import Synchronization

/// A schema registry of a few schemas, for what a real one of the tests does not do: passwords and references.
public final class RegistryDouble: Sendable {
    /// A schema as the registry's API gives it, with the numbers and subjects under which it is found.
    public struct Schema: Sendable {
        public var id: Int
        public var subject: String
        public var text: String
        /// Subjects of the schemas it refers to.
        public var references: [String]

        public init(id: Int, subject: String, text: String, references: [String] = []) {
            self.id = id
            self.subject = subject
            self.text = text
            self.references = references
        }
    }

    private let server: HTTPServer
    private let asked: Asked

    private final class Asked: Sendable {
        let requests = Mutex<[String]>([])
    }

    public var url: String { "http://127.0.0.1:\(server.port)" }
    /// Method and path of each request that was let in.
    public var requests: [String] { asked.requests.withLock { $0 } }

    /// Runs `body` with a registry that is gone afterwards.
    /// - Parameter user: `user:password` that it wants; nil lets everybody in.
    public static func with<R>(
        schemas: [Schema] = [], user: String? = nil, _ body: (RegistryDouble) async throws -> R
    ) async throws -> R {
        let registry = try RegistryDouble(schemas, user)
        do {
            let result = try await body(registry)
            await registry.server.stop()
            return result
        } catch {
            await registry.server.stop()
            throw error
        }
    }

    private init(_ schemas: [Schema], _ user: String?) throws {
        let asked = Asked()
        self.asked = asked
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        server = HTTPServer(configuration) { request in
            if let user {
                let wanted = "Basic " + Data(user.utf8).base64EncodedString()
                guard request.headers.values(of: "authorization") == [wanted] else {
                    return .now(Self.json(["error_code": 401, "message": "Unauthorized"], status: 401))
                }
            }
            asked.requests.withLock { $0.append("\(request.method) \(request.path)") }
            return .now(Self.answer(request.segments, schemas))
        }
        try server.start()
    }

    private static func answer(_ path: [String], _ schemas: [Schema]) -> HTTPResponse {
        if path == ["subjects"] { return HTTPResponse(body: Array("[]".utf8)) }
        // Registering finds number 1 for whatever it is.
        if path.count == 3, path[0] == "subjects" { return json(["id": 1]) }
        let found = schemas.first {
            path == ["schemas", "ids", "\($0.id)"] || path == ["subjects", $0.subject, "versions", "1"]
        }
        guard let found else { return json(["error_code": 40403, "message": "Schema not found"], status: 404) }
        let references = found.references.map { ["name": $0, "subject": $0, "version": 1] as [String: Any] }
        return json(["schema": found.text, "references": references])
    }

    private static func json(_ object: [String: Any], status: Int = 200) -> HTTPResponse {
        let body = try? JSONSerialization.data(withJSONObject: object)
        return HTTPResponse(status: status, body: Array(body ?? Data()))
    }
}
