internal import CKernels
public import Domain

/// Item factors laid out for exact top-k: blocks of 32 items, factor by factor, so that one pass over memory scores
/// every item against up to 64 queries in registers. No score buffer, no approximation.
///
/// Beside the floats stand ``ItemCodes``, an eighth of their size, where they pay: most queries read those and score few
/// items in floats. The list is that of the scan of all floats, to the last bit.
///
///     let packed = try PackedItems(itemFactors)
///     let best = packed.topK(userVector, count: 10, excluding: seen)   // [(item, score)], best first
///
/// Immutable; the scores of a query are the same bits whether it comes alone or in a batch.
public struct PackedItems: Sendable {
    public let itemCount: Int
    public let rank: Int
    private let tiles: Tiles
    private let codes: ItemCodes?
    /// The items as they were given, where that takes no memory of its own: few are read, faster than from the tiles.
    private let rows: Matrix?
    private let kernels: Kernels

    /// When items are coded, and codes read: by default where that saves time. The list is always the same.
    package enum Coding: Sendable {
        case whereItPays, whereverPossible, never
    }
    private let coding: Coding

    private static let block = Tiles.block
    private static let maximumBatch = 64

    /// O(items × rank).
    /// - Parameter keepsRows: whether the matrix stays in memory for as long as this does, as one does that its maker keeps
    ///   too, or that is lent. Then items are scored from its rows, and tiles are made when a query first needs them.
    /// - Throws: ``LinalgError/notFinite(what:row:column:)``: an item with NaN could not be ranked.
    public init(_ items: Matrix, keepsRows: Bool = false) throws(LinalgError) {
        try self.init(items, keepsRows: keepsRows, kernels: .best)
    }

    /// The same on the kernels of one instruction set, to compare them: their scores may differ in the last bits.
    /// - Throws: ``LinalgError/notFinite(what:row:column:)``.
    package init(
        _ items: Matrix, keepsRows: Bool = false, kernels: Kernels = .best, coding: Coding = .whereItPays
    ) throws(LinalgError) {
        if let bad = items.firstNonFinite() {
            throw .notFinite(what: "The item factors", row: bad.row, column: bad.column)
        }
        itemCount = items.rows
        rank = items.columns
        self.kernels = kernels
        self.coding = coding
        codes =
            switch coding {
            case .whereItPays where !ItemCodes.pay(items: items.rows, rank: items.columns), .never: nil
            case .whereItPays, .whereverPossible: ItemCodes(items, kernels: kernels)
            }
        rows = codes != nil && (keepsRows || items.storage.lender != nil) ? items : nil
        tiles = Tiles(items, atOnce: rows == nil)
    }

    /// Memory of the tiles, once they are laid out, and of the codes beside them.
    package var byteCounts: (floats: Int, codes: Int) {
        ((itemCount + Self.block - 1) / Self.block * Self.block * rank * 4, codes?.byteCount ?? 0)
    }

    /// Whether the tiles are in memory.
    package var hasTiles: Bool { tiles.areMade }

    /// The `min(count, eligible)` items of largest ⟨query, item⟩ that are not excluded, best first, equal scores by
    /// item index. O(items × rank), bound by one read of the codes, or of the
    /// factors where there are none; often much less.
    ///
    /// A query with NaN ranks nothing: the list is empty.
    /// - Parameter part: of these items, which has all that `excluding` leaves; the same list, faster.
    /// - Precondition: the query has ``rank`` elements; the bitmap is of ``itemCount`` items.
    public func topK(
        _ query: [Float], count: Int, excluding: ItemBitmap? = nil, of part: PackedPart? = nil
    ) -> [(item: ItemIndex, score: Float)] {
        precondition(query.count == rank, "a query of \(query.count) against items of rank \(rank)")
        return query.withUnsafeBufferPointer { query in
            search(query.baseAddress, queries: 1, count: count, excluding: excluding.map { [$0] } ?? [], of: part)[0]
        }
    }

    /// Lays out those items that are not excluded, for many queries that want only these. O(items + part × rank).
    /// - Returns: nil where it would not pay: without codes, and for more than an eighth of the items.
    public func part(excluding: ItemBitmap) -> PackedPart? {
        let eligible = itemCount - excluding.count
        guard let codes, eligible > 0, eligible <= itemCount / PackedPart.largestShare else { return nil }
        let places = (0..<Int32(itemCount)).filter {
            !excluding.contains(ItemIndex(rawValue: codes.table.items[Int($0)]))
        }
        return PackedPart(codes: ItemCodes(at: places, of: codes), itemCount: places.count)
    }

