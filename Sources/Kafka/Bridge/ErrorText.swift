import CRdKafka

/// librdkafka's words for an error code.
func describe(_ code: rd_kafka_resp_err_t) -> String {
    rd_kafka_err2str(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
}

/// Lends librdkafka a place for its error texts.
func withErrorText<R>(_ body: (UnsafeMutablePointer<CChar>, Int) throws -> R) rethrows -> R {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        buffer.initialize(repeating: 0)
        return try body(buffer.baseAddress!, buffer.count)
    }
}
