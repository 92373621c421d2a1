/// Identifiers by index and back, over mapped bytes: nothing is copied or hashed when a model is opened.
///
/// Three tensors: the UTF-8 bytes of all identifiers one after another, where each begins (one more than there are
/// identifiers), and the indices sorted by the bytes of their identifiers, for binary search.
///
/// `@unchecked Sendable`: the pointers are constant and lead into read-only pages that `file` keeps mapped.
struct IdentifierTable: @unchecked Sendable {
    private let file: SafetensorsFile
    private let bytes: UnsafeBufferPointer<UInt8>
    private let starts: UnsafeBufferPointer<Int64>
    private let order: UnsafeBufferPointer<Int32>

    var count: Int { order.count }

    /// - Parameter name: `user` or `item`.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)`` if an offset or index lies outside.
    init(_ file: SafetensorsFile, name: String) throws {
        self.file = file
        order = try file.int32s("\(name)_order", shape: [-1])
        starts = try file.int64s("\(name)_starts", shape: [order.count + 1])
        bytes = try file.bytes("\(name)_bytes", shape: [-1])
        var previous: Int64 = 0
        for start in starts {
            guard start >= previous, start <= bytes.count else {
                throw TrainerError.damagedModelFile(
                    path: file.path, reason: "the \(name) identifiers have broken offsets")
            }
            previous = start
        }
        guard starts[0] == 0, previous == bytes.count, order.allSatisfy({ $0 >= 0 && Int($0) < order.count }) else {
            throw TrainerError.damagedModelFile(path: file.path, reason: "the \(name) identifiers have broken offsets")
        }
    }

    /// The identifier at `index`. O(length).
    func id(at index: Int) -> String { String(decoding: utf8(at: index), as: UTF8.self) }

    /// The UTF-8 bytes of the identifier at `index`, valid while the file is open.
    func utf8(at index: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[Int(starts[index])..<Int(starts[index + 1])])
    }

    /// The index of `id`, or nil. O(log count) comparisons of bytes.
    func index(of id: String) -> Int32? {
        var id = id
        return id.withUTF8 { wanted in
            var low = 0
            var high = order.count
            while low < high {
                let middle = (low + high) / 2
                if precedes(utf8(at: Int(order[middle])), wanted) { low = middle + 1 } else { high = middle }
            }
            guard low < order.count, utf8(at: Int(order[low])).elementsEqual(wanted) else { return nil }
            return order[low]
        }
    }

    /// The three tensors for the identifiers of a pool.
    static func tensors(_ pool: IdentifierPool, name: String) -> [Safetensors.Tensor] {
        let (bytes, starts) = (pool.bytes, pool.starts)
        let order = bytes.withUnsafeBufferPointer { bytes in
            func utf8(_ index: Int32) -> UnsafeBufferPointer<UInt8> {
                UnsafeBufferPointer(rebasing: bytes[Int(starts[Int(index)])..<Int(starts[Int(index) + 1])])
            }
            return [Int32](0..<Int32(pool.count)).sorted { precedes(utf8($0), utf8($1)) }
        }
        return [
            .init("\(name)_starts", [starts.count], .int64(starts)),
            .init("\(name)_order", [order.count], .int32(order)),
            .init("\(name)_bytes", [bytes.count], .uint8(bytes)),
        ]
    }
}

/// Order by unsigned bytes, as `memcmp` has it.
private func precedes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    for i in 0..<min(a.count, b.count) where a[i] != b[i] { return a[i] < b[i] }
    return a.count < b.count
}
