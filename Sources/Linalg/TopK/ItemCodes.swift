internal import CKernels
import Glibc

/// Item factors in 4 bits each beside their floats, longest item first: what exact top-k reads instead of the floats.
///
/// From an item's code and a query comes a number that the item's score does not exceed, rounding included
/// (`coded_topk.inc` has the proof). Only items whose bound reaches the worst score kept so far are scored in floats, and
/// once no longer item is left that could, the scan ends: vectors of ALS differ much in length, and few items are read.
///
/// `@unchecked Sendable`: the memory is written by `init` alone.
final class ItemCodes: @unchecked Sendable {
    /// The memory as the kernels see it.
    let table: ck_codes
    let byteCount: Int
    /// What they have been worth so far to queries alone and to many at once: one does not tell of the other.
    private let worth = (alone: CodesWorth(), together: CodesWorth())
    private let memory: UnsafeMutableRawPointer

    /// The most that codes may take of their floats' memory.
    private static let largestShare = 0.2
    /// For fewer items than this a query costs little more than its way in and out.
    private static let fewestItems = 1024
    /// Vectors this long and more could overflow in the sum of a score: nothing is proved about them.
    private static let longest: Float = 0x1p60
    private static let hugePage = 2 << 20

    /// From so many queries on the scan of all floats computes rather than waits for memory.
    static let fewestTogether = 8

    func worth(queries: Int) -> CodesWorth { queries < Self.fewestTogether ? worth.alone : worth.together }

    /// Whether codes of such a matrix pay, by their memory and by what there is to gain.
    static func pay(items: Int, rank: Int) -> Bool {
        items >= fewestItems
            && Double(Layout(items: items, octets: Layout.octets(of: rank)).byteCount) <= largestShare
                * Double(4 * items * rank)
    }

    /// Room that is not written yet.
    private init(_ layout: Layout) {
        let isHuge = layout.byteCount >= 2 * Self.hugePage
        memory = .allocate(byteCount: layout.byteCount, alignment: isHuge ? Self.hugePage : 64)
        if isHuge { _ = madvise(memory, layout.byteCount, Int32(MADV_HUGEPAGE)) }
        // Proof: the parts of the layout follow each other in the one allocation, each aligned to 64 bytes.
        table = ck_codes(
            codes: (memory + layout.codes).assumingMemoryBound(to: UInt8.self),
            scales: (memory + layout.scales).assumingMemoryBound(to: UInt16.self),
            losses: (memory + layout.losses).assumingMemoryBound(to: UInt16.self),
            reach: (memory + layout.reach).assumingMemoryBound(to: Float.self),
            items: (memory + layout.items).assumingMemoryBound(to: Int32.self), octets: layout.octets)
        byteCount = layout.byteCount
    }

    /// Codes every row. O(items × rank), on all cores.
    /// - Parameter items: finite, as ``PackedItems`` has checked.
    /// - Returns: nil if no bounds can be proved: vectors too long, or of a rank beyond 4096.
    convenience init?(_ items: Matrix, kernels: Kernels) {
        guard items.rows > 0, items.columns > 0, items.columns <= Int(CK_CODED_RANK) else { return nil }
        let layout = Layout(items: items.rows, octets: Layout.octets(of: items.columns))
        let blocks = layout.blocks
        self.init(layout)

        for (place, item) in Self.byFallingLength(items).enumerated() { table.items[place] = item }
        let shared = Coding(table: table)
        items.withUnsafeElements { source in
            let rows = Shared(source.baseAddress!)
            Workers().run(units: (blocks + Self.blocksAtOnce - 1) / Self.blocksAtOnce) { _, unit in
                let first = unit * Self.blocksAtOnce
                withUnsafePointer(to: shared.table) {
                    kernels.table.pointee.encode(
                        rows.pointer, items.columns, items.rows, $0, first, min(blocks, first + Self.blocksAtOnce))
                }
            }
        }
        // A code may be a little longer than its item: the reach of a block is that of all after it, too.
        for block in stride(from: blocks - 2, through: 0, by: -1) {
            table.reach[block] = max(table.reach[block], table.reach[block + 1])
        }
        guard table.reach[0] <= Self.longest else { return nil }
    }

