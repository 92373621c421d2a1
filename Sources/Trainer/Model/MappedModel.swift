public import Domain
public import Linalg

/// A published model, mapped into memory and never changed: what serving answers from.
///
/// Opening reads the headers and packs the items for top-k; factors, identifiers and histories come from the page
/// cache as they are touched and are shared between processes. Any number of threads may read.
///
/// `@unchecked Sendable`: everything is constant after `init`; the pointers lead into read-only pages that the stored
/// files keep mapped.
public final class MappedModel: @unchecked Sendable {
    public let manifest: Manifest
    /// Users × ``rank``, on the mapped file.
    public let userFactors: Matrix
    /// Items × ``rank``, on the mapped file.
    public let itemFactors: Matrix
    /// The item factors laid out for exact top-k.
    public let packedItems: PackedItems

    /// How lists are mixed from their sources; nil in models of before that was learned, or of too few events to learn it.
    public let blend: ModelBlend?

    /// What predicts the factors of films that training had no events of; nil in models that were trained without a
    /// catalogue, or with a small one.
    public let content: ContentRidge?

    private let users: IdentifierTable
    private let items: IdentifierTable
    private let history: SafetensorsFile
    private let historyStarts: UnsafeBufferPointer<Int64>
    private let historyItems: UnsafeBufferPointer<Int32>
    private let historyValues: UnsafeBufferPointer<Float>
    /// nil in models that did not keep them yet.
    private let historyKinds: UnsafeBufferPointer<UInt8>?
    private let userLastAt: UnsafeBufferPointer<Int64>
    private let itemUsers: UnsafeBufferPointer<Int32>
    private let factors: SafetensorsFile
    /// Empty in an implicit model.
    private let userBiases: UnsafeBufferPointer<Float>

    public var id: ModelID { manifest.id }
    /// Columns of the factors: the rank, and in an explicit model one more for the item's bias; see ``Manifest/Ratings``.
    public var rank: Int { itemFactors.columns }
    /// Columns that say what an item is like: without the bias.
    public var tasteColumns: Int { manifest.parameters.rank }
    /// Users of the training set; their indices are `0..<userCount`.
    public var userCount: Int { users.count }
    /// Items of the training set; their indices are `0..<itemCount`.
    public var itemCount: Int { items.count }

    /// Of the files that stay mapped: factors, identifiers and histories.
    public var mappedBytes: Int { ModelFiles.required.reduce(0) { $0 + Int(manifest.files[$1]?.bytes ?? 0) } }

    /// Opens one model. Blocks. O(items × rank + users), and the copying of the files if they are not on this machine.
    /// - Parameter storage: the model's own directory.
    /// - Parameter verifying: whether to compare the SHA-256 of every file with the manifest, which reads them whole.
    ///   Without, sizes, shapes and offsets are checked, so that a truncated file is always found.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` naming the file.
    static func open(in storage: any Storage, verifying: Bool) throws -> MappedModel {
        let manifest = try ModelFiles.manifest(in: storage)
        try ModelFiles.check(manifest, in: storage)
        guard verifying else { return try MappedModel(manifest, in: storage) }
        return try ModelFiles.compareDigests(manifest, in: storage) { try MappedModel(manifest, in: storage) }
    }

    private init(_ manifest: Manifest, in storage: any Storage) throws {
        self.manifest = manifest
        let factors = try SafetensorsFile(ModelFiles.factors, in: storage)
        let identifiers = try SafetensorsFile(ModelFiles.identifiers, in: storage)
        history = try SafetensorsFile(ModelFiles.history, in: storage)
        users = try IdentifierTable(identifiers, name: "user")
        items = try IdentifierTable(identifiers, name: "item")
        let isExplicit = manifest.explicit != nil
        guard manifest.kind == (isExplicit ? Manifest.explicitKind : Manifest.implicitKind),
            isExplicit == (manifest.ratings != nil)
        else {
            throw TrainerError.damagedModelFile(
                path: storage.path(of: ModelFiles.manifest),
                reason: "its kind \(manifest.kind) and its settings disagree")
        }
        self.factors = factors
        let rank = manifest.parameters.rank + (isExplicit ? 1 : 0)
        userFactors = try Self.matrix("user_factors", rows: users.count, columns: rank, of: factors)
        itemFactors = try Self.matrix("item_factors", rows: items.count, columns: rank, of: factors)
        do {
            packedItems = try PackedItems(itemFactors)
        } catch {
            throw TrainerError.damagedModelFile(path: factors.path, reason: "\(error)")
        }
        userBiases =
            isExplicit
            ? try factors.floats("user_biases", shape: [users.count]) : UnsafeBufferPointer(start: nil, count: 0)
        historyItems = try history.int32s("items", shape: [-1])
        historyValues = try history.floats("confidences", shape: [historyItems.count])
        historyStarts = try history.int64s("user_starts", shape: [users.count + 1])
        historyKinds = history.has("kinds") ? try history.bytes("kinds", shape: [historyItems.count]) : nil
        userLastAt = try history.int64s("user_last_at", shape: [users.count])
        itemUsers = try history.int32s("item_users", shape: [items.count])
        blend = try ModelBlend.read(manifest, in: storage, items: items.count)
        content = try ModelContent.read(manifest, in: storage, rank: rank)
        try checkHistory()
    }

