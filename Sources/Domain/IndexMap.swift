/// Gives identifiers dense indices in the order of first sight, and finds them again.
///
/// Strings are hashed once, at the edge; everything behind it works on `Int32`.
public struct IndexMap: Sendable {
    /// Identifiers by index.
    public private(set) var ids: [String]
    private var indices: [String: Int32]

    public init() {
        ids = []
        indices = [:]
    }

    /// A map with the given identifiers at the indices `0..<ids.count`.
    /// - Precondition: no identifier stands twice.
    public init(ids: [String]) {
        self.ids = ids
        indices = Dictionary(uniqueKeysWithValues: zip(ids, 0..<Int32(ids.count)))
    }

    public var count: Int { ids.count }

    /// The index of `id`, or nil if it was never inserted. O(length of id).
    public func index(of id: String) -> Int32? { indices[id] }

    /// The index of `id`, given now if it has none. O(length of id), amortised.
    public mutating func insert(_ id: String) -> Int32 {
        if let index = indices[id] { return index }
        let index = Int32(ids.count)
        ids.append(id)
        indices[id] = index
        return index
    }
}