    /// The same for every row of `queries`: list `q` belongs to row `q`. `excluding` is empty, or has one entry a row.
    ///
    /// Rows are taken 64 at a time, so the factors are read once for each 64. Blocks the calling thread.
    public func topK(
        queries: Matrix, count: Int, excluding: [ItemBitmap?] = [], workers: Workers = Workers(count: 1)
    ) -> [[(item: ItemIndex, score: Float)]] {
        precondition(queries.columns == rank, "queries of rank \(queries.columns) against items of rank \(rank)")
        precondition(excluding.isEmpty || excluding.count == queries.rows, "one bitmap a query, or none")
        let batch = Self.batch(for: queries.rows, workers: workers.count)
        let batches = (queries.rows + batch - 1) / batch
        var results = [[(item: ItemIndex, score: Float)]](repeating: [], count: queries.rows)
        queries.withUnsafeElements { source in
            results.withUnsafeMutableBufferPointer { results in
                guard let base = source.baseAddress, let output = results.baseAddress else { return }
                let source = Shared(base)
                let results = SharedMutable(output)
                workers.run(units: batches) { _, unit in
                    let first = unit * batch
                    let rows = min(batch, queries.rows - first)
                    let lists = search(
                        source.pointer + first * rank, queries: rows, count: count,
                        excluding: excluding.isEmpty ? [] : Array(excluding[first..<first + rows]))
                    for (row, list) in lists.enumerated() { results.pointer[first + row] = list }
                }
            }
        }
        return results
    }

    /// Few queries on many workers: smaller batches, but full groups of what the kernel scores together.
    private static func batch(for queries: Int, workers: Int) -> Int {
        var batch = maximumBatch
        while batch > 8, queries < batch * workers { batch /= 2 }
        return batch
    }

    private func search(
        _ queries: UnsafePointer<Float>?, queries queryCount: Int, count: Int, excluding: [ItemBitmap?],
        of part: PackedPart? = nil
    ) -> [[(item: ItemIndex, score: Float)]] {
        let capacity = min(count, part?.itemCount ?? itemCount)
        guard capacity > 0, let queries else { return Array(repeating: [], count: queryCount) }
        for bitmap in excluding {
            precondition(bitmap == nil || bitmap!.itemCount == itemCount, "a bitmap of another number of items")
        }
        guard let (codes, codedCount) = codes(for: queryCount, capacity: capacity, of: part)
        else { return scan(queries, queries: queryCount, capacity: capacity, excluding: excluding) }
        var (lists, open) = scan(
            codes, of: codedCount, queries, queries: queryCount, capacity: capacity, excluding: excluding)
        if !open.isEmpty {
            let rows = open.flatMap { UnsafeBufferPointer(start: queries + $0 * rank, count: rank) }
            let rest = rows.withUnsafeBufferPointer {
                scan(
                    $0.baseAddress!, queries: open.count, capacity: capacity,
                    excluding: excluding.isEmpty ? [] : open.map { excluding[$0] })
            }
            for (query, list) in zip(open, rest) { lists[query] = list }
        }
        return lists
    }

    /// What to read instead of the floats, and of how many items; nil if that does not pay.
    private func codes(for queries: Int, capacity: Int, of part: PackedPart?) -> (ItemCodes, Int)? {
        if let part, coding == .whereverPossible || part.codes.worth(queries: queries).isWorthTrying() {
            return (part.codes, part.itemCount)
        }
        guard let codes else { return nil }
        let pays = capacity <= itemCount / Self.itemsForEachInList && codes.worth(queries: queries).isWorthTrying()
        return coding == .whereverPossible || pays ? (codes, itemCount) : nil
    }

    /// Longer lists than one in this many items would have most of what the codes save spent on scoring in floats.
    private static let itemsForEachInList = 64

