internal import Domain
internal import Foundation

/// A file with the keys of pseudonyms: the bytes of one key as they are, or, after the line ``head``, a key a line in
/// hexadecimal, the oldest first. Nothing of what is in it is ever shown.
public struct PseudonymKeyFile: Sendable {
    public let path: String
    private static let log = Log("privacy")
    private static let head = "marquee pseudonym keys 1"

    /// Names the file; nothing is read.
    public init(_ path: String) { self.path = path }

    /// Reads the keys, and warns where others may read them, too. Blocks.
    /// - Throws: ``OperationsError/badPseudonymKey(path:reason:)``.
    public func read() throws -> PseudonymKeys {
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(SystemError.last.message) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw failure("it is a folder") }
        guard let data = FileManager.default.contents(atPath: path) else { throw failure("it cannot be read") }
        if status.st_mode & 0o077 != 0 {
            Self.log.warning(
                "others than the owner may read the key of pseudonyms",
                ["file": path, "mode": String(status.st_mode & 0o777, radix: 8), "advice": "chmod 600"])
        }
        return try keys(Array(data))
    }

    /// Whether there is a file of this name.
    public var exists: Bool { FileManager.default.fileExists(atPath: path) }

    private func keys(_ bytes: [UInt8]) throws -> PseudonymKeys {
        guard bytes.starts(with: Self.head.utf8) else {
            guard bytes.count >= PseudonymKeys.shortest else { throw failure("it has \(bytes.count) bytes") }
            if let text = String(validating: bytes, as: UTF8.self) {
                Secrets.register(text.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            return PseudonymKeys([bytes])
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map(String.init)
        let keys = try lines.enumerated().map { number, line in
            Secrets.register(line)
            guard let key = Self.bytes(hexadecimal: line), key.count >= PseudonymKeys.shortest else {
                throw failure("its line \(number + 2) is no key of \(PseudonymKeys.shortest) bytes in hexadecimal")
            }
            return key
        }
        guard !keys.isEmpty else { throw failure("it has no key in it") }
        return PseudonymKeys(keys)
    }

    /// Makes the file one of the keys of `earlier` and a further one: the one that is in it, or a random one where there is
    /// no file. A file that has them already stays. It appears whole or not at all, for its owner alone. Blocks.
    /// - Throws: ``OperationsError/badPseudonymKey(path:reason:)``; what keeps it from being written.
    public func extend(_ earlier: PseudonymKeys?) throws -> PseudonymKeys {
        let present = exists ? try read() : PseudonymKeys([(0..<32).map { _ in UInt8.random(in: .min ... .max) }])
        if present.step(from: earlier) != nil, exists { return present }
        guard present.keys.count == 1 else {
            throw failure("it has several keys, and they do not begin with those of --pseudonymise-key")
        }
        let known = earlier?.keys ?? []
        guard !known.contains(present.keys[0]) else { throw failure("the key in it is not a new one") }
        let all = PseudonymKeys(known + present.keys)
        let lines = [Self.head] + all.keys.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        let file = try AtomicFile(path: path, isPrivate: true)
        try file.write(Array(lines.joined(separator: "\n").utf8) + [0x0A])
        try file.finish()
        return all
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count % 2 == 0, digits.allSatisfy({ $0 != nil }) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0)) }
    }

    private func failure(_ reason: String) -> OperationsError { .badPseudonymKey(path: path, reason: reason) }
}
