internal import Domain
internal import HTTPServer

extension ParameterValue {
    /// The items of a basket: identifiers, or objects with `id` and, if known, `value` (−1 disliked … 1 liked) and `at`.
    func basket() throws(ServingError) -> [Pipeline.ContextItem] {
        let allowed =
            "1 to \(Self.largestBasket) identifiers, or objects with id and, if known, value from -1 to 1 and at, "
            + "a time in RFC 3339"
        guard case .body(.array(let elements)) = source, (1...Self.largestBasket).contains(elements.count) else {
            throw refused(allowed)
        }
        var items: [Pipeline.ContextItem] = []
        for element in elements {
            switch element {
            case .text(let id):
                items.append(.init(id: try Parameters.identifier(id, what: "item"), value: 1, at: nil))
            case .object(let members):
                guard members.allSatisfy({ ["id", "value", "at"].contains($0.name) }),
                    case .text(let id) = element["id"]
                else { throw refused(allowed) }
                var item = Pipeline.ContextItem(id: try Parameters.identifier(id, what: "item"), value: 1, at: nil)
                switch element["value"] {
                case nil, .null: break
                case .number(let value) where (-1...1).contains(value): item.value = Float(value)
                default: throw refused(allowed)
                }
                switch element["at"] {
                case nil, .null: break
                case .text(let text):
                    guard let at = Timestamp(text) else { throw refused(allowed) }
                    item.at = at
                default: throw refused(allowed)
                }
                items.append(item)
            default: throw refused(allowed)
            }
        }
        return items
    }

    private static let largestBasket = 1000
}

extension [Pipeline.ContextItem] {
    /// What a cursor knows the basket by.
    var identity: String {
        var hash = StableHash()
        for item in self {
            hash.combine(item.id)
            hash.combine(UInt64(item.value.bitPattern))
            hash.combine(UInt64(bitPattern: item.at?.microseconds ?? .min))
        }
        return "\(count)-\(hash.value)"
    }
}
