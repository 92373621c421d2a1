import Foundation

/// Properties of a Kafka client, by the names librdkafka gives them.
///
/// Everything librdkafka knows passes through untouched (SASL, TLS, time-outs, compression): this type only knows how to
/// collect properties from the command line, the environment and the `client.properties` files that clusters hand out.
public struct KafkaProperties: Sendable, Equatable {
    public private(set) var values: [String: String]
    /// Lines of a properties file that librdkafka has no use for, such as `client.dns.lookup`.
    public private(set) var ignored: [String] = []

    public init(_ values: [String: String] = [:]) { self.values = values }

    public init(bootstrapServers: String, _ values: [String: String] = [:]) {
        self.values = values
        self.values["bootstrap.servers"] = bootstrapServers
    }

    public subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    public var bootstrapServers: String { values["bootstrap.servers"] ?? "" }

    /// These properties, overridden by `other`'s where both set one.
    public func merging(_ other: KafkaProperties) -> KafkaProperties {
        var result = KafkaProperties(values.merging(other.values) { $1 })
        result.ignored = ignored + other.ignored
        return result
    }

    /// Takes the entries of `settings` whose key begins with `kafka.`, without that prefix.
    public static func passedThrough(from settings: [String: String]) -> KafkaProperties {
        var values: [String: String] = [:]
        for (key, value) in settings where key.hasPrefix("kafka.") {
            values[String(key.dropFirst("kafka.".count))] = value
        }
        return KafkaProperties(values)
    }

    /// Reads a `client.properties` file, as Kafka's own tools and Confluent Cloud write it: `name=value` or
    /// `name: value` lines, `#` and `!` comments, a `\` at the end of a line continues it.
    ///
    /// Names that only Java clients know are translated (`sasl.mechanism`, `sasl.jaas.config`) or dropped into
    /// ``ignored``.
    /// - Throws: ``IngestError/unreadableProperties(path:line:reason:)``.
    public init(contentsOfFile path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw IngestError.unreadableProperties(path: path, line: nil, reason: "it cannot be opened as UTF-8 text")
        }
        self.init()
        var pending = ""
        for (number, rawLine) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var line = pending + rawLine.trimmingCharacters(in: .whitespaces.union(CharacterSet(charactersIn: "\r")))
            pending = ""
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix("!") { continue }
            if line.hasSuffix("\\") {
                line.removeLast()
                pending = line
                continue
            }
            guard let separator = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw IngestError.unreadableProperties(path: path, line: number + 1, reason: "there is no = in it")
            }
            let name = line[..<separator].trimmingCharacters(in: .whitespaces)
            let value = line[line.index(after: separator)...].trimmingCharacters(in: .whitespaces)
            take(name, value)
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
        case "client.dns.lookup", "key.serializer", "value.serializer", "key.deserializer", "value.deserializer",
            "ssl.truststore.type", "default.api.timeout.ms":
            ignored.append(name)
        default: values[name] = value
        }
    }

    /// The value of `key="…"` or `key='…'` in a JAAS line.
    private static func jaas(_ key: String, in text: String) -> String? {
        guard let found = text.range(of: key + "=") else { return nil }
        let rest = text[found.upperBound...]
        guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
        return rest.dropFirst().prefix { $0 != quote }.description
    }

    /// Name and value of each property for a log, secrets masked.
    public var printable: [(name: String, value: String)] {
        values.sorted { $0.key < $1.key }.map { name, value in
            (name, Self.isSecret(name) ? "***" : value)
        }
    }

    /// Whether a property's value must never be shown.
    public static func isSecret(_ name: String) -> Bool {
        name.hasSuffix("password") || name.hasSuffix("key.pem") || name.contains("secret")
            || name == "sasl.oauthbearer.config" || name == "sasl.jaas.config" || name.hasSuffix("user.info")
    }
}
