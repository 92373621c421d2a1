internal import CGnuTLS
internal import Domain
internal import Glibc

/// A certificate with its chain and its private key, checked and ready for handshakes.
///
/// `@unchecked Sendable`: what the pointers lead to never changes after `init`, and GnuTLS only reads it; it is freed when
/// the last connection that was given it, and the daemon, have let go.
final class ServerIdentity: @unchecked Sendable {
    private let chain: UnsafeMutableBufferPointer<gnutls_pcert_st>
    private let key: gnutls_privkey_t

    /// Reads both files.
    /// - Throws: `HTTPServerError` that names the file and says what is wrong with it.
    init(_ files: TLSFiles) throws(HTTPServerError) {
        let certificates = try Certificates(files.certificate)
        let plainKey = try PrivateKey(files.key)
        guard try certificates.firstKeyID() == plainKey.id() else {
            throw .certificateMismatch(certificate: files.certificate, key: files.key)
        }
        try certificates.checkTimes()
        key = try plainKey.forHandshakes()
        chain = certificates.forHandshakes()
    }

    deinit {
        for index in chain.indices { gnutls_pcert_deinit(chain.baseAddress.map { $0 + index }) }
        chain.deallocate()
        gnutls_privkey_deinit(key)
    }

    /// Hands both to a session. They must live as long as it does.
    func give(
        _ certificates: UnsafeMutablePointer<UnsafeMutablePointer<gnutls_pcert_st>?>?,
        _ count: UnsafeMutablePointer<UInt32>?, _ key: UnsafeMutablePointer<gnutls_privkey_t?>?
    ) {
        certificates?.pointee = chain.baseAddress
        count?.pointee = UInt32(chain.count)
        key?.pointee = self.key
    }
}

/// A file's bytes, in GnuTLS's hands.
private final class LoadedFile {
    var datum = gnutls_datum_t()

    init(_ path: String) throws(HTTPServerError) {
        // Asked first: GnuTLS does not say why it could not read.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .badTLSFile(path: path, reason: SystemError.last.clause) }
        close(descriptor)
        let status = gnutls_load_file(path, &datum)
        guard status == GNUTLS_E_SUCCESS else { throw .badTLSFile(path: path, reason: reason(status)) }
    }

    deinit {
        // It may be a key.
        if let bytes = datum.data { explicit_bzero(bytes, Int(datum.size)) }
        marquee_gnutls_free(datum.data)
    }
}

/// The certificates of a PEM file, the server's first.
private final class Certificates {
    private let path: String
    private var list: UnsafeMutablePointer<gnutls_x509_crt_t?>?
    private var count: UInt32 = 0

    init(_ path: String) throws(HTTPServerError) {
        self.path = path
        let file = try LoadedFile(path)
        let status = gnutls_x509_crt_list_import2(
            &list, &count, &file.datum, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT.rawValue)
        guard status >= 0 else { throw .badTLSFile(path: path, reason: "it holds no certificate in PEM") }
        guard count > 0 else { throw .badTLSFile(path: path, reason: "it holds no certificate in PEM") }
    }

    deinit {
        for index in 0..<Int(count) { gnutls_x509_crt_deinit(list?[index]) }
        marquee_gnutls_free(list)
    }

    func firstKeyID() throws(HTTPServerError) -> [UInt8] {
        try keyID(path) { gnutls_x509_crt_get_key_id(list?[0], 0, $0, &$1) }
    }

    /// An expired certificate is one that every client refuses.
    func checkTimes() throws(HTTPServerError) {
        let now = time_t(Timestamp.now.microseconds / 1_000_000)
        for index in 0..<Int(count) {
            let (from, to) = (
                gnutls_x509_crt_get_activation_time(list?[index]), gnutls_x509_crt_get_expiration_time(list?[index])
            )
            if to < now {
                throw .certificateOutOfTime(path: path, at: "expired at \(Timestamp(seconds: Int64(to)))")
            }
            if from > now {
                throw .certificateOutOfTime(path: path, at: "begins at \(Timestamp(seconds: Int64(from)))")
            }
        }
    }

    func forHandshakes() -> UnsafeMutableBufferPointer<gnutls_pcert_st> {
        let chain = UnsafeMutableBufferPointer<gnutls_pcert_st>.allocate(capacity: Int(count))
        chain.initialize(repeating: gnutls_pcert_st())
        for index in chain.indices {
            // It was parsed above: what could fail is memory.
            let status = gnutls_pcert_import_x509(chain.baseAddress.map { $0 + index }, list?[index], 0)
            precondition(status == GNUTLS_E_SUCCESS, "out of memory")
        }
        return chain
    }
}

private final class PrivateKey {
    private let path: String
    private var key: gnutls_x509_privkey_t?

    init(_ path: String) throws(HTTPServerError) {
        self.path = path
        let file = try LoadedFile(path)
        guard gnutls_x509_privkey_init(&key) == GNUTLS_E_SUCCESS else { throw .cannotStart(reason: "out of memory") }
        let status = gnutls_x509_privkey_import2(key, &file.datum, GNUTLS_X509_FMT_PEM, nil, 0)
        switch status {
        case GNUTLS_E_SUCCESS: return
        case GNUTLS_E_DECRYPTION_FAILED: throw .badTLSFile(path: path, reason: "the key has a password")
        default: throw .badTLSFile(path: path, reason: "it holds no private key in PEM")
        }
    }

    deinit { gnutls_x509_privkey_deinit(key) }

    func id() throws(HTTPServerError) -> [UInt8] {
        try keyID(path) { gnutls_x509_privkey_get_key_id(key, 0, $0, &$1) }
    }

    func forHandshakes() throws(HTTPServerError) -> gnutls_privkey_t {
        var result: gnutls_privkey_t?
        guard gnutls_privkey_init(&result) == GNUTLS_E_SUCCESS, let result else {
            throw .cannotStart(reason: "out of memory")
        }
        let status = gnutls_privkey_import_x509(result, key, GNUTLS_PRIVKEY_IMPORT_COPY.rawValue)
        guard status == GNUTLS_E_SUCCESS else {
            gnutls_privkey_deinit(result)
            throw .badTLSFile(path: path, reason: reason(status))
        }
        return result
    }
}

/// The digest of a public key: certificate and private key belong together if theirs are the same.
private func keyID(
    _ path: String, _ ask: (UnsafeMutablePointer<UInt8>?, inout Int) -> Int32
) throws(HTTPServerError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    var size = bytes.count
    let status = bytes.withUnsafeMutableBufferPointer { ask($0.baseAddress, &size) }
    guard status == GNUTLS_E_SUCCESS else { throw .badTLSFile(path: path, reason: reason(status)) }
    return Array(bytes.prefix(size))
}

/// What GnuTLS says of a status.
private func reason(_ status: Int32) -> String {
    guard let text = gnutls_strerror(status) else { return "GnuTLS status \(status)" }
    return String(cString: text).trimmingSuffix(".")
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
