/// Where a server's certificate and its key lie, both in PEM.
public struct TLSFiles: Sendable, Equatable {
    /// The certificate, followed by those of the authorities between it and the root.
    public let certificate: String
    /// Its private key, without a password.
    public let key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