    private static func matrix(
        _ name: String, rows: Int, columns: Int, of file: SafetensorsFile
    ) throws -> Matrix {
        let elements = try file.floats(name, shape: [rows, columns])
        guard let base = elements.baseAddress else { return try Matrix(rows: rows, columns: columns) }
        return try Matrix(rows: rows, columns: columns, lending: base, keepingAlive: file)
    }

    private func checkHistory() throws {
        func damaged(_ reason: String) -> TrainerError { .damagedModelFile(path: history.path, reason: reason) }
        var previous: Int64 = 0
        for start in historyStarts {
            guard start >= previous, start <= historyItems.count else { throw damaged("its row starts do not rise") }
            previous = start
        }
        guard historyStarts[0] == 0, previous == historyItems.count else { throw damaged("its row starts do not end") }
        guard historyItems.allSatisfy({ $0 >= 0 && $0 < itemCount }) else {
            throw damaged("it names an item that the model does not have")
        }
    }

    // MARK: Identifiers

    /// The row of a user, or nil if training had not seen them. O(log users).
    public func userIndex(of id: String) -> UserIndex? { users.index(of: id).map { UserIndex(rawValue: $0) } }

    /// The row of an item, or nil if training had not seen it. O(log items).
    public func itemIndex(of id: String) -> ItemIndex? { items.index(of: id).map { ItemIndex(rawValue: $0) } }

    /// The identifier of a user, copied into a string.
    /// - Precondition: the index is of this model.
    public func userID(_ user: UserIndex) -> String { users.id(at: user.position) }
    /// The identifier of an item, copied into a string.
    /// - Precondition: the index is of this model.
    public func itemID(_ item: ItemIndex) -> String { items.id(at: item.position) }

    /// The bytes of an identifier, valid while the model is open.
    func userUTF8(_ user: UserIndex) -> UnsafeBufferPointer<UInt8> { users.utf8(at: user.position) }
    func itemUTF8(_ item: ItemIndex) -> UnsafeBufferPointer<UInt8> { items.utf8(at: item.position) }

    // MARK: Factors and histories

    /// b_u of an explicit model; 0 in an implicit one.
    public func userBias(_ user: UserIndex) -> Float { userBiases.isEmpty ? 0 : userBiases[user.position] }

    /// The stars that an explicit model expects of the user for an item, given ⟨p_u, q_i⟩; nil in an implicit model.
    public func stars(_ user: UserIndex, product: Float) -> Float? {
        manifest.ratings.map { $0.neutral + $0.mean + userBias(user) + product }
    }

    /// Calls `body` with the items of the user's training events, rising, and the confidence of each: above zero liked,
    /// otherwise not.
    public func withHistory<R, E: Error>(
        of user: UserIndex, _ body: (_ items: Span<Int32>, _ confidences: Span<Float>) throws(E) -> R
    ) throws(E) -> R {
        precondition(user.position >= 0 && user.position < userCount, "user out of range")
        let start = Int(historyStarts[user.position])
        let count = Int(historyStarts[user.position + 1]) - start
        guard count > 0, let items = historyItems.baseAddress, let values = historyValues.baseAddress else {
            return try body(Span(), Span())
        }
        return try body(
            Span(_unsafeStart: items + start, count: count), Span(_unsafeStart: values + start, count: count))
    }

    /// The same, copied.
    public func history(of user: UserIndex) -> (items: [ItemIndex], confidences: [Float]) {
        withHistory(of: user) { items, confidences in
            (items.indices.map { ItemIndex(rawValue: items[$0]) }, confidences.indices.map { confidences[$0] })
        }
    }

    /// By item of ``history(of:)``, of which kinds the user's training events were; nil if the model was made before kinds
    /// were kept.
    public func kinds(of user: UserIndex) -> [EventKinds]? {
        guard let historyKinds else { return nil }
        let range = Int(historyStarts[user.position])..<Int(historyStarts[user.position + 1])
        return historyKinds[range].map { EventKinds(rawValue: $0) }
    }

    /// When the user's newest training event happened: what comes later is not in the factors.
    public func lastEvent(of user: UserIndex) -> Timestamp { Timestamp(microseconds: userLastAt[user.position]) }

    /// How many users of the training set like the item.
    public func popularity(of item: ItemIndex) -> Int32 { itemUsers[item.position] }
}
