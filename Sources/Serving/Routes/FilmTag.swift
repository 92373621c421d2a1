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

    /// Whether the caller has this representation already: `If-None-Match`, compared weakly.
    func isKnown(to request: HTTPRequest) -> Bool {
        Self.tags(request.headers.values(of: "if-none-match")).contains { $0 == "*" || $0 == text || $0 == "W/" + text }
    }

    /// The times of a film's descriptions of which an edit may be; nil if it may be of any. One of a tag that no film has is
    /// of none.
    static func expected(_ request: HTTPRequest) -> [Timestamp]? {
        let fields = request.headers.values(of: "if-match")
        let tags = tags(fields)
        guard !fields.isEmpty, !tags.contains("*") else { return nil }
        return tags.compactMap { tag in
            guard tag.hasPrefix("\""), let dash = tag.firstIndex(of: "-") else { return nil }
            return Int64(tag[tag.index(after: tag.startIndex)..<dash], radix: 36).map {
                Timestamp(microseconds: $0)
            }
        }
    }

    /// Whether an edit is only meant for a film that is there.
    static func expectsSome(_ request: HTTPRequest) -> Bool { !request.headers.values(of: "if-match").isEmpty }

    private static func tags(_ fields: [String]) -> [String] {
        fields.flatMap { $0.split(separator: ",") }.map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
