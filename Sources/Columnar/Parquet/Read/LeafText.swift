/// Values that have no type of their own here and are read as texts, exactly: times of day, `08:30:00.250` with the digits of
/// their unit, and UUIDs. As texts they keep their order.
enum LeafText {
    /// - Parameter digits: behind the point, 3, 6 or 9.
    /// - Throws: `DecodingFault` for a time that no day has.
    static func times(_ values: [Int64], digits: Int) throws -> BytesColumn {
        let unit = [3: 1000, 6: 1_000_000, 9: 1_000_000_000][digits] ?? 1
        var column = BytesColumn()
        column.reserveCapacity(rows: values.count, bytes: values.count * (9 + digits))
        var text = [UInt8](repeating: 0, count: 9 + digits)
        for value in values {
            guard value >= 0, value < 86_400 * Int64(unit) else {
                throw DecodingFault.malformed("\(value) is no time of a day")
            }
            var (seconds, fraction) = (Int(value) / unit, Int(value) % unit)
            for place in (9..<9 + digits).reversed() {
                text[place] = UInt8(ascii: "0") + UInt8(fraction % 10)
                fraction /= 10
            }
            text[8] = UInt8(ascii: ".")
            for place in [6, 3, 0] {
                let part = place == 0 ? seconds : seconds % 60
                text[place] = UInt8(ascii: "0") + UInt8(part / 10)
                text[place + 1] = UInt8(ascii: "0") + UInt8(part % 10)
                if place > 0 { text[place - 1] = UInt8(ascii: ":") }
                seconds /= 60
            }
            column.append(text)
        }
        return column
    }

    /// - Parameter values: of 16 bytes each.
    static func uuids(_ values: BytesColumn) -> BytesColumn {
        let digits = Array("0123456789abcdef".utf8)
        var column = BytesColumn()
        column.reserveCapacity(rows: values.count, bytes: values.count * 36)
        for row in 0..<values.count {
            var text: [UInt8] = []
            for (place, byte) in values.bytes[values.range(of: row)].enumerated() {
                if [4, 6, 8, 10].contains(place) { text.append(UInt8(ascii: "-")) }
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
            column.append(text)
        }
        return column
    }
}

extension Float {
    /// Of IEEE 754 binary16, which it holds exactly.
    init(binary16 bits: UInt16) {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: self = sign * fraction * 0x1p-24
        case 31: self = fraction == 0 ? sign * .infinity : .nan
        default: self = sign * (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }
}
