import Domain
import EventIngest
import Foundation
import HTTPClient
import KafkaTestSupport
import TestSupport
import Testing

/// The client of a schema registry: whom it says it is, and what it makes of references.
@Suite struct SchemaRegistryTests {
    private static let password = "p@ss:w/rd"

    private func check(_ address: RegistryAddress) async throws {
        let registry = SchemaRegistry(address)
        try await onThread { try registry.check() }
    }

    /// Calls of the registry block, so they do not run on the cooperative pool.
    private func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try body() }) }.start()
        }
    }

    @Test func aUserIsTakenFromTheURLOrFromProperties() async throws {
        try await RegistryDouble.with(user: "marquee:\(Self.password)") { registry in
            let port = registry.url.split(separator: ":").last!
            try await check(RegistryAddress(url: "http://marquee:p%40ss%3Aw%2Frd@127.0.0.1:\(port)/"))
            let source = "basic.auth.credentials.source"
            let info = ["basic.auth.user.info": "marquee:\(Self.password)"]
            for properties in [
                info, info.merging([source: "USER_INFO"]) { $1 },
                [
                    "schema.registry.basic.auth.user.info": "marquee:\(Self.password)",
                    "schema.registry.\(source)": "USER_INFO",
                ],
            ] {
                let address = try RegistryAddress(properties.merging(["schema.registry.url": registry.url]) { $1 })
                try await check(#require(address))
            }
            #expect(registry.requests == Array(repeating: "GET /subjects", count: 4))
            // With URL as the source, the user of the properties is not used.
            let bare = try RegistryAddress(
                info.merging(["schema.registry.url": registry.url, source: "URL"]) { $1 })
            await #expect(throws: IngestError.self) { try await check(#require(bare)) }
        }
    }

    @Test func propertiesThatDoNotNameAUserAreRefused() throws {
        let url = ["schema.registry.url": "http://localhost"]
        #expect(try RegistryAddress([:]) == nil)
        #expect(try RegistryAddress(url)?.url == "http://localhost")
        for wrong in [
            ["basic.auth.credentials.source": "USER_INFO"], ["basic.auth.credentials.source": "SASL_INHERIT"],
            ["basic.auth.user.info": Self.password.replacing(":", with: "")],
        ] {
            do {
                _ = try RegistryAddress(url.merging(wrong) { $1 })
                Issue.record("\(wrong.keys) was taken")
            } catch {
                #expect("\(error)".contains("basic.auth") && !"\(error)".contains("p@ss"))
            }
        }
    }

    @Test func aPasswordIsNowhereInWhatIsSaid() async throws {
        try await RegistryDouble.with(user: "marquee:other") { registry in
            let port = registry.url.split(separator: ":").last!
            let address = RegistryAddress(url: "http://marquee:k4tze%2FX@127.0.0.1:\(port)")
            #expect(address.url == registry.url)
            #expect(!"\(address)".contains("k4tze"))
            do {
                try await check(address)
                Issue.record("the password was taken")
            } catch let error as IngestError {
                #expect(error.code == "schema-registry-refused")
                let said = "\(error) \(error.message) \(error.advice)"
                #expect(said.contains(registry.url) && !said.contains("k4tze"), "\(said)")
            }
            #expect(registry.requests.isEmpty)
        }
    }

    /// The kind of an event in a schema of its own, and through another one.
    @Test func referencesAreFetchedWithTheirOwnReferences() async throws {
        let kind = #"{"type":"enum","name":"Kind","namespace":"shop","symbols":["review","view","like"]}"#
        let action = #"{"type":"record","name":"Action","namespace":"shop","fields":[{"name":"k","type":"shop.Kind"}]}"#
        let event = """
            {"type":"record","name":"E","fields":[{"name":"event_id","type":"string"},\
            {"name":"action","type":"shop.Action"},{"name":"user_id","type":"string"},\
            {"name":"item_id","type":"string"},{"name":"kind","type":"shop.Kind"},{"name":"value","type":"double"},\
            {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}
            """
        let schemas: [RegistryDouble.Schema] = [
            .init(id: 1, subject: "kind", text: kind),
            .init(id: 2, subject: "action", text: action, references: ["kind"]),
            .init(id: 3, subject: "event", text: event, references: ["action"]),
            .init(id: 4, subject: "dangling", text: event, references: ["nowhere"]),
        ]
        try await RegistryDouble.with(schemas: schemas) { registry in
            let url = registry.url
            // Framed; e, action review, u, i, kind view, 0.5, 2026-11-20T12:00:00Z.
            let message: [UInt8] =
                [0, 0, 0, 0, 3, 2, 0x65, 0, 2, 0x75, 2, 0x69, 2, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F]
                + [0x80, 0xA8, 0x9F, 0x8D, 0xBF, 0x68]
            let decoded = try await onThread { try Self.decode(message, url) }
            #expect(decoded.kind == .view && decoded.userID == "u" && decoded.itemID == "i")
            #expect(
                registry.requests == [
                    "GET /schemas/ids/3", "GET /subjects/action/versions/1", "GET /subjects/kind/versions/1",
                ])
            // A registry that does not have what its schema refers to has failed: nothing is known of the message.
            let dangling: [UInt8] = [0, 0, 0, 0, 4] + message.dropFirst(5)
            let failure = try await onThread { Result { try Self.decode(dangling, url) } }
            #expect(throws: IngestError.self) { try failure.get() }
        }
    }

    /// As the ingester does.
    private static func decode(_ message: [UInt8], _ url: String) throws -> Event {
        let decoder = AvroEventDecoder(schemas: EventSchemas(SchemaRegistry(url: url)))
        return try message.withUnsafeBytes { bytes in
            while true {
                do throws(RejectReason) {
                    return try decoder.decode(bytes, latest: Timestamp("2026-11-20T12:00:00Z")!).event
                } catch {
                    guard try decoder.mayRetry(after: error) else { throw error }
                }
            }
        }
    }
}
