internal import Domain
internal import Foundation
internal import Operations

/// The erasures of a deployment: files in `privacy` of the state folder, which nobody but its owner may read.
///
/// One under way names the person, or nobody could go on with it; its file is removed with the last step. What stays is the
/// receipt and its signature. Whoever writes in `open` holds the lock, so that what a killed process left there half-written
/// can be told from what is being written: with the lock in hand it is nobody's, and it goes.
struct ErasureLedger: Sendable {
    private let storage: LocalStorage
    private static let lock = ".lock"
    private static let keyFile = "receipt.key"

    init(_ state: StateDatabase) { storage = LocalStorage(state.folder + "/privacy") }

    /// The key of the receipts: 32 bytes, made when they are first needed.
    /// - Parameter path: of a file with a key of the operator's own.
    func key(_ path: String?) throws -> [UInt8] {
        if let path {
            let url = URL(filePath: path)
            guard let bytes = try? Array(Data(contentsOf: url)), bytes.count >= 16 else {
                throw PrivacyError.badKey(path: path)
            }
            return bytes
        }
        try storage.makePrivate()
        let made = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        _ = try storage.putIfAbsent(Self.keyFile, made)
        return try storage.read(Self.keyFile)
    }

    /// Writes a new erasure down, unless one of that person is under way.
    func begin(_ record: ErasureRecord) throws -> ErasureRecord {
        try storage.makePrivate()
        return try storage.withLock(Self.lock) {
            if let known = try open().first(where: { $0.user?.utf8.elementsEqual(record.user?.utf8 ?? "".utf8) == true }
            ) {
                return known
            }
            try write(record)
            return record
        }
    }

    /// Writes down how far an erasure is. One that another process has completed meanwhile stays complete.
    func note(_ record: ErasureRecord) throws {
        try storage.withLock(Self.lock) {
            if try storage.status(Self.signatureName(record.id)) == nil { try write(record) }
        }
    }

    /// Under the lock.
    private func write(_ record: ErasureRecord) throws {
        try removeLeftovers()
        try storage.replace(Self.openName(record.id), try record.json())
    }

    /// Under the lock: removes what killed processes were writing. It names the person, too.
    private func removeLeftovers() throws {
        for entry in try storage.list("open", from: "") where !entry.name.hasSuffix(".json") {
            try storage.delete("open/\(entry.name)")
        }
    }

    /// Those under way, oldest first.
    func open() throws -> [ErasureRecord] {
        try storage.list("open", from: "").filter { $0.name.hasSuffix(".json") }.compactMap { entry in
            do {
                return try ErasureRecord(json: storage.read("open/\(entry.name)"))
            } catch StorageError.missing {
                return nil
            }
        }.sorted { $0.requestedAt < $1.requestedAt }
    }

    /// An erasure under way, or a receipt; nil if there is none of that name.
    func record(_ id: String) throws -> ErasureRecord? {
        guard Self.isName(id) else { return nil }
        for name in [Self.receiptName(id), Self.openName(id)] {
            if try storage.status(name) != nil { return try ErasureRecord(json: storage.read(name)) }
        }
        return nil
    }

    /// The receipt's bytes and their signature.
    func receipt(_ id: String) throws -> (json: [UInt8], signature: String)? {
        guard Self.isName(id), try storage.status(Self.signatureName(id)) != nil else { return nil }
        return (
            try storage.read(Self.receiptName(id)),
            String(decoding: try storage.read(Self.signatureName(id)), as: UTF8.self)
        )
    }

    /// Signs the receipt, and forgets who it was.
    func complete(_ record: ErasureRecord, key: [UInt8]) throws {
        let json = try record.json()
        try storage.withLock(Self.lock) {
            try storage.replace(Self.receiptName(record.id), json)
            try storage.replace(Self.signatureName(record.id), Array(Digest.hmacSHA256(json, key: key).hex.utf8))
            try removeLeftovers()
            try storage.delete(Self.openName(record.id))
        }
    }

    private static func isName(_ id: String) -> Bool { UUID(uuidString: id) != nil }
    private static func openName(_ id: String) -> String { "open/\(id).json" }
    private static func receiptName(_ id: String) -> String { "receipts/\(id).json" }
    private static func signatureName(_ id: String) -> String { "receipts/\(id).hmac" }
}
