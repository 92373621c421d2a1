internal import Domain
internal import HTTPClient

/// The calls that S3 has for objects that come in parts.
extension ObjectClient {
    /// A part that has come, as the last call names it.
    struct Part {
        let number: Int
        let etag: String
        let checksum: String
    }

    /// - Returns: the name of the upload.
    func beginUpload(_ key: String, mark: String) throws -> String {
        let response = try send(
            Request(
                method: .post, key: key, query: [("uploads", "")],
                headers: [("x-amz-checksum-algorithm", "SHA256"), (ObjectFacts.markHeader, mark)], body: [],
                operation: "write", path: path(key))
        )
        guard let upload = XMLElement(response.body)?["UploadId"], !upload.isEmpty else {
            throw ObjectStoreError.malformedAnswer(
                path: path(key), operation: "write", reason: "it has no UploadId")
        }
        return upload
    }

    /// Sending a part again replaces it.
    func sendPart(_ key: String, upload: String, number: Int, _ bytes: [UInt8]) throws -> Part {
        let checksum = Self.checksum(bytes)
        let response = try send(
            Request(
                method: .put, key: key, query: [("partNumber", String(number)), ("uploadId", upload)],
                headers: [("x-amz-checksum-sha256", checksum)], body: bytes, operation: "write", path: path(key))
        )
        guard let etag = response.header("ETag") else {
            throw ObjectStoreError.malformedAnswer(path: path(key), operation: "write", reason: "a part has no ETag")
        }
        return Part(number: number, etag: etag, checksum: checksum)
    }

    /// Makes the parts an object, if its name is free.
    /// - Returns: whether it was.
    func completeUpload(_ key: String, upload: String, _ parts: [Part], mark: String) throws -> Bool {
        let list = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(MarkupText.escaped(part.etag))</ETag>"
                + "<ChecksumSHA256>\(part.checksum)</ChecksumSHA256></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8)
        var attempt = 1
        while true {
            let response = try send(
                Request(
                    method: .post, key: key, query: [("uploadId", upload)], headers: [("if-none-match", "*")],
                    body: body, operation: "write", path: path(key), expected: [404, 409, 412]))
            // The service sends 200 at once, and may find out later that it cannot be done.
            let root = XMLElement(response.body)
            if response.status == 200, root?.name == "CompleteMultipartUploadResult" { return true }
            // Whatever the answer: an earlier attempt may have been carried out.
            if try head(key)?.mark == mark { return true }
            let refusal = Refusal(response)
            if response.status == 412 { return false }
            let mayRepeat = response.status == 200 || refusal.code == "ConditionalRequestConflict"
            guard mayRepeat, attempt < Self.maximumAttempts else {
                throw ObjectStoreError.refused(
                    path: path(key), operation: "write", status: refusal.status, code: refusal.code,
                    reason: refusal.reason)
            }
            Self.pause(after: attempt)
            attempt += 1
        }
    }

    /// Gives an upload up; its parts cost nothing any more. What cannot be given up now, a rule of the bucket removes.
    func abandonUpload(_ key: String, upload: String) {
        _ = try? send(
            Request(
                method: .delete, key: key, query: [("uploadId", upload)], operation: "delete", path: path(key),
                expected: [404]))
    }
}
