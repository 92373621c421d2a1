import CRdKafka
import Dispatch
import Domain
import Foundation
import Synchronization

/// The one owner of an `rd_kafka_t`: made in `init`, destroyed in `deinit` unless it was abandoned.
///
/// Sendable without the compiler's check because librdkafka's handles may be used from any thread, and nothing else here
/// changes after `init`.
final class KafkaClient: @unchecked Sendable {
    let handle: OpaquePointer
    let context: Context
    let servers: String

    /// What callbacks reach through librdkafka's opaque pointer. It outlives the handle: `deinit` destroys the handle
    /// first, and only then are the stored properties released.
    final class Context: Sendable {
        let observer: KafkaObserver
        /// What became of a producer's messages.
        let deliveries: DeliveryLedger
        let rebalances = Mutex<[Rebalance]>([])
        let closing = Atomic<Bool>(false)
        let lastFailure = Mutex<(code: rd_kafka_resp_err_t, reason: String)?>(nil)

        init(observer: KafkaObserver, deliveries: DeliveryLedger) {
            self.observer = observer
            self.deliveries = deliveries
        }
    }

    /// A change of assignment that librdkafka has asked for and that waits to be carried out.
    struct Rebalance: Sendable {
        var isAssignment: Bool
        var partitions: [TopicPartition]
    }