    /// Lists by the codes, and the queries that they do not serve: those have no list yet.
    private func scan(
        _ codes: ItemCodes, of codedCount: Int, _ queries: UnsafePointer<Float>, queries queryCount: Int,
        capacity: Int, excluding: [ItemBitmap?]
    ) -> (lists: [[(item: ItemIndex, score: Float)]], open: [Int]) {
        let blocks = (codedCount + Self.block - 1) / Self.block
        let firstBlocks = max(8, 4 * capacity / Self.block)
        let pendingRoom = 2 * Self.block * max(firstBlocks, 16)
        let isForced = coding == .whereverPossible
        // Against a scan of all floats, whatever part the codes are of. An item scored from the tiles costs as many lines
        // of memory as it has factors; from its row a sixteenth.
        let budget =
            isForced ? itemCount : rows == nil ? itemCount / 64 + 2 * capacity : itemCount / 16 + 16 * capacity + 256
        let farthest = isForced || queryCount < ItemCodes.fewestTogether ? blocks : blocks / Self.shareTogether
        var candidates = [UInt64](repeating: 0, count: queryCount * capacity)
        var counts = [Int32](repeating: 0, count: queryCount)
        // Proof: the sizes are those that CKernels.h asks for.
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: queryCount * 4 * codes.table.octets) { words in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: queryCount * pendingRoom) { pending in
                withBitmaps(excluding) { bitmaps in
                    candidates.withUnsafeMutableBufferPointer { candidates in
                        counts.withUnsafeMutableBufferPointer { counts in
                            var task = ck_coded_topk(
                                exact: ck_topk(
                                    tiles: rows == nil ? tiles.all.base : nil, items: codedCount, k: rank,
                                    queries: queries,
                                    queryCount: queryCount, capacity: capacity, excluded: bitmaps,
                                    candidates: candidates.baseAddress, room: capacity, counts: counts.baseAddress),
                                codes: codes.table, firstBlocks: firstBlocks, rows: rows?.storage.base,
                                budget: budget, farthest: farthest,
                                words: words.baseAddress, pending: pending.baseAddress, pendingRoom: pendingRoom)
                            kernels.table.pointee.coded_topk(&task)
                        }
                    }
                }
            }
        }
        codes.worth(queries: queryCount).record(failed: counts.count { $0 == CK_GAVE_UP }, of: queryCount)
        return (Self.lists(candidates, counts, room: capacity), counts.indices.filter { counts[$0] < 0 })
    }

    /// Then codes pay where lengths end the scan early: before this part of the items.
    private static let shareTogether = 2

    /// Lists by the floats of all items.
    private func scan(
        _ queries: UnsafePointer<Float>, queries queryCount: Int, capacity: Int, excluding: [ItemBitmap?]
    ) -> [[(item: ItemIndex, score: Float)]] {
        let group = queryCount == 1 ? 1 : kernels.table.pointee.group
        let groups = (queryCount + group - 1) / group
        var packed = [Float](repeating: 0, count: groups * group * rank)
        for query in 0..<queryCount {
            let start = query / group * group * rank + query % group
            for t in 0..<rank { packed[start + t * group] = queries[query * rank + t] }
        }
        // Room for as many again before the worse half is dropped, and for what one block may add.
        let room = min(2 * capacity + Self.block, itemCount) + Self.block
        var candidates = [UInt64](repeating: 0, count: queryCount * room)
        var counts = [Int32](repeating: 0, count: queryCount)
        withBitmaps(excluding) { bitmaps in
            candidates.withUnsafeMutableBufferPointer { candidates in
                counts.withUnsafeMutableBufferPointer { counts in
                    packed.withUnsafeBufferPointer { packed in
                        var task = ck_topk(
                            tiles: tiles.all.base, items: itemCount, k: rank, queries: packed.baseAddress,
                            queryCount: queryCount, capacity: capacity, excluded: bitmaps,
                            candidates: candidates.baseAddress, room: room, counts: counts.baseAddress)
                        kernels.table.pointee.topk(&task)
                    }
                }
            }
        }
        return Self.lists(candidates, counts, room: room)
    }

    /// Of each query's candidates, `room` numbers apart, the list, best first; empty where there are less than none.
    private static func lists(
        _ candidates: [UInt64], _ counts: [Int32], room: Int
    ) -> [[(item: ItemIndex, score: Float)]] {
        var (keys, sorter) = ([UInt64](), KeySort())
        var lists: [[(item: ItemIndex, score: Float)]] = []
        lists.reserveCapacity(counts.count)
        for (query, count) in counts.enumerated() {
            let count = max(0, Int(count))
            keys.removeAll(keepingCapacity: true)
            // The best has the largest number, and the smallest once it is turned round.
            for place in query * room..<query * room + count { keys.append(~candidates[place]) }
            sorter.sort(&keys, first: count)
            var list: [(item: ItemIndex, score: Float)] = []
            list.reserveCapacity(count)
            for place in 0..<count { list.append(Self.place(~keys[place])) }
            lists.append(list)
        }
        return lists
    }

    /// The item and the score that `ck_topk` has put into one number.
    private static func place(_ candidate: UInt64) -> (item: ItemIndex, score: Float) {
        let high = UInt32(candidate >> 32)
        let bits = high & 0x8000_0000 != 0 ? high ^ 0x8000_0000 : ~high
        return (ItemIndex(rawValue: Int32(bitPattern: ~UInt32(truncatingIfNeeded: candidate))), Float(bitPattern: bits))
    }

    /// Lends the words of each bitmap at once: a C array of pointers, null where there is none.
    private func withBitmaps(
        _ bitmaps: [ItemBitmap?], _ body: (UnsafePointer<UnsafePointer<UInt32>?>?) -> Void
    ) {
        guard bitmaps.contains(where: { $0 != nil }) else { return body(nil) }
        if bitmaps.count == 1, let bitmap = bitmaps[0] {
            return bitmap.words.withUnsafeBufferPointer { words in
                withUnsafePointer(to: words.baseAddress) { body($0) }
            }
        }
        let wordCount = (itemCount + 31) / 32
        // One copy of at most items / 8 bytes a query: small beside the pass, and it keeps the pointers simple.
        var words: [UInt32] = []
        words.reserveCapacity(bitmaps.count * wordCount)
        var offsets: [Int?] = []
        for bitmap in bitmaps {
            offsets.append(bitmap == nil ? nil : words.count)
            if let bitmap { words += bitmap.words }
        }
        words.withUnsafeBufferPointer { words in
            let pointers: [UnsafePointer<UInt32>?] = offsets.map { offset in offset.map { words.baseAddress! + $0 } }
            pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
