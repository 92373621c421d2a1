internal import Domain
internal import Foundation

/// A safetensors file mapped into memory: start-up reads the header only, pages come as they are touched.
///
/// Every name, type, shape and offset is checked when the file is opened; after that access is bare pointers. The
/// pointers live as long as the `SafetensorsFile`.
final class SafetensorsFile: Sendable {
    struct Entry: Sendable {
        let elementType: Safetensors.ElementType
        let shape: [Int]
        let bytes: Range<Int>
    }

    private let file: MappedFile
    let metadata: [String: String]
    let entries: [String: Entry]

    /// What messages call the file.
    let path: String

    /// - Throws: ``TrainerError/cannotRead(path:reason:)`` if there is no such file,
    ///   ``TrainerError/damagedModelFile(path:reason:)`` if it breaks the format in any way.
    convenience init(path: String) throws { try self.init(Files.map(path), path: path) }

    /// An object of a storage, which must never be replaced.
    /// - Throws: as ``init(path:)``, and what the storage throws.
    convenience init(_ name: String, in storage: any Storage) throws {
        try self.init(storage.map(name), path: storage.path(of: name))
    }

    private init(_ file: MappedFile, path: String) throws {
        self.file = file
        self.path = path
        (metadata, entries) = try file.withBytes { try Self.header(of: $0, path: path) }
    }

    /// What the header of a whole file says, checked against the file.
    private static func header(
        of bytes: UnsafeRawBufferPointer, path: String
    ) throws -> (metadata: [String: String], entries: [String: Entry]) {
        func damaged(_ reason: String) -> TrainerError { .damagedModelFile(path: path, reason: reason) }
        guard bytes.count >= 8 else { throw damaged("it has \(bytes.count) bytes, too few for a header") }
        let declared = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard declared <= UInt64(Safetensors.largestHeader), declared <= UInt64(bytes.count - 8) else {
            throw damaged("the header claims \(declared) bytes, but the file has \(bytes.count)")
        }
        let dataStart = 8 + Int(declared)
        let decoded: [String: HeaderEntry]
        do {
            decoded = try JSONDecoder().decode([String: HeaderEntry].self, from: Data(bytes[8..<dataStart]))
        } catch {
            throw damaged("its header is not the JSON that the format asks for")
        }
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]
        for (name, entry) in decoded {
            switch entry {
            case .metadata(let texts): metadata = texts
            case .tensor(let type, let shape, let offsets):
                guard let elementType = Safetensors.ElementType(rawValue: type) else {
                    throw damaged("tensor \(name) has element type \(type), which models do not use")
                }
                guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0],
                    offsets[1] <= bytes.count - dataStart
                else { throw damaged("tensor \(name) lies outside the file, which has \(bytes.count) bytes") }
                var count = elementType.byteCount
                for extent in shape {
                    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
                    guard extent >= 0, !overflow else { throw damaged("tensor \(name) has an impossible shape") }
                    count = product
                }
                guard offsets[1] - offsets[0] == count else {
                    throw damaged("tensor \(name) has \(offsets[1] - offsets[0]) bytes, its shape needs \(count)")
                }
                let range = dataStart + offsets[0]..<dataStart + offsets[1]
                guard range.isEmpty || range.lowerBound % elementType.byteCount == 0 else {
                    throw damaged("tensor \(name) is not aligned")
                }
                entries[name] = Entry(elementType: elementType, shape: shape, bytes: range)
            }
        }
        // No holes and no trailing bytes, as the reference implementation insists: a cut file never passes.
        var position = dataStart
        let ranges = entries.values.map(\.bytes).sorted {
            ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
        }
        for range in ranges {
            guard range.lowerBound == position else { throw damaged("its tensors overlap or leave holes") }
            position = range.upperBound
        }
        guard position == bytes.count else {
            throw damaged("it has \(bytes.count) bytes, its header accounts for \(position)")
        }
        return (metadata, entries)
    }

    /// The elements of a tensor, row-major. Valid while this object lives.
    /// - Parameter shape: what the tensor must measure; −1 stands for any extent.
    func elements<Element>(
        _ name: String, as type: Element.Type, _ elementType: Safetensors.ElementType, shape: [Int]
    ) throws -> UnsafeBufferPointer<Element> {
        guard let entry = entries[name] else {
            throw TrainerError.damagedModelFile(path: path, reason: "it has no tensor \(name)")
        }
        let fits =
            entry.shape.count == shape.count
            && zip(entry.shape, shape).allSatisfy { $0 == $1 || $1 == -1 }
        guard entry.elementType == elementType, fits else {
            throw TrainerError.damagedModelFile(
                path: path,
                reason: "tensor \(name) is \(entry.elementType.rawValue) \(entry.shape), "
                    + "expected \(elementType.rawValue) \(shape)")
        }
        // It may leave the closure: the mapping does not move, and this object keeps it.
        return file.withBytes { UnsafeRawBufferPointer(rebasing: $0[entry.bytes]).bindMemory(to: Element.self) }
    }

    /// Whether the file has such a tensor: what later versions added is not in the files of earlier ones.
    func has(_ name: String) -> Bool { entries[name] != nil }

    func floats(_ name: String, shape: [Int]) throws -> UnsafeBufferPointer<Float> {
        try elements(name, as: Float.self, .float32, shape: shape)
    }

    func int32s(_ name: String, shape: [Int]) throws -> UnsafeBufferPointer<Int32> {
        try elements(name, as: Int32.self, .int32, shape: shape)
    }

    func int64s(_ name: String, shape: [Int]) throws -> UnsafeBufferPointer<Int64> {
        try elements(name, as: Int64.self, .int64, shape: shape)
    }

    func bytes(_ name: String, shape: [Int]) throws -> UnsafeBufferPointer<UInt8> {
        try elements(name, as: UInt8.self, .uint8, shape: shape)
    }
}

/// One value of the header object.
private enum HeaderEntry: Decodable {
    case metadata([String: String])
    case tensor(type: String, shape: [Int], offsets: [Int])

    private enum Key: String, CodingKey {
        case dtype, shape
        case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self), container.contains(.dtype) {
            self = .tensor(
                type: try container.decode(String.self, forKey: .dtype),
                shape: try container.decode([Int].self, forKey: .shape),
                offsets: try container.decode([Int].self, forKey: .offsets))
        } else {
            self = .metadata(try decoder.singleValueContainer().decode([String: String].self))
        }
    }
}
