import Foundation

/// Properties of a Kafka client, by the names librdkafka gives them.
///
/// Everything librdkafka knows passes through untouched (SASL, TLS, time-outs, compression): this type only knows how to
/// collect properties from the command line, the environment and the `client.properties` files that clusters hand out.
public struct KafkaProperties: Sendable, Equatable {
    public private(set) var values: [String: String]
    /// Lines of a properties file that librdkafka has no use for, such as `client.dns.lookup`.
    public private(set) var ignored: [String] = []

    /// What a properties file says of a schema registry: `schema.registry.url`, `basic.auth.user.info` and the like.
    public private(set) var schemaRegistry: [String: String] = [:]

    /// - Parameter values: by librdkafka's names; nothing is checked before ``check()``.
    public init(_ values: [String: String] = [:]) { self.values = values }

    /// - Parameter bootstrapServers: `host:port`, several with commas between them.
    public init(bootstrapServers: String, _ values: [String: String] = [:]) {
        self.values = values
        self.values["bootstrap.servers"] = bootstrapServers
    }

    /// The value of one property; nil leaves librdkafka's default.
    public subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// Empty if none are named.
    public var bootstrapServers: String { values["bootstrap.servers"] ?? "" }

    /// These properties, overridden by `other`'s where both set one.
    public func merging(_ other: KafkaProperties) -> KafkaProperties {
        var result = KafkaProperties(values.merging(other.values) { $1 })
        result.ignored = ignored + other.ignored
        result.schemaRegistry = schemaRegistry.merging(other.schemaRegistry) { $1 }
        return result
    }

    /// Reads a `client.properties` file, as Kafka's own tools and Confluent Cloud write it, in the grammar of Java's
    /// properties files.
    ///
    /// Names that only Java clients know are translated (`sasl.mechanism`, `sasl.jaas.config`), or dropped into
    /// ``ignored`` where they say nothing to this client. Those of a schema registry go to ``schemaRegistry``.
    /// - Throws: ``KafkaError/unreadableProperties(path:line:reason:)``, which never quotes a value.
    public init(contentsOfFile path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw KafkaError.unreadableProperties(path: path, line: nil, reason: "it cannot be opened as UTF-8 text")
        }
        self.init()
        do {
            for entry in try PropertiesFile.parse(text) { take(entry.name, entry.value) }
        } catch {
            throw KafkaError.unreadableProperties(path: path, line: error.line, reason: error.reason)
        }
    }

    private mutating func take(_ name: String, _ value: String) {
        switch name {
        case "sasl.mechanism": values["sasl.mechanisms"] = value
        case "sasl.jaas.config":
            if let user = Self.jaas("username", in: value) { values["sasl.username"] = user }
            if let password = Self.jaas("password", in: value) { values["sasl.password"] = password }
        case "ssl.truststore.location" where value.hasSuffix(".pem"): values["ssl.ca.location"] = value
        case "ssl.endpoint.identification.algorithm":
            values[name] = value.isEmpty ? "none" : value
        case "acks" where value == "-1": values[name] = "all"
        case _ where name.hasPrefix("schema.registry.") || name.hasPrefix("basic.auth."):
            schemaRegistry[name] = value
        case _ where Self.javaOnly.contains(name): ignored.append(name)
        default: values[name] = value
        }
    }

    /// Names of Java clients that this one does without.
    private static let javaOnly: Set<String> = [
        "client.dns.lookup", "key.serializer", "value.serializer", "key.deserializer", "value.deserializer",
        "ssl.truststore.type", "ssl.truststore.password", "default.api.timeout.ms", "max.poll.records",
        "max.block.ms", "buffer.memory", "interceptor.classes", "metric.reporters", "auto.register.schemas",
        "use.latest.version",
    ]

    /// The value of `key="…"` or `key='…'` in a JAAS line.
    private static func jaas(_ key: String, in text: String) -> String? {
        guard let found = text.range(of: key + "=") else { return nil }
        let rest = text[found.upperBound...]
        guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
        return rest.dropFirst().prefix { $0 != quote }.description
    }

    /// The values that must never be shown, for whoever masks log lines.
    public var secrets: [String] {
        (values.filter { Self.isSecret($0.key) } + schemaRegistry.filter { Self.isSecret($0.key) }).map(\.value)
    }

    /// Whether a property's value must never be shown.
    public static func isSecret(_ name: String) -> Bool {
        name.hasSuffix("password") || name.hasSuffix("key.pem") || name.contains("secret")
            || name == "sasl.oauthbearer.config" || name == "sasl.jaas.config" || name.hasSuffix("user.info")
    }
}
