import CRdKafka

/// Copies the headers of a message that was read, or that a delivery report is about.
func headersOf(_ message: UnsafePointer<rd_kafka_message_t>) -> [(name: String, value: [UInt8])] {
    var result: [(name: String, value: [UInt8])] = []
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return result }
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(list, result.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
        let text = name
    {
        result.append((String(cString: text), Array(UnsafeRawBufferPointer(start: value, count: size))))
    }
    return result
}
