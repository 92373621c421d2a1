import Delimited
import Domain
import Foundation

/// The events of an import, ordered by day in runs: the first in memory, and where there are more all of them in one
/// temporary file, so that memory is bounded and every day is written to the table once.
///
/// An event takes about 70 bytes. The file has no name any more once it is open: nothing is left of it after a crash.
final class ImportRuns {
    private var held: [UInt8]?
    private var file: FileHandle?
    private var fileSize = 0
    private var runs: [Run] = []
    /// Days since 1970 to events.
    private(set) var days: [Int32: Int] = [:]

    private struct Run {
        /// Where it begins in the file.
        var start: Int
        /// In ascending order, each with its end in the run.
        var days: [(day: Int32, end: Int)] = []

        /// The bytes of these days.
        func range(of wanted: ClosedRange<Int32>) -> Range<Int> {
            let first = days.lastIndex { $0.day < wanted.lowerBound }.map { days[$0].end } ?? 0
            let last = days.lastIndex { $0.day <= wanted.upperBound }.map { days[$0].end } ?? 0
            return first..<max(first, last)
        }
    }

    /// Adds a run.
    /// - Throws: `DelimitedError` if it cannot be written.
    func append(_ events: [Event]) throws {
        guard !events.isEmpty else { return }
        if let bytes = held.take() { try write(bytes) }
        var order = events.indices.map { (at: events[$0].at.microseconds, index: $0) }
        // Of one time in the order of the lines: which of two with one identifier is first must not depend on the sort.
        order.sort { ($0.at, $0.index) < ($1.at, $1.index) }
        var run = Run(start: runs.isEmpty ? 0 : fileSize)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(events.count * 80)
        for (at, index) in order {
            let day = Timestamp(microseconds: at).date.days
            ImportRecord.append(events[index], to: &bytes)
            days[day, default: 0] += 1
            if run.days.last?.day == day {
                run.days[run.days.count - 1].end = bytes.count
            } else {
                run.days.append((day, bytes.count))
            }
        }
        if runs.isEmpty { held = bytes } else { try write(bytes) }
        runs.append(run)
    }

    /// The events of some days, those of a line before those of a later one where they have one time, as
    /// ``ImportRecord`` reads them.
    func records(of days: ClosedRange<Int32>) throws -> [UInt8] {
        guard let file else { return held.map { Array($0[runs[0].range(of: days)]) } ?? [] }
        var bytes: [UInt8] = []
        for run in runs {
            let range = run.range(of: days)
            guard !range.isEmpty else { continue }
            do {
                try file.seek(toOffset: UInt64(run.start + range.lowerBound))
                guard let piece = try file.read(upToCount: range.count), piece.count == range.count else {
                    throw CocoaError(.fileReadCorruptFile)
                }
                bytes += piece
            } catch {
                throw Self.failure("cannot be read", error)
            }
        }
        return bytes
    }

    private func write(_ bytes: [UInt8]) throws {
        do {
            if file == nil {
                let url = FileManager.default.temporaryDirectory.appending(path: "marquee-import-\(UUID().uuidString)")
                try Data().write(to: url)
                file = try FileHandle(forUpdating: url)
                try FileManager.default.removeItem(at: url)
            }
            try file?.seek(toOffset: UInt64(fileSize))
            try file?.write(contentsOf: bytes)
            fileSize += bytes.count
        } catch {
            throw Self.failure("cannot be written", error)
        }
    }

    private static func failure(_ what: String, _ error: any Error) -> DelimitedError {
        .unreadable(
            path: FileManager.default.temporaryDirectory.path,
            reason:
                "the temporary file of the import \(what) (TMPDIR names another place): \(error.localizedDescription)")
    }

    deinit { try? file?.close() }
}

/// The bytes of one event: time, value, kind, five lengths, five texts.
enum ImportRecord {
    private static let head = 8 + 4 + 1 + 5 * 4
    private static let noText = UInt32.max

    static func append(_ event: Event, to bytes: inout [UInt8]) {
        func append<T: FixedWidthInteger>(_ number: T) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        append(event.at.microseconds)
        append(event.value.bitPattern)
        append(event.kind.rawValue)
        for text in [event.eventID, event.userID, event.itemID, event.source] { append(UInt32(text.utf8.count)) }
        append(event.reviewText.map { UInt32($0.utf8.count) } ?? noText)
        for text in [event.eventID, event.userID, event.itemID, event.source] { bytes.append(contentsOf: text.utf8) }
        if let text = event.reviewText { bytes.append(contentsOf: text.utf8) }
    }

    /// Lends the event at `place`, and moves that behind it.
    /// - Precondition: `bytes` are whole records and `place` is where one begins.
    static func fields(_ bytes: UnsafeBufferPointer<UInt8>, at place: inout Int) -> EventFields {
        let raw = UnsafeRawBufferPointer(bytes)
        func load<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T {
            T(littleEndian: raw.loadUnaligned(fromByteOffset: place + offset, as: type))
        }
        var event = EventFields()
        event.at = Timestamp(microseconds: load(0, as: Int64.self))
        event.value = Float(bitPattern: load(8, as: UInt32.self))
        event.kind = EventKind(rawValue: bytes[place + 12]) ?? .view
        var start = place + head
        func text(_ index: Int) -> UnsafeBufferPointer<UInt8> {
            let length = load(13 + 4 * index, as: UInt32.self)
            guard length != noText else { return UnsafeBufferPointer(start: nil, count: 0) }
            defer { start += Int(length) }
            return UnsafeBufferPointer(rebasing: bytes[start..<start + Int(length)])
        }
        event.eventID = text(0)
        event.userID = text(1)
        event.itemID = text(2)
        event.source = text(3)
        event.reviewText = text(4)
        place = start
        return event
    }
}
