import CRdKafka
import Foundation

extension KafkaProperties {
    /// The names that the librdkafka in use documents, such as `sasl.username`, of clients and of topics. It takes a few
    /// more.
    public static let knownNames: [String] = {
        // The list it prints is the only place that also names what has no value by default.
        var memory: UnsafeMutablePointer<CChar>?
        var size = 0
        guard let stream = open_memstream(&memory, &size) else { return [] }
        rd_kafka_conf_properties_show(stream)
        fclose(stream)
        defer { free(memory) }
        guard let memory else { return [] }
        let names = String(cString: memory).split(separator: "\n").compactMap { line -> String? in
            let cells = line.split(separator: "|", maxSplits: 1)
            guard cells.count == 2 else { return nil }
            let name = cells[0].trimmingCharacters(in: .whitespaces)
            let isSetByText = name.first?.isLowercase == true && !name.hasSuffix("_cb") && name != "opaque"
            return isSetByText ? name : nil
        }
        return Set(names).sorted()
    }()

    /// Asks librdkafka about every name and value, without making a client.
    /// - Throws: ``KafkaError/unknownProperty(name:suggestion:)``, ``KafkaError/invalidProperty(name:reason:)``; of two
    ///   bad properties always the same one.
    public func check() throws {
        let conf: OpaquePointer = rd_kafka_conf_new()
        defer { rd_kafka_conf_destroy(conf) }
        try set(in: conf)
    }

    func set(in conf: OpaquePointer) throws {
        try withErrorText { text, size in
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                switch rd_kafka_conf_set(conf, name, value, text, size) {
                case RD_KAFKA_CONF_OK: break
                case RD_KAFKA_CONF_UNKNOWN: throw KafkaError.unknownProperty(name: name, suggestion: nil)
                default:
                    // librdkafka quotes the value.
                    let reason = Self.isSecret(name) ? "its value is refused" : String(cString: text)
                    throw KafkaError.invalidProperty(name: name, reason: reason)
                }
            }
        }
    }
}
