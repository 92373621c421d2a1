/// What a page's values became.
struct EncodedValues {
    var encoding: PageEncoding
    var bounds: Bounds
}

/// Smallest and largest value, as PLAIN bytes (byte strings without their length). Both nil if there is no value.
struct Bounds: Sendable {
    var minimum: [UInt8]?
    var maximum: [UInt8]?
    /// How many values are NaN, which the bounds leave out; nil where none can be.
    var nanCount: Int?
}

/// Collects the values of one chunk and encodes them page by page. Called per run of rows, never per value.
protocol ValueEncoder: AnyObject {
    /// Adds `column[range]`, or `column[positions[range]]`.
    func append(_ column: Column, positions: [Int32]?, range: Range<Int>)
    /// Rough size of the page so far.
    var pageSize: Int { get }
    /// Encodes the values added since the last call, appends them to `body` and forgets them.
    func takePage(to body: inout [UInt8]) -> EncodedValues
    /// The dictionary that the pages since the last call refer to, PLAIN, and its size; nil if none does. Ends the chunk.
    func takeDictionary() -> (bytes: [UInt8], count: Int)?
    /// The hashes of the chunk that ended, each value's at least once, if the encoder was told to collect them.
    func takeHashes() -> [UInt64]
    /// Whether `a` sorts before `b`, both as in ``Bounds``.
    func isAscending(_ a: [UInt8], _ b: [UInt8]) -> Bool
}

/// When a dictionary is worth its bytes.
enum DictionaryRule {
    /// A dictionary may grow to this size; later pages are PLAIN.
    static let maximumBytes = 1 << 20

    /// Within the first page: hardly a value that came twice? Then to look the rest of the page up would be for nothing.
    /// Of values that repeat at random, so few repeats mean that three quarters of a whole page will be different.
    static func isHopeless(distinct: Int, of count: Int) -> Bool { count >= 1024 && distinct * 64 >= count * 63 }

    /// After the first page: so many different values that indices would only add to them?
    static func isWorthless(distinct: Int, of count: Int) -> Bool { count > 64 && distinct * 3 > count * 2 }
}

/// The bit width in one byte, then the hybrid to the end.
func appendIndices(_ indices: [Int32], dictionarySize: Int, to bytes: inout [UInt8]) {
    let width = indexWidth(dictionarySize: dictionarySize)
    bytes.append(UInt8(width))
    indices.withUnsafeBufferPointer { Hybrid.encode($0, width: width, to: &bytes) }
}

/// A width of 0 is legal for a single entry, but readers differ in what they then expect.
func indexWidth(dictionarySize: Int) -> Int {
    max(1, BitPacking.width(of: UInt64(max(0, dictionarySize - 1))))
}
