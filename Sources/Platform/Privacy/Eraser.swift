internal import Domain
internal import Foundation
public import Operations

/// Carries out erasures: masks the person at once, then goes from place to place.
///
///     let eraser = Eraser(stores, state: state)
///     let erasure = try await eraser.begin("u17", by: "cli:anna")
///     print(try await eraser.run(erasure.id).state)
///
/// What was done is written down after each place, and doing it again does nothing: whoever runs it after a crash, or when a
/// place is back that was away, does the rest. Of several that run one at a time does. Of somebody under a legal hold nothing is
/// removed until that is released: they are masked. Once removing has begun no hold can be placed.
public struct Eraser: Sendable {
    private let stores: PersonalStores
    private let register: PersonalRegister
    private let ledger: ErasureLedger
    private let leases: Leases
    private let holds: LegalHolds
    private let audit: AuditLog
    private let keyFile: String?
    private static let log = Log("privacy")

    /// - Parameters:
    ///   - state: where it is written down.
    ///   - keyFile: with the operator's key for receipts; nil for one of the state's own, made at first use.
    public init(_ stores: PersonalStores, state: StateDatabase, keyFile: String? = nil) {
        self.stores = stores
        self.keyFile = keyFile
        register = PersonalRegister(state)
        ledger = ErasureLedger(state)
        leases = Leases(state)
        holds = LegalHolds(state)
        audit = AuditLog(state)
    }

    /// From when this returns nothing of the person is used: no list, no training.
    /// - Returns: the erasure that is under way then, the one of an earlier request if that is not complete.
    public func begin(_ user: String, by who: String, reason: String = "", requestID: String = "") async throws
        -> ErasureRecord
    {
        try await BlockingWork.run("privacy") { _ in
            let subject = Digest.hmacSHA256(Array(user.utf8), key: try ledger.key(keyFile)).hex
            let record = ErasureRecord(
                id: UUID().uuidString.lowercased(), user: user, subject: subject, by: who, at: .now,
                steps: stores.all.map { .init(store: $0.declaration.name, holds: $0.declaration.holds) })
            let known = try ledger.begin(record)
            // Also where it is known: the process that wrote it down may have died before this.
            try register.suppress(user)
            try audit.append(
                AuditedChange(
                    who: who, action: "privacy.erase", target: known.id, outcome: .begun, reason: reason,
                    requestID: requestID))
            return known
        }
    }

    /// An erasure under way, or the receipt of one.
    /// - Throws: ``PrivacyError/erasureNotFound(id:)``.
    public func record(_ id: String) async throws -> ErasureRecord {
        let record = try await BlockingWork.run("privacy") { _ in try ledger.record(id) }
        guard let record else { throw PrivacyError.erasureNotFound(id: id) }
        return record
    }

    /// The bytes of a receipt and their HMAC-SHA-256 in hexadecimal; nil while it is not complete.
    public func receipt(_ id: String) async throws -> (json: [UInt8], signature: String)? {
        try await BlockingWork.run("privacy") { _ in try ledger.receipt(id) }
    }

    /// The erasures under way, oldest first.
    public func open() async throws -> [ErasureRecord] {
        try await BlockingWork.run("privacy") { _ in try ledger.open() }
    }

    /// Does what is left to do of an erasure, as far as it can be done now. Nothing is done where another process is at it.
    public func run(_ id: String) async throws -> ErasureRecord {
        let taken = try await BlockingWork.run("privacy") { _ in try leases.take("erasure \(id)") }
        guard case .taken(let lease) = taken else { return try await record(id) }
        let beating = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: Leases.rhythm)
                _ = try? await BlockingWork.run("lease") { _ in try lease.beat() }
            }
        }
        defer {
            beating.cancel()
            lease.release()
        }
        var record = try await record(id)
        guard record.state == .pending, let user = record.user else { return record }
        // The process that began it may have died before it did this.
        try await BlockingWork.run("privacy") { [register] _ in try register.suppress(user) }
        let hold = try await BlockingWork.run("privacy") { [holds] _ in try holds.beginRemoval(of: user) }
        if hold != nil || record.heldSince != nil {
            record.heldSince = hold?.since
            for place in record.steps.indices where !record.steps[place].isOver {
                record.steps[place].standing = hold == nil ? .waiting : .pending
                record.steps[place].reason = hold.map { "a legal hold keeps it, since \($0.since)" }
            }
            try await note(record)
        }
        guard hold == nil else { return record }
        for store in stores.all { try await carryOut(store, of: user, in: &record) }
        // What was on its way when a place was done, such as events that were not ingested yet.
        if record.isDone {
            for store in stores.all {
                if await hasMore(store, of: user, in: &record) { try await carryOut(store, of: user, in: &record) }
            }
        }
        guard record.isDone else { return record }
        return try await complete(record, user)
    }

    private func hasMore(_ store: any PersonalStore, of user: String, in record: inout ErasureRecord) async -> Bool {
        guard store.declaration.name != PersonalState.name else { return false }
        guard let place = record.steps.firstIndex(where: { $0.store == store.declaration.name }),
            record.steps[place].standing == .done, (try? await store.find(user)) != 0
        else { return false }
        record.steps[place].standing = .pending
        return true
    }

    private func carryOut(_ store: any PersonalStore, of user: String, in record: inout ErasureRecord) async throws {
        let name = store.declaration.name
        // A place that was configured after the erasure began is done with it.
        if !record.steps.contains(where: { $0.store == name }) {
            record.steps.append(.init(store: name, holds: store.declaration.holds))
        }
        guard let place = record.steps.firstIndex(where: { $0.store == name }), !record.steps[place].isOver else {
            return
        }
        var step = record.steps[place]
        do {
            if step.found == nil {
                step.found = try await store.find(user)
                record.steps[place] = step
                try await note(record)
            }
            let outcome = try await store.erase(user)
            step.removed += outcome.removed
            step.counts.merge(outcome.counts, uniquingKeysWith: +)
            (step.standing, step.reason) =
                switch outcome.standing {
                case .done: (.done, nil)
                case .pending(let reason): (.pending, reason)
                case .expires(let reason): (.expires, reason)
                }
        } catch let error as CancellationError {
            throw error
        } catch {
            let fault = error as? any Fault
            step.standing = .pending
            step.reason = fault.map { "\($0.code): \($0.message)" } ?? "\(error)"
            Self.log.warning(
                "a place could not be erased; it will be tried again", ["store": name, "erasure": record.id])
        }
        step.at = .now
        record.steps[place] = step
        try await note(record)
    }

    private func note(_ record: ErasureRecord) async throws {
        try await BlockingWork.run("privacy") { _ in try ledger.note(record) }
    }

    private func complete(_ record: ErasureRecord, _ user: String) async throws -> ErasureRecord {
        var record = record
        record.user = nil
        record.state = .complete
        record.completedAt = .now
        return try await BlockingWork.run("privacy") { [record] _ in
            // Before the file that names them goes: whoever comes back begins anew.
            try register.forget(user)
            try ledger.complete(record, key: try ledger.key(keyFile))
            try audit.append(
                AuditedChange(
                    who: record.requestedBy, action: "privacy.erase", target: record.id, outcome: .done, reason: ""))
            return record
        }
    }
}

extension ErasureRecord {
    /// Whether no place has anything left that could be removed.
    fileprivate var isDone: Bool { steps.allSatisfy(\.isOver) }
}

extension ErasureRecord.Step {
    /// Whether there is nothing left to do.
    fileprivate var isOver: Bool { standing == .done || standing == .expires }
}
