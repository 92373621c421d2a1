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
    private enum Form {
        case separated(String)
        case lists
    }

    /// Reads a training file and a test file into one log, for ``Split/files``.
    /// - Parameter negatives: a file of lines `(user,item)<tab>negative…` (He et al. 2017): only these items are ranked
    ///   beside the held-out ones.
    /// - Throws: ``TrainerError/malformedLine(file:line:reason:)``, ``TrainerError/cannotRead(path:reason:)``.
    public static func log(train: String, test: String, negatives: String? = nil) throws -> InteractionLog {
        let log = try InteractionLog(source: "\(train) and \(test)")
        try read(train, isTest: false, into: log)
        try read(test, isTest: true, into: log)
        if let negatives { try readNegatives(negatives, into: log) }
        return log
    }

    /// Negatives that neither file of interactions has are left out: no model could rank them.
    private static func readNegatives(_ path: String, into log: InteractionLog) throws {
        let file = try MappedFile(path: path)
        var negatives: [Int32: [Int32]] = [:]
        var number = 0
        for bytes in file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
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

    static func read(_ path: String, isTest: Bool, into log: InteractionLog) throws {
        let file = try MappedFile(path: path)
        var form: Form?
        var number = 0
        for bytes in file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            func malformed(_ reason: String) -> TrainerError {
                .malformedLine(file: path, line: number, reason: reason)
            }
            guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed("it is not UTF-8") }
            let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if line.isEmpty { continue }
            let known = form ?? self.form(of: line)
            if form == nil {
                form = known
                if isHeading(line) { continue }
            }
            switch known {
            case .separated(let separator):
                let fields = line.components(separatedBy: separator)
                guard fields.count >= 2 else { throw malformed("it has no \(separator == "\t" ? "tab" : separator)") }
                guard !fields[0].isEmpty, !fields[1].isEmpty else { throw malformed("the user or the item is empty") }
                if fields.count >= 3, Double(fields[2]) == nil {
                    throw malformed("the rating \(fields[2]) is not a number")
                }
                var at = Timestamp(microseconds: 0)
                if fields.count >= 4 {
                    guard let seconds = Double(fields[3]), abs(seconds) < 1e12 else {
                        throw malformed("the time \(fields[3]) is not a number of seconds")
                    }
                    at = at.advanced(bySeconds: seconds)
                }
                try log.append(userID: fields[0], itemID: fields[1], kind: .like, value: 1, at: at, isTest: isTest)
            case .lists:
                let fields = line.split(separator: " ")
                for item in fields.dropFirst() {
                    try log.append(
                        userID: String(fields[0]), itemID: String(item), kind: .like, value: 1,
                        at: Timestamp(microseconds: 0), isTest: isTest)
                }
            }
        }
        guard form != nil else { throw TrainerError.emptyTrainingSet(source: path, reason: "it has no lines") }
    }

    private static func form(of line: String) -> Form {
        for separator in ["\t", "::", ","] where line.contains(separator) { return .separated(separator) }
        return .lists
    }

    /// Names of columns instead of values: the first field reads like one and the second too.
    private static func isHeading(_ line: String) -> Bool {
        let fields = line.lowercased().components(separatedBy: CharacterSet(charactersIn: "\t,:")).filter {
            !$0.isEmpty
        }
        let names: Set = [
            "user", "userid", "user_id", "item", "itemid", "item_id", "movieid", "movie_id", "uid", "iid",
        ]
        return fields.count >= 2 && names.contains(fields[0]) && names.contains(fields[1])
    }
}
