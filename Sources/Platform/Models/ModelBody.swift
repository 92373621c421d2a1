internal import Domain
internal import HTTPServer

/// The members of a body about models: an object, or nothing at all.
struct ModelBody {
    private let members: [JSONValue.Member]

    /// - Throws: for what is no object of these members.
    init(_ request: HTTPRequest, _ allowed: [String]) throws(ModelError) {
        guard !request.body.isEmpty else {
            members = []
            return
        }
        let members: [JSONValue.Member]
        do throws(BodyFlaw) {
            members = try request.jsonMembers()
        } catch {
            throw .badBody(reason: error.reason)
        }
        if let unknown = members.first(where: { !allowed.contains($0.name) }) {
            throw .unknownMember(name: unknown.name, allowed: allowed)
        }
        self.members = members
    }

    func text(_ name: String, limit: Int) throws(ModelError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .text(let text) = value, text.utf8.count <= limit else {
            throw .badMember(name: name, allowed: "a text of up to \(limit) bytes")
        }
        return text
    }

    func truth(_ name: String) throws(ModelError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let truth) = value else { throw .badMember(name: name, allowed: "true or false") }
        return truth
    }

    func whole(_ name: String, _ range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
            throw .badMember(
                name: name, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    func choice<Choice: CaseIterable & RawRepresentable>(
        _ name: String, _: Choice.Type
    ) throws(ModelError) -> Choice? where Choice.RawValue == String {
        guard let value = value(name) else { return nil }
        guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
            throw .badMember(
                name: name, allowed: "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    private func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
}
