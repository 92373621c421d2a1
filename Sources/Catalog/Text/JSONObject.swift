import Delimited
import Domain
import Foundation

/// A parsed JSON object and lenient ways to take values out of it: the type that was meant, or nil.
///
/// The catalogue is read once, not per event, so Foundation's parser does (it bounds the depth itself).
struct JSONObject {
    let values: [String: Any]

    init(_ values: [String: Any]) { self.values = values }

    init?(parsing data: Data) {
        guard let values = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return nil }
        self.values = values
    }

    init?(parsing bytes: [UInt8]) { self.init(parsing: Data(bytes)) }

    func object(_ key: String) -> JSONObject? { (structure(key) as? [String: Any]).map(JSONObject.init) }

    func objects(_ key: String) -> [JSONObject]? { (structure(key) as? [[String: Any]])?.map(JSONObject.init) }

    /// The value where a list or an object is meant: a text that looks like one, as cells of a table hold them, is taken
    /// apart, and is nothing if that fails. One in round brackets, a tuple of Python's, may be a text in brackets too.
    private func structure(_ key: String) -> Any? {
        guard let text = values[key] as? String else { return values[key] }
        return switch text.first(where: { !$0.isWhitespace }) {
        case "[", "{": LiteralParser.parse(text)
        case "(": LiteralParser.parse(text) ?? text
        default: text
        }
    }

    /// A text that is more than white space.
    func text(_ key: String) -> String? {
        guard let text = values[key] as? String, text.contains(where: { !$0.isWhitespace }) else { return nil }
        return text
    }

    /// A text that does not stand for "nothing", as `nan` and `NULL` do in tables. Not for titles: there are films of such
    /// names.
    func prose(_ key: String) -> String? { text(key).flatMap { Cell.identifier($0) == nil ? nil : $0 } }

    /// A truth value, or text that spells one as settings of Elasticsearch do.
    func flag(_ key: String) -> Bool? {
        switch values[key] {
        case let text as String: Bool(text)
        case let flag as Bool: flag
        default: nil
        }
    }

    /// A finite number, or text that spells one.
    func number(_ key: String) -> Double? {
        let number =
            switch values[key] {
            case let text as String: Double(text)
            case let number as NSNumber: number.doubleValue
            default: Double?.none
            }
        return number.flatMap { $0.isFinite ? $0 : nil }
    }

    /// A number cut down to an integer; nil if it does not fit.
    func integer(_ key: String) -> Int? { number(key).flatMap { Int(exactly: $0.rounded(.towardZero)) } }

    /// A name such as `603` or `"tt0133093"`: 1 to 256 bytes without control characters. Blanks around it do not count, and
    /// `603.0` is `603`.
    func identifier(_ key: String) -> String? {
        let text =
            switch values[key] {
            case let text as String: Cell.identifier(text) ?? ""
            case let number as NSNumber:
                number.doubleValue.rounded() == number.doubleValue ? "\(number.int64Value)" : ""
            default: ""
            }
        return (1...256).contains(text.utf8.count) && !text.hasControlCharacter ? text : nil
    }

    /// Names in any of the shapes seen in the wild: `["A"]`, `[{"name": "A"}]`, `"A|B"`, `"A, B"`, and TMDB's
    /// `{"keywords": [{"name": "A"}]}`, where the inner list has the outer one's name or is called `results`.
    ///
    /// Lists may also stand in a text, as JSON or as Python prints them; a text that begins like one and is none has no
    /// names.
    func names(_ key: String) -> [String]? {
        switch structure(key) {
        case let list as [Any]:
            list.compactMap { ($0 as? String) ?? ($0 as? [String: Any])?["name"] as? String }
        case let text as String:
            Cell.isNull(text) ? nil : text.split(separator: text.contains("|") ? "|" : ",").map(String.init)
        case let object as [String: Any]:
            JSONObject(object).listNames(key) ?? JSONObject(object).listNames("results")
        default: nil
        }
    }

    private func listNames(_ key: String) -> [String]? { structure(key) is [Any] ? names(key) : nil }

    /// TMDB's `genre_ids`; numbers it did not have when this was written are left out.
    var genresByNumber: [String]? {
        (structure("genre_ids") as? [Any])?.compactMap { ($0 as? NSNumber).flatMap { genreNames[$0.intValue] } }
    }

    /// Numbers of `genre_ids` that are no genre of TMDB's.
    var unknownGenres: [String]? {
        (structure("genre_ids") as? [Any])?.compactMap { value in
            guard let number = value as? NSNumber else { return "\(value)" }
            return genreNames[number.intValue] == nil ? "\(number)" : nil
        }
    }

    /// TMDB's `append_to_response=credits`.
    var directorOfCredits: String? {
        object("credits")?.objects("crew")?.first { $0.text("job") == "Director" }?.text("name")
    }
}
