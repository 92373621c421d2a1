internal import Foundation
internal import Linalg

/// The safetensors format (huggingface.co/docs/safetensors), as far as models need it.
///
///     file   := length header data
///     length := u64 little endian, the byte length of header
///     header := JSON object: name → {"dtype", "shape", "data_offsets": [begin, end)}, and "__metadata__": name → text
///     data   := the tensors, row-major, little endian, without holes, offsets counted from the start of data
///
/// numpy, PyTorch and JAX read the same file.
public enum Safetensors {
    /// The element types used here.
    public enum ElementType: String, Sendable, Codable {
        case float32 = "F32"
        case int32 = "I32"
        case int64 = "I64"
        case uint8 = "U8"

        public var byteCount: Int {
            switch self {
            case .float32, .int32: 4
            case .int64: 8
            case .uint8: 1
            }
        }
    }

    /// What a tensor to be written holds. Arrays are shared, not copied.
    enum Values {
        case matrix(Matrix)
        case float32([Float])
        case int32([Int32])
        case int64([Int64])
        case uint8([UInt8])
        /// So many elements that are handed out piece by piece, since they are not in memory.
        case streamed(ElementType, count: Int, (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void)

        var elementType: ElementType {
            switch self {
            case .float32, .matrix: .float32
            case .int32: .int32
            case .int64: .int64
            case .uint8: .uint8
            case .streamed(let type, _, _): type
            }
        }

        var count: Int {
            switch self {
            case .matrix(let matrix): matrix.rows * matrix.columns
            case .float32(let values): values.count
            case .int32(let values): values.count
            case .int64(let values): values.count
            case .uint8(let values): values.count
            case .streamed(_, let count, _): count
            }
        }

        /// Lends the bytes, at once or piece by piece.
        func withBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
            switch self {
            case .matrix(let matrix): try matrix.withUnsafeElements { try body(UnsafeRawBufferPointer($0)) }
            case .float32(let values): try values.withUnsafeBytes(body)
            case .int32(let values): try values.withUnsafeBytes(body)
            case .int64(let values): try values.withUnsafeBytes(body)
            case .uint8(let values): try values.withUnsafeBytes(body)
            case .streamed(_, _, let write): try write(body)
            }
        }
    }

    struct Tensor {
        var name: String
        var shape: [Int]
        var values: Values

        init(_ name: String, _ shape: [Int], _ values: Values) {
            precondition(shape.reduce(1, *) == values.count, "the shape of \(name) does not fit its values")
            self.name = name
            self.shape = shape
            self.values = values
        }
    }

    /// The header of a file is refused beyond this size, as the reference implementation does.
    static let largestHeader = 100_000_000

    /// Writes a new file and flushes it to the device.
    ///
    /// Tensors are laid out by falling element size and the data starts at a multiple of 64 bytes, so that every
    /// tensor is aligned in memory when the file is mapped. The same input gives the same bytes.
    static func write(_ tensors: [Tensor], metadata: [String: String] = [:], to path: String) throws {
        var ordered: [Tensor] = []
        for size in [8, 4, 1] { ordered += tensors.filter { $0.values.elementType.byteCount == size } }
        var entries: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in ordered {
            let end = offset + tensor.values.count * tensor.values.elementType.byteCount
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.values.elementType.rawValue)\","
                    + "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        // The format allows trailing spaces; they align the data.
        while (8 + header.count) % 64 != 0 { header.append(UInt8(ascii: " ")) }
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        try Files.write(to: path) { write in
            try (length + header).withUnsafeBytes(write)
            for tensor in ordered { try tensor.values.withBytes(write) }
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