    /// The codes of some of the items, at rising places of all: the same order, the same bounds. O(places × rank).
    convenience init(at places: [Int32], of all: ItemCodes) {
        let (layout, source) = (Layout(items: places.count, octets: all.table.octets), all.table)
        self.init(layout)
        // Lanes past the last item are zero, as the kernel writes them.
        memset(memory, 0, layout.byteCount)
        let block = layout.octets * 128
        for (place, old) in places.enumerated() {
            let from = Int(old)
            table.scales[place] = source.scales[from]
            table.losses[place] = source.losses[from]
            table.items[place] = source.items[from]
            // What holds for a block of all and for those after it holds for the items of them that are here.
            if place % 32 == 0 { table.reach[place / 32] = source.reach[from / 32] }
            let (to, codes) = (
                UnsafeMutableRawPointer(table.codes + place / 32 * block + place % 32 * 4),
                UnsafeRawPointer(source.codes + from / 32 * block + from % 32 * 4)
            )
            // Proof: both are within their tables, and of four bytes at multiples of four.
            for octet in 0..<layout.octets {
                to.storeBytes(
                    of: codes.load(fromByteOffset: octet * 128, as: UInt32.self), toByteOffset: octet * 128,
                    as: UInt32.self)
            }
        }
    }

    deinit { memory.deallocate() }

    /// For each item what its score against `query` cannot exceed: what a scan compares with its threshold.
    /// - Returns: nil if the query has no bounds: not finite, zero, or so long or short that sums could leave the floats.
    func upperBounds(of query: [Float], items: Int, kernels: Kernels) -> [Float]? {
        let blocks = (items + 31) / 32
        var places = [Float](repeating: 0, count: blocks * 32)
        var words = [Int32](repeating: 0, count: 4 * table.octets)
        let isBounded = query.withUnsafeBufferPointer { query in
            words.withUnsafeMutableBufferPointer { words in
                var task = ck_coded_topk()
                task.exact.k = query.count
                task.exact.items = items
                task.exact.queries = query.baseAddress
                task.codes = table
                task.words = words.baseAddress
                return (0..<blocks).allSatisfy { block in
                    places.withUnsafeMutableBufferPointer {
                        kernels.table.pointee.upper_bounds(&task, 0, block, $0.baseAddress! + block * 32) != 0
                    }
                }
            }
        }
        guard isBounded else { return nil }
        var bounds = [Float](repeating: 0, count: items)
        for place in 0..<items { bounds[Int(table.items[place])] = places[place] }
        return bounds
    }

    private static let blocksAtOnce = 256

    /// Item numbers, the longest vector first, equal ones by number.
    private static func byFallingLength(_ items: Matrix) -> [Int32] {
        var keys = (0..<items.rows).map { item in
            let square = items.withRow(item) { row in
                var sum = 0.0
                for t in row.indices { sum += Double(row[t]) * Double(row[t]) }
                return sum
            }
            // Bits of positive floats order as the floats do.
            return UInt64(~Float(square.squareRoot()).bitPattern) << 32 | UInt64(item)
        }
        keys.sort()
        return keys.map { Int32(truncatingIfNeeded: $0) }
    }

    /// `@unchecked Sendable`: each unit writes its own blocks.
    private struct Coding: @unchecked Sendable {
        let table: ck_codes
    }

    /// Where each part begins, in bytes.
    private struct Layout {
        let blocks: Int
        let octets: Int
        let codes = 0
        let scales: Int
        let losses: Int
        let reach: Int
        let items: Int
        let byteCount: Int

        static func octets(of rank: Int) -> Int { (rank + 7) / 8 }

        init(items count: Int, octets: Int) {
            blocks = (count + 31) / 32
            self.octets = octets
            scales = blocks * octets * 128
            losses = scales + blocks * 64
            reach = losses + blocks * 64
            items = (reach + blocks * 4 + 63) / 64 * 64
            byteCount = items + blocks * 128
        }
    }
}
