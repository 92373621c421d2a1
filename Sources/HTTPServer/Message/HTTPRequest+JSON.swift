package import Domain

/// Why a body is no JSON object.
package struct BodyFlaw: Error {
    /// Half a sentence, such as `it is no object`.
    package let reason: String
}

extension HTTPRequest {
    /// The members of the JSON object that the body is, whatever its media type says. O(bytes).
    /// - Throws: ``BodyFlaw`` for anything else.
    package func jsonMembers() throws(BodyFlaw) -> [JSONValue.Member] {
        let value: JSONValue
        do throws(JSONValue.Flaw) {
            value = try JSONValue(parsing: body)
        } catch {
            throw BodyFlaw(reason: "\(error.reason), at byte \(error.offset)")
        }
        guard case .object(let members) = value else { throw BodyFlaw(reason: "it is no object") }
        return members
    }
}
