/// The byte strings of a page in PLAIN: each with its length in four bytes before it.
///
/// Unsafe: writes each value into room that was made for it, which is checked for every one.
struct PlainPage {
    private(set) var bytes: [UInt8] = []
    private var bounds = ByteBounds()

    mutating func append(_ rows: ByteRows) {
        bytes.append(addingCapacity: rows.byteCount + 4 * rows.count) { (span: inout OutputSpan<UInt8>) in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                let output = UnsafeMutableRawBufferPointer(buffer)
                var run = BoundsOfRun()
                for i in 0..<rows.count {
                    let value = rows[i]
                    run.widen(value)
                    precondition(output.count - initialized >= 4 + value.count, "as much room as was asked for")
                    output.storeBytes(of: UInt32(value.count), toByteOffset: initialized, as: UInt32.self)
                    initialized += 4
                    if let source = value.baseAddress, let target = output.baseAddress {
                        ShortBytes.copy(source, to: target + initialized, count: value.count)
                        initialized += value.count
                    }
                }
                bounds.widen(run)
            }
        }
    }

    /// Appends the page to `body` and begins the next.
    mutating func take(to body: inout [UInt8]) -> Bounds {
        defer {
            bytes.removeAll(keepingCapacity: true)
            bounds = ByteBounds()
        }
        body.append(contentsOf: bytes)
        return bounds.bounds
    }
}

/// The byte strings of a page in DELTA_BYTE_ARRAY: of each, how much of the one before it begins with, and the rest.
///
///     lengths of the prefixes, DELTA_BINARY_PACKED | lengths of the rests, the same | the rests, end to end
///
/// Unsafe: points from each value to the one before it, which lies in the same rows or in ``last``.
struct FrontCodedPage {
    private var prefixes: [Int32] = []
    private var lengths: [Int32] = []
    private var rests: [UInt8] = []
    private var last: [UInt8] = []
    private var bounds = ByteBounds()
    /// What the values take in PLAIN, and a reader in its memory: the page is closed by this.
    private(set) var plainSize = 0

    /// Whether a page of values like these takes less than half of PLAIN, reckoned with two bytes for the lengths of each: a
    /// codec makes more of PLAIN bytes, so that these must be clearly shorter. O(bytes).
    static func pays(for values: BytesColumn) -> Bool {
        var shared = 0
        values.bytes.withUnsafeBytes { bytes in
            for i in 1..<max(1, values.count) {
                shared += ShortBytes.sharedPrefix(
                    UnsafeRawBufferPointer(rebasing: bytes[values.range(of: i - 1)]),
                    UnsafeRawBufferPointer(rebasing: bytes[values.range(of: i)]))
            }
        }
        let plain = values.bytes.count + 4 * values.count
        return (plain - shared - 2 * values.count) * 2 < plain
    }

    mutating func append(_ rows: ByteRows) {
        guard rows.count > 0 else { return }
        let size = rows.byteCount
        plainSize += size + 4 * rows.count
        let (isFirst, before) = (prefixes.isEmpty, last)
        before.withUnsafeBytes { before in
            prefixes.append(addingCapacity: rows.count) { (prefixes: inout OutputSpan<Int32>) in
                lengths.append(addingCapacity: rows.count) { (lengths: inout OutputSpan<Int32>) in
                    rests.append(addingCapacity: size) { (rests: inout OutputSpan<UInt8>) in
                        rests.withUnsafeMutableBufferPointer { buffer, initialized in
                            var run = BoundsOfRun()
                            var previous = before
                            for i in 0..<rows.count {
                                let value = rows[i]
                                let shared = i == 0 && isFirst ? 0 : ShortBytes.sharedPrefix(previous, value)
                                // What is greater than its neighbour cannot be the smallest, and the other way round.
                                if i == 0 {
                                    run.widen(value)
                                } else {
                                    run.widen(value, after: previous, sharing: shared)
                                }
                                let rest = value.count - shared
                                prefixes.append(Int32(shared))
                                lengths.append(Int32(rest))
                                precondition(buffer.count - initialized >= rest, "as much room as was asked for")
                                if let source = value.baseAddress, let target = buffer.baseAddress {
                                    ShortBytes.copy(source + shared, to: target + initialized, count: rest)
                                    initialized += rest
                                }
                                previous = value
                            }
                            bounds.widen(run)
                            last = Array(previous)
                        }
                    }
                }
            }
        }
    }

    /// Appends the page to `body` and begins the next.
    mutating func take(to body: inout [UInt8]) -> Bounds {
        defer {
            prefixes.removeAll(keepingCapacity: true)
            lengths.removeAll(keepingCapacity: true)
            rests.removeAll(keepingCapacity: true)
            last = []
            bounds = ByteBounds()
            plainSize = 0
        }
        DeltaEncoder.encode(prefixes, to: &body)
        DeltaEncoder.encode(lengths, to: &body)
        body.append(contentsOf: rests)
        return bounds.bounds
    }
}
