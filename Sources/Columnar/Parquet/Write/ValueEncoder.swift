/// The values of one page, encoded.
struct EncodedValues {
    var encoding: PageEncoding
    var bytes: [UInt8]
    var bounds: Bounds
}

/// Smallest and largest value, as PLAIN bytes (byte strings without their length). Both nil if there is no value.
struct Bounds: Sendable {
    var minimum: [UInt8]?
    var maximum: [UInt8]?
}

/// Collects the values of one chunk and encodes them page by page. Called per run of rows, never per value.
protocol ValueEncoder: AnyObject {
    /// Adds `column[range]`, or `column[positions[range]]`.
    func append(_ column: Column, positions: [Int32]?, range: Range<Int>)
    /// Rough size of the page so far.
    var pageSize: Int { get }
    /// Encodes and forgets the values added since the last call.
    func takePage() -> EncodedValues
    /// The dictionary that the pages since the last call refer to, PLAIN, and its size; nil if none does.
    func takeDictionary() -> (bytes: [UInt8], count: Int)?
    /// Whether `a` sorts before `b`, both as in ``Bounds``.
    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool
}

/// When a dictionary is worth its bytes.
enum DictionaryRule {
    /// A dictionary may grow to this size; later pages are PLAIN.
    static let maximumBytes = 1 << 20

    /// After the first page: so many different values that indices would only add to them?
    static func isWorthless(distinct: Int, of count: Int) -> Bool { count > 64 && distinct * 3 > count * 2 }
}