    /// - Throws: ``KafkaError/unknownProperty(name:suggestion:)``, ``KafkaError/invalidProperty(name:reason:)``.
    init(
        _ kind: rd_kafka_type_t, _ properties: KafkaProperties, observer: KafkaObserver,
        deliveries: DeliveryLedger = DeliveryLedger()
    ) throws {
        context = Context(observer: observer, deliveries: deliveries)
        servers = properties.bootstrapServers
        let conf: OpaquePointer = rd_kafka_conf_new()
        // Until rd_kafka_new succeeds the configuration is ours to free.
        var handedOver = false
        defer { if !handedOver { rd_kafka_conf_destroy(conf) } }
        try properties.set(in: conf)
        rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(context).toOpaque())
        rd_kafka_conf_set_log_cb(conf) { handle, level, facility, text in
            guard let handle, let opaque = rd_kafka_opaque(handle), let facility, let text else { return }
            let context = Unmanaged<Context>.fromOpaque(opaque).takeUnretainedValue()
            context.observer.log?(Int(level), String(cString: facility), String(cString: text))
        }
        rd_kafka_conf_set_error_cb(conf) { _, code, reason, opaque in
            guard let opaque else { return }
            let context = Unmanaged<Context>.fromOpaque(opaque).takeUnretainedValue()
            let text = reason.map { String(cString: $0) } ?? describe(rd_kafka_resp_err_t(code))
            context.lastFailure.withLock { last in
                // "All brokers down" says less than the reason that came before it.
                if last != nil, code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue { return }
                last = (rd_kafka_resp_err_t(code), text)
            }
        }
        if observer.statistics != nil {
            rd_kafka_conf_set_stats_cb(conf) { _, json, length, opaque in
                guard let json, let opaque else { return 0 }
                let context = Unmanaged<Context>.fromOpaque(opaque).takeUnretainedValue()
                let bytes = UnsafeRawBufferPointer(start: json, count: length)
                context.observer.statistics?(String(decoding: bytes, as: UTF8.self))
                return 0
            }
        }
        if kind == RD_KAFKA_PRODUCER {
            rd_kafka_conf_set_dr_msg_cb(conf, deliveryReport)
        } else {
            rd_kafka_conf_set_rebalance_cb(conf, rebalanceRequest)
        }
        handle = try withErrorText { text, size in
            guard let handle = rd_kafka_new(kind, conf, text, size) else {
                throw KafkaError.invalidProperty(name: "(combination)", reason: String(cString: text))
            }
            return handle
        }
        handedOver = true
    }

    private let isAbandoned = Atomic<Bool>(false)

    /// Leaves the handle, with what its threads may still call, to the end of the process instead of destroying it.
    func abandon() { isAbandoned.store(true, ordering: .releasing) }

    deinit {
        if isAbandoned.load(ordering: .acquiring) {
            _ = Unmanaged.passRetained(context)
        } else {
            _ = Self.finish("be destroyed", handle, context) { rd_kafka_destroy($0) }
        }
    }

    /// Runs a last call on a thread of its own, and gives up after ``patience``: librdkafka 2.0.2 waits for ever for a topic
    /// that was deleted (its issue 4362). Then the thread and the handle stay until the process ends.
    /// - Returns: whether the call ended.
    static func finish(
        _ what: String, _ handle: OpaquePointer, _ context: Context,
        _ call: @escaping @Sendable (OpaquePointer) -> Void
    ) -> Bool {
        let hasEnded = DispatchSemaphore(value: 0)
        let address = UInt(bitPattern: handle)
        SystemThread.start("kafka-close") {
            if let handle = OpaquePointer(bitPattern: address) { call(handle) }
            // Its callbacks reach the context until here.
            withExtendedLifetime(context) { _ = hasEnded.signal() }
        }
        if hasEnded.wait(timeout: .now() + patience) == .success { return true }
        context.observer.log?(
            4, KafkaObserver.abandoned,
            "a Kafka client did not \(what) within \(Int(patience)) seconds; it is left to the end of the process")
        return false
    }

    /// Seconds that a client may take to end.
    private static let patience = 8.0

    /// Whether librdkafka has raised a fatal error: this client will never do anything again.
    var isDead: Bool { rd_kafka_fatal_error(handle, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR }

    /// Of what it died.
    var causeOfDeath: String {
        withErrorText { text, size in
            let code = rd_kafka_fatal_error(handle, text, size)
            let reason = String(cString: text)
            return reason.isEmpty ? describe(code) : "\(describe(code)): \(reason)"
        }
    }

    /// Why no broker answers: the newest thing that its threads reported.
    var outage: String {
        let last = context.lastFailure.withLock { $0?.reason }
        return "no broker answers at \(servers)" + (last.map { " (\($0))" } ?? "")
    }

    /// The error to raise after `operation` failed with `code`, made precise by what the broker threads reported.
    func failure(_ code: rd_kafka_resp_err_t, at operation: String) -> KafkaError {
        rd_kafka_poll(handle, 0)
        let last = context.lastFailure.withLock { $0 }
        if let last, last.code == RD_KAFKA_RESP_ERR__AUTHENTICATION {
            return .authenticationRefused(servers: servers, detail: last.reason)
        }
        switch code {
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__RESOLVE:
            return .brokerUnreachable(servers: servers, detail: last?.reason ?? describe(code))
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
            return .authenticationRefused(servers: servers, detail: describe(code))
        default:
            return .failed(operation: operation, reason: describe(code))
        }
    }

    func check(_ code: rd_kafka_resp_err_t, _ operation: @autoclosure () -> String) throws {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw failure(code, at: operation()) }
    }

    /// For calls that return an error object, which this frees.
    func check(_ error: OpaquePointer?, _ operation: @autoclosure () -> String) throws {
        guard let error else { return }
        defer { rd_kafka_error_destroy(error) }
        let reason = rd_kafka_error_string(error).map { String(cString: $0) } ?? describe(rd_kafka_error_code(error))
        throw KafkaError.failed(operation: operation(), reason: reason)
    }
}

/// Rebalance requests run inside the poll. They are only noted: the poller finishes what it holds, asks the table for
/// offsets, and answers afterwards, so that messages of one poll all belong to one assignment. While the consumer
/// closes nobody will answer, so it is done here.
private let rebalanceRequest:
    @convention(c) (
        OpaquePointer?, rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
        UnsafeMutableRawPointer?
    ) -> Void = { handle, code, list, opaque in
        guard let handle, let list, let opaque else { return }
        let context = Unmanaged<KafkaClient.Context>.fromOpaque(opaque).takeUnretainedValue()
        if context.closing.load(ordering: .acquiring) {
            rd_kafka_assign(handle, nil)
            return
        }
        let request = KafkaClient.Rebalance(
            isAssignment: code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, partitions: partitions(in: list))
        context.rebalances.withLock { $0.append(request) }
    }
