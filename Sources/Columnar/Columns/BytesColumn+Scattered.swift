extension BytesColumn {
    /// The rows at `rows`, in that order, copied one by one: O(rows + their bytes), with memory asked for twice.
    /// - Parameter validity: of the result.
    /// - Precondition: there are such rows, and their bytes are under 2 GiB.
    func scattered(_ rows: [Int32], validity: [Bool]?) -> BytesColumn {
        let ends = [Int32](unsafeUninitializedCapacity: rows.count + 1) { ends, count in
            ends[0] = 0
            var end: Int32 = 0
            for (place, row) in rows.enumerated() {
                let (low, high) = (offsets[Int(row)], offsets[Int(row) + 1])
                // What the copying below relies on.
                precondition(low >= 0 && low <= high && Int(high) <= bytes.count, "the offsets ascend within the bytes")
                end += high - low
                ends[place + 1] = end
            }
            count = rows.count + 1
        }
        let total = Int(ends[rows.count])
        let copied = [UInt8](unsafeUninitializedCapacity: total) { target, count in
            // Safe: every range was held against the bytes above, and the lengths add up to what was asked for. Neither base
            // address is nil where there is a byte to copy.
            bytes.withUnsafeBufferPointer { source in
                guard var place = target.baseAddress, let base = source.baseAddress else { return }
                for row in rows {
                    let low = Int(offsets[Int(row)])
                    let length = Int(offsets[Int(row) + 1]) - low
                    place.initialize(from: base + low, count: length)
                    place += length
                }
            }
            count = total
        }
        return BytesColumn(offsets: ends, bytes: copied, validity: validity)
    }
}
