internal import Catalog
internal import Domain
internal import HTTPServer

/// The entity tag of a film (RFC 9110, 8.8.3): when it was described, which is another time after each edit, and whether
/// the model has it, which its representation says too.
struct FilmTag {
    private let text: String

    /// nil for an item that no film describes.
    init?(_ movie: Movie?, inModel: Bool) {
        guard let movie else { return nil }
        text = "\"\(String(movie.updatedAt.microseconds, radix: 36))-\(inModel ? "m" : "c")\""
    }

    var header: (name: String, value: String) { ("ETag", text) }

    /// For the description of whatever has one.
    static let meaning: KeyValuePairs = ["ETag": "Of this description: for If-None-Match, and If-Match of an edit."]

    /// Whether the caller has this representation already: `If-None-Match`, compared weakly.
    func isKnown(to request: HTTPRequest) -> Bool {
        Self.tags(request.headers.values(of: "if-none-match")).contains { $0 == "*" || $0 == text || $0 == "W/" + text }
    }

    /// What an edit of a film asks of it as it is (RFC 9110, 13.1.1 and 13.1.2): to be one of `If-Match`, and to be none of
    /// `If-None-Match`. Each tag says when a film was described; `*` is any film.
    static func conditions(of request: HTTPRequest, on itemID: String) -> [CatalogEdit] {
        let (wanted, unwanted) = (
            request.headers.values(of: "if-match"), request.headers.values(of: "if-none-match")
        )
        return (wanted.isEmpty ? [] : [.require(itemID: itemID, describedAt: times(wanted, weakly: false))])
            + (unwanted.isEmpty ? [] : [.refuse(itemID: itemID, describedAt: times(unwanted, weakly: true))])
    }

    /// nil if any will do. A tag that no film has is of no time.
    private static func times(_ fields: [String], weakly: Bool) -> [Timestamp]? {
        let tags = tags(fields)
        guard !tags.contains("*") else { return nil }
        return tags.compactMap { tag in
            let tag = weakly && tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]
            guard tag.hasPrefix("\""), let dash = tag.firstIndex(of: "-") else { return nil }
            return Int64(tag[tag.index(after: tag.startIndex)..<dash], radix: 36).map {
                Timestamp(microseconds: $0)
            }
        }
    }

    private static func tags(_ fields: [String]) -> [String] {
        fields.flatMap { $0.split(separator: ",") }.map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
