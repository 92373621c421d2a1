internal import Catalog
internal import Domain
internal import HTTPServer

extension ListRequest {
    /// From the query of a request. Its route has refused unknown and repeated names already.
    init(query: HTTPQuery) throws(ServingError) {
        var reader = ListReader()
        for (name, value) in query.parameters {
            guard let parameter = ListParameter(rawValue: name) else { continue }
            try reader.take(parameter, ParameterValue(name, query: value))
        }
        self = try reader.finished()
    }

    /// From the members of a body, those that are left in it.
    /// - Throws: for a member that is none of `parameters`.
    init(
        _ body: RequestBody, taking parameters: [ListParameter] = ListParameter.ofEveryList
    ) throws(ServingError) {
        var reader = ListReader()
        for member in body.rest {
            guard let parameter = ListParameter(rawValue: member.name), parameters.contains(parameter) else {
                throw .unknownMember(name: member.name, allowed: body.taken + parameters.map(\.rawValue))
            }
            // As if it were not there.
            if member.value == .null { continue }
            try reader.take(parameter, ParameterValue(member.name, body: member.value))
        }
        self = try reader.finished()
    }
}

/// Puts a request together, value by value.
private struct ListReader {
    var list = ListRequest()
    var parameters: [String: JSONValue]?

    mutating func take(_ parameter: ListParameter, _ value: ParameterValue) throws(ServingError) {
        switch parameter {
        case .count: list.count = try value.whole(ListRequest.countRange)
        case .cursor: list.cursor = try value.text()
        case .fields: list.fields = try Self.fields(value)
        case .filter: list.filter = FilterText(expression: try value.text("an expression such as year >= 1990"))
        case .params: parameters = try Self.bindings(value)
        case .boost: list.boosts = try Self.boosts(value)
        case .excludedIDs: list.excludedIDs = try value.identifiers(0...ListRequest.maximumExcluded)
        case .excludeSeen: list.excludeSeen = try value.choice()
        case .contentWeight: list.contentWeight = Float(try value.number(0...1))
        case .diversity: list.diversity = Float(try value.number(0...1))
        case .exploration: list.exploration = Float(try value.number(0...1))
        case .minimumScore: list.minimumScore = BlendedScore.millionths(Float(try value.number(0...1000)))
        case .explain: list.explain = try value.choice()
        case .scenario: list.scenario = try value.label()
        // Whole numbers that every JSON reader keeps.
        case .seed: list.seed = UInt64(try value.whole(0...9_007_199_254_740_991))
        }
    }

    func finished() throws(ServingError) -> ListRequest {
        guard let parameters else { return list }
        guard list.filter != nil || !list.boosts.isEmpty || !parameters.isEmpty else {
            throw .badParameter(name: "params", value: "{…}", allowed: "given together with filter or boost")
        }
        var list = list
        var unused = Set(parameters.keys)
        func bind(_ filter: inout FilterText) {
            filter.parameters = parameters.filter { filter.names($0.key) }
            unused.subtract(filter.parameters.keys)
        }
        if list.filter != nil { bind(&list.filter!) }
        for place in list.boosts.indices { bind(&list.boosts[place].filter) }
        if let name = unused.min() { throw .badFilter(.unusedParameter(name: name)) }
        return list
    }

    private static func fields(_ value: ParameterValue) throws(ServingError) -> [ItemField] {
        let allowed =
            "different ones of \(ItemField.allCases.map(\.rawValue).joined(separator: ", ")), comma-separated"
        var fields: [ItemField] = []
        for name in try value.texts(allowed) {
            guard let field = ItemField(rawValue: name), !fields.contains(field) else { throw value.refused(allowed) }
            fields.append(field)
        }
        return fields
    }

    private static func bindings(_ value: ParameterValue) throws(ServingError) -> [String: JSONValue] {
        let allowed = "a JSON object with a value for each $name"
        guard case .object(let members) = try value.json(allowed) else { throw value.refused(allowed) }
        return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
    }

    /// `1.5:genre = "Drama"`, or `[{"filter": …, "factor": …, "name": …}, …]`.
    private static func boosts(_ value: ParameterValue) throws(ServingError) -> [ListRequest.Boost] {
        let allowed =
            "FACTOR:EXPRESSION with a factor from 0 to 10, or a JSON array of up to \(ListRequest.maximumBoosts) "
            + "objects with filter, factor and, if you like, name"
        if case .query(let text) = value.source, text.first != "[" {
            guard let colon = text.firstIndex(of: ":") else { throw value.refused(allowed) }
            let expression = String(text[text.index(after: colon)...])
            guard
                let factor = try? ParameterValue("boost", query: String(text[..<colon])).number(
                    ListRequest.Boost.factorRange)
            else { throw value.refused(allowed) }
            return [boost(expression, factor, name: nil)]
        }
        guard case .array(let elements) = try value.json(allowed),
            elements.count <= ListRequest.maximumBoosts
        else { throw value.refused(allowed) }
        var boosts: [ListRequest.Boost] = []
        for element in elements {
            guard case .object(let members) = element,
                members.allSatisfy({ ["filter", "factor", "name"].contains($0.name) }),
                case .text(let expression) = element["filter"], case .number(let factor) = element["factor"],
                ListRequest.Boost.factorRange.contains(factor)
            else { throw value.refused(allowed) }
            switch element["name"] {
            case nil, .null: boosts.append(boost(expression, factor, name: nil))
            case .text(let name) where (1...64).contains(name.utf8.count):
                boosts.append(boost(expression, factor, name: name))
            default: throw value.refused("\(allowed); a name has 1 to 64 bytes")
            }
        }
        return boosts
    }

    private static func boost(_ expression: String, _ factor: Double, name: String?) -> ListRequest.Boost {
        ListRequest.Boost(
            filter: FilterText(expression: expression), factor: Float(factor),
            name: name ?? String(expression.prefix(64)))
    }
}

extension FilterText {
    /// Whether `$name` stands in the expression: of several filters each gets the values that it asks for.
    fileprivate func names(_ name: String) -> Bool {
        var rest = expression[...]
        while let found = rest.firstRange(of: "$" + name) {
            rest = rest[found.upperBound...]
            guard let next = rest.first, next.isLetter || next.isNumber || next == "_" else { return true }
        }
        return false
    }
}
