internal import Domain
internal import Foundation
internal import HTTPClient

extension ObjectClient {
    /// Objects and folders below a prefix.
    struct Listing {
        /// With their whole keys.
        var objects: [StoredName] = []
        /// Whole prefixes, each with `/` at its end.
        var folders: [String] = []
    }

    /// Everything whose key begins with `prefix`, page by page.
    /// - Parameters:
    ///   - isDeep: whether what lies in folders is listed too, instead of the folders' names.
    ///   - after: a key; what is not greater by its bytes is left out.
    ///   - limit: how many are asked for; nil for all.
    func list(_ prefix: String, isDeep: Bool, after: String? = nil, limit: Int? = nil) throws -> Listing {
        var listing = Listing()
        var token: String?
        repeat {
            var query: [(name: String, value: String)] = [("list-type", "2"), ("encoding-type", "url")]
            if !prefix.isEmpty { query.append(("prefix", prefix)) }
            if !isDeep { query.append(("delimiter", "/")) }
            if let limit { query.append(("max-keys", String(limit))) }
            if let token {
                query.append(("continuation-token", token))
            } else if let after {
                query.append(("start-after", after))
            }
            let place = path(prefix)
            let response = try send(Request(method: .get, query: query, operation: "list", path: place))
            guard let page = XMLElement(response.body), page.name == "ListBucketResult" else {
                throw ObjectStoreError.malformedAnswer(
                    path: place, operation: "list", reason: "it is no ListBucketResult")
            }
            let isEncoded = page["EncodingType"] == "url"
            let text = { (name: String) in isEncoded ? URIText.decoded(name) : name }
            for entry in page.all("Contents") {
                guard let key = entry["Key"].flatMap(text), let size = entry["Size"].flatMap({ Int($0) }),
                    let modified = entry["LastModified"].flatMap({ Timestamp($0) })
                else {
                    throw ObjectStoreError.malformedAnswer(
                        path: place, operation: "list", reason: "an entry lacks its key, size or time")
                }
                listing.objects.append(StoredName(name: key, size: size, modified: modified))
            }
            listing.folders += page.all("CommonPrefixes").compactMap { $0["Prefix"].flatMap(text) }
            let next = page["IsTruncated"] == "true" ? page["NextContinuationToken"] : nil
            guard next == nil || next != token else {
                throw ObjectStoreError.malformedAnswer(
                    path: place, operation: "list", reason: "its pages come again")
            }
            token = next
        } while token != nil && limit == nil
        return listing
    }

    /// A name that comes before `name` and after as much as can be of what comes before it: listings begin after a key.
    static func before(_ name: String) -> String {
        guard let last = name.utf8.last, last < 0x80 else { return String(name.unicodeScalars.dropLast()) }
        let start = String(decoding: name.utf8.dropLast(), as: UTF8.self)
        // Not `/`, which divides folders.
        let earlier = last - 1 == UInt8(ascii: "/") ? last - 2 : last - 1
        guard earlier > 0x20 else { return start }
        return "\(start)\(Unicode.Scalar(earlier))~"
    }
}
