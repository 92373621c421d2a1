internal import Domain
internal import HTTPServer

/// Bytes that browsers keep: with a tag by which they ask whether theirs are still the newest, and smaller for those that
/// take gzip.
struct DashboardAsset: Sendable {
    private let contentType: String
    private let bytes: [UInt8]
    private let packed: [UInt8]?
    private let tag: String
    private let headers: [(name: String, value: String)]

    /// - Parameters:
    ///   - headers: to be sent beside those of caching.
    ///   - pack: makes gzip of bytes; nil where that cannot be had.
    init(
        _ contentType: String, _ bytes: [UInt8], headers: [(name: String, value: String)],
        pack: @Sendable ([UInt8]) -> [UInt8]?
    ) {
        self.contentType = contentType
        self.bytes = bytes
        packed = bytes.count < 1000 ? nil : pack(bytes)
        // FNV-1a: names a version among those of one file, and keeps no secret.
        let digest = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        tag = "\"\(String(digest, radix: 36))\""
        self.headers =
            headers + [
                ("Cache-Control", "no-cache"), ("ETag", tag), ("Vary", "Accept-Encoding"),
                ("X-Content-Type-Options", "nosniff"),
            ]
    }

    /// 304 if the browser has it, else the bytes.
    func answer(to request: HTTPRequest) -> HTTPResponse {
        if request.headers["if-none-match"]?.contains(tag) == true {
            return HTTPResponse(status: 304, contentType: "", headers: headers)
        }
        if let packed, request.headers["accept-encoding"]?.contains("gzip") == true {
            return HTTPResponse(
                contentType: contentType, headers: headers + [("Content-Encoding", "gzip")], body: packed)
        }
        return HTTPResponse(contentType: contentType, headers: headers, body: bytes)
    }
}
