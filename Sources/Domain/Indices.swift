/// The dense row number of a user in one training set or model, `0..<userCount`.
///
/// A type of its own so that rows and columns of the interaction matrix cannot be swapped. It means nothing outside
/// the training set or model that gave it.
public struct UserIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// - Precondition: `position` fits in 32 bits.
    public init(_ position: Int) { rawValue = Int32(position) }
    /// The same as an `Int`, to index arrays with.
    public var position: Int { Int(rawValue) }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The dense column number of an item in one training set or model, `0..<itemCount`. See ``UserIndex``.
public struct ItemIndex: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// - Precondition: `position` fits in 32 bits.
    public init(_ position: Int) { rawValue = Int32(position) }
    /// The same as an `Int`, to index arrays with.
    public var position: Int { Int(rawValue) }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
