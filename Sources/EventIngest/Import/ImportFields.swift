import Delimited
import Domain

/// One rule for each kind of value, whatever the data set.
struct ImportFields {
    private let limits = EventLimits()
    private let latest: Timestamp

    init(now: Timestamp = .now) { latest = EventLimits().latest(now) }

    /// A user or an item: without blanks around it, `3.0` as `3`, and not what stands for "nothing".
    func identifier(
        _ reader: DelimitedReader, _ index: Int, into summary: inout ImportSummary
    ) throws(Refusal) -> String {
        let result: Result<String, Refusal> = reader.withBytes(index) { raw in
            let bytes = Cell.trimmed(raw)
            if bytes.isEmpty { return .failure(Refusal(.emptyID)) }
            if Cell.isNull(bytes) {
                return .failure(Refusal("null-id", Cell.shown(String(decoding: bytes, as: UTF8.self))))
            }
            if bytes.contains(0x0A) { return .failure(Refusal("line-break-in-id")) }
            let whole = Cell.wholeNumber(bytes)
            if bytes.count < raw.count { summary.note(.trimmedIdentifiers) }
            if whole != nil { summary.note(.wholeIdentifiers) }
            guard bytes.count <= limits.idLength else { return .failure(Refusal(.longID)) }
            return .success(String(decoding: bytes.prefix(whole ?? bytes.count), as: UTF8.self))
        }
        return try result.get()
    }

    /// A user or an item of a data set that numbers them.
    func number(_ reader: DelimitedReader, _ index: Int) throws(Refusal) -> Int64 {
        guard let number = reader.integer(index) else {
            throw Refusal("invalid-id", "\(Cell.shown(reader.string(index))) is no number")
        }
        return number
    }

    func time(_ reader: DelimitedReader, _ index: Int) throws(Refusal) -> Timestamp {
        guard let time = reader.withBytes(index, InstantText.parse) else {
            throw Refusal(.invalidTime, "\(Cell.shown(reader.string(index))) is none of \(InstantText.forms)")
        }
        try check(time)
        return time
    }

    func check(_ time: Timestamp) throws(Refusal) {
        guard time >= limits.earliest, time <= latest else {
            throw Refusal(.timeOutOfWindow, "\(time) is before 1980 or to come")
        }
    }

    /// Stars, by the scale they were given on.
    func stars(
        _ reader: DelimitedReader, _ index: Int, _ scale: inout ScaleCheck, into summary: inout ImportSummary
    ) throws(Refusal) -> Float {
        guard let value = reader.number(index) else {
            throw Refusal(.valueOutOfRange, "\(Cell.shown(reader.string(index))) is no number")
        }
        guard let stars = scale.stars(value) else {
            throw Refusal(.valueOutOfRange, "\(Cell.shown(reader.string(index))) is not in \(scale.accepted)")
        }
        if scale.scale != nil { summary.note(.scaledValues) }
        return stars
    }

    func check(_ eventID: String) throws(Refusal) {
        guard !eventID.isEmpty else { throw Refusal(.emptyID) }
        guard eventID.utf8.count <= limits.idLength else { throw Refusal(.longID) }
    }

    func text(_ text: String) throws(Refusal) -> String? {
        guard text.utf8.count <= limits.textLength else { throw Refusal(.longText) }
        return Cell.isNull(text) ? nil : text
    }
}
