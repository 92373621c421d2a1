/// Why some bytes could not be decoded. Thrown deep inside decoders; whoever knows the file's name turns it into a
/// ``ColumnarError``.
enum DecodingFault: Error {
    case malformed(String)
    case unsupported(String)

    func inFile(_ file: String) -> ColumnarError {
        switch self {
        case .malformed(let reason): .malformed(file: file, reason: reason)
        case .unsupported(let feature): .unsupported(file: file, feature: feature)
        }
    }
}

/// Runs a decoder and names the file in what it throws.
func naming<R>(_ file: String, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch let fault as DecodingFault {
        throw fault.inFile(file)
    }
}
