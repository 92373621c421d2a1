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
}
