/// How a file is written.
public struct ParquetOptions: Sendable {
    /// ZSTD is Delta's stated default.
    public var compression = Compression.zstd
    /// Of zstd 1…19, of gzip 1…9.
    public var compressionLevel = 1
    /// A row group is closed at this many rows, between two batches. It bounds the memory of writers and readers.
    public var rowGroupRows = 1 << 20
    /// It is also closed when its pages, compressed, take this many bytes.
    public var rowGroupBytes = 128 << 20
    public var pageRows = 20_000
    /// A page is also closed at this many bytes before compression.
    public var pageBytes = 1 << 20
    /// Dictionaries pay for values that repeat; columns whose first page shows too few repeats go without.
    public var dictionaries = true
    /// Columns in DELTA_BINARY_PACKED where they have no dictionary: `int32`, `int64`, `date`, `timestamp`.
    public var deltaColumns: Set<String> = []
    /// Whether other such columns are written in DELTA_BINARY_PACKED too, where their first page shows that it takes
    /// half of a dictionary or five eighths of PLAIN at most: instants in order, counters. Also whether strings and byte
    /// strings without a dictionary are written in DELTA_BYTE_ARRAY where they begin like the ones before them.
    public var deltasWherePaying = true
    /// Columns in BYTE_STREAM_SPLIT, without a dictionary: `float`, `double`.
    public var byteStreamSplitColumns: Set<String> = []
    /// Columns with a Bloom filter in each row group, one or two bytes for each distinct value: unique or nearly unique
    /// keys that are looked up one by one, such as identifiers. Integers, dates, instants, strings and byte strings.
    ///
    /// A scan with an equality on such a column (`DeltaTable` and `store cat --where` too) skips row groups by them,
    /// whoever wrote the file. A table asks for them with its property `marquee.bloomFilterColumns`, names separated by
    /// commas, which every append and rewrite obeys.
    public var bloomFilterColumns: Set<String> = []
    /// Pairs for the footer, by key.
    public var metadata: [String: String] = [:]

    public init() {}
}
