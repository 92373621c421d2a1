internal import Domain
internal import Foundation

/// Public data splits as text.
///
///     line := user SEP item [SEP rating [SEP time]]        SEP is a tab, a comma or `::`, the same in all lines
///           | user ' ' item {' ' item}                     LightGCN: every item of the user in one line
///
/// A first line of names (such as `userId,movieId,rating,timestamp`) is skipped. Times are seconds since 1970. Each
/// line is one liking, whatever its rating, as the published protocols for implicit feedback have it.
public enum InteractionFile {
    /// Reads a training file and a test file into one log, for ``Split/files``.
    /// - Parameter negatives: a file of lines `(user,item)<tab>negative…` (He et al. 2017): only these items are ranked
    ///   beside the held-out ones.
    /// - Parameter asRatings: whether a line says how many stars, 0.5 to 5, instead of a liking.
    /// - Throws: ``TrainerError/malformedLine(file:line:reason:)``, ``TrainerError/cannotRead(path:reason:)``.
    public static func log(
        train: String, test: String, negatives: String? = nil, asRatings: Bool = false
    ) throws -> InteractionLog {
        let log = try InteractionLog(source: "\(train) and \(test)")
        try read(train, isTest: false, asRatings: asRatings, into: log)
        try read(test, isTest: true, asRatings: asRatings, into: log)
        if let negatives { try readNegatives(negatives, into: log) }
        return log
    }

    /// Negatives that neither file of interactions has are left out: no model could rank them.
    private static func readNegatives(_ path: String, into log: InteractionLog) throws {
        let text = try Files.read(path)
        var negatives: [Int32: [Int32]] = [:]
        var number = 0
        for bytes in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if line.isEmpty { continue }
            let fields = line.components(separatedBy: "\t")
            let pair = fields[0].dropFirst().dropLast().components(separatedBy: ",")
            guard fields[0].hasPrefix("("), fields[0].hasSuffix(")"), pair.count == 2 else {
                throw TrainerError.malformedLine(
                    file: path, line: number, reason: "it does not begin with (user,item) and a tab")
            }
            guard let user = log.users.index(of: pair[0].trimmingCharacters(in: .whitespaces)) else { continue }
            negatives[user, default: []] += fields.dropFirst().compactMap { log.items.index(of: $0) }
        }
        guard !negatives.isEmpty else {
            throw TrainerError.nothingToEvaluate(reason: "\(path) names no user of the other files")
        }
        log.negatives = negatives
    }

    static func read(_ path: String, isTest: Bool, asRatings: Bool = false, into log: InteractionLog) throws {
        try Files.map(path).withBytes { try read($0, of: path, isTest: isTest, asRatings: asRatings, into: log) }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, of path: String, isTest: Bool, asRatings: Bool, into log: InteractionLog
    ) throws {
        var form: Form?
        var number = 0
        var position = 0
        while position < bytes.count {
            number += 1
            var end = position
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            let line = trimmed(bytes[position..<end])
            position = end + 1
            if line.isEmpty { continue }
            func malformed(_ reason: String) -> TrainerError {
                .malformedLine(file: path, line: number, reason: reason)
            }
            guard line.allSatisfy({ $0 < 0x80 }) || String(validating: line, as: UTF8.self) != nil else {
                throw malformed("it is not UTF-8")
            }
            let known = form ?? self.form(of: line)
            if form == nil {
                form = known
                if isHeading(line) { continue }
            }
            switch known {
            case .separated(let separator):
                let fields = split(line, by: separator)
                guard fields.count >= 2 else { throw malformed("it has no \(separator.name)") }
                guard !fields[0].isEmpty, !fields[1].isEmpty else { throw malformed("the user or the item is empty") }
                if fields.count >= 3, parsed(fields[2]) == nil {
                    throw malformed("the rating \(String(decoding: fields[2], as: UTF8.self)) is not a number")
                }
                var at: Int64 = 0
                if fields.count >= 4 {
                    guard let seconds = parsed(fields[3]), abs(seconds) < 1e12 else {
                        throw malformed(
                            "the time \(String(decoding: fields[3], as: UTF8.self)) is not a number of seconds")
                    }
                    at = Int64(seconds * 1e6)
                }
                let stars = fields.count >= 3 ? parsed(fields[2]).map { Float($0) } : nil
                if asRatings, stars.map(EventKind.review.accepts) != true {
                    throw malformed("it has no rating of 0.5 to 5 stars")
                }
                try log.append(
                    user: log.users.insert(buffer(fields[0])), item: log.items.insert(buffer(fields[1])),
                    kind: asRatings ? .review : .like, value: asRatings ? stars! : 1, at: at, isTest: isTest)
            case .lists:
                if asRatings { throw malformed("it has no ratings") }
                let fields = line.split(separator: UInt8(ascii: " "))
                let user = log.users.insert(buffer(fields[0]))
                for item in fields.dropFirst() {
                    try log.append(
                        user: user, item: log.items.insert(buffer(item)), kind: .like, value: 1, at: 0, isTest: isTest)
                }
            }
        }
        guard form != nil else { throw TrainerError.emptyTrainingSet(source: path, reason: "it has no lines") }
    }

    // MARK: Lines

    private typealias Line = Slice<UnsafeRawBufferPointer>

    private enum Separator: CaseIterable {
        case tab
        case colons
        case comma

        var name: String {
            switch self {
            case .tab: "tab"
            case .colons: "::"
            case .comma: "comma"
            }
        }

        var byte: UInt8 {
            switch self {
            case .tab: UInt8(ascii: "\t")
            case .colons: UInt8(ascii: ":")
            case .comma: UInt8(ascii: ",")
            }
        }
    }

    private enum Form {
        case separated(Separator)
        case lists
    }

    private static func form(of line: Line) -> Form {
        for separator in Separator.allCases where split(line, by: separator).count > 1 { return .separated(separator) }
        return .lists
    }

    /// The first four fields.
    private static func split(_ line: Line, by separator: Separator) -> [Line] {
        var fields: [Line] = []
        fields.reserveCapacity(4)
        let width = separator == .colons ? 2 : 1
        var start = line.startIndex
        var next = start
        while next + width <= line.endIndex {
            let isSeparator = line[next] == separator.byte && (width == 1 || line[next + 1] == separator.byte)
            if isSeparator {
                fields.append(line[start..<next])
                if fields.count == 4 { return fields }
                next += width
                start = next
            } else {
                next += 1
            }
        }
        fields.append(line[start..<line.endIndex])
        return fields
    }

    private static func trimmed(_ line: Line) -> Line {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (byte >= 9 && byte <= 13) }
        var line = line
        while let last = line.last, isBlank(last) { line = line.dropLast() }
        return line.drop(while: isBlank)
    }

    private static func parsed(_ field: Line) -> Double? {
        Double(String(decoding: field, as: UTF8.self)).flatMap { $0.isFinite ? $0 : nil }
    }

    private static func buffer(_ field: Line) -> UnsafeBufferPointer<UInt8> {
        UnsafeRawBufferPointer(rebasing: field).bindMemory(to: UInt8.self)
    }

    /// Names of columns instead of values: the first field reads like one and the second too.
    private static func isHeading(_ line: Line) -> Bool {
        let names: Set = [
            "user", "userid", "user_id", "item", "itemid", "item_id", "movieid", "movie_id", "uid", "iid",
        ]
        let fields = String(decoding: line, as: UTF8.self).lowercased()
            .components(separatedBy: CharacterSet(charactersIn: "\t,: ")).filter { !$0.isEmpty }
        return fields.count >= 2 && names.contains(fields[0]) && names.contains(fields[1])
    }
}
