public import Domain

/// A filter as it was sent: the expression, and the values of its `$name`s. A value is never part of the text, so it
/// needs no quotes and cannot change what the filter asks.
public struct FilterText: Sendable, Hashable {
    /// See docs/filters.md for the language.
    public var expression: String
    /// By name without `$`: texts (days and times, too), numbers, and lists of these for `in $name`.
    public var parameters: [String: JSONValue]

    public init(expression: String, parameters: [String: JSONValue] = [:]) {
        self.expression = expression
        self.parameters = parameters
    }

    /// By the bytes: identifiers and names in it are.
    public static func == (a: Self, b: Self) -> Bool {
        a.expression.isExactly(b.expression) && a.parameters == b.parameters
    }

    /// - Parameter json: an object with the values by name, such as `{"g":["Drama"]}`; nil for none.
    /// - Throws: ``FilterError/badParameters(reason:)``.
    public init(expression: String, json: String?) throws(FilterError) {
        self.init(expression: expression)
        guard let json else { return }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: Array(json.utf8))
        } catch {
            throw .badParameters(reason: "they are no JSON: \(error.reason) at byte \(error.offset + 1)")
        }
        guard case .object(let members) = value else { throw .badParameters(reason: "they are no JSON object") }
        parameters = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
    }
}
