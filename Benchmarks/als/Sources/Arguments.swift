/// `--name value` pairs behind the subcommand.
struct Arguments {
    let command: String
    private var values: [String: String] = [:]

    init(_ arguments: [String]) {
        command = arguments.dropFirst().first ?? "help"
        var rest = arguments.dropFirst(2)[...]
        while let name = rest.popFirst(), let value = rest.popFirst() {
            values[String(name.drop { $0 == "-" })] = value
        }
    }

    func string(_ name: String) -> String? { values[name] }
    func integer(_ name: String, _ fallback: Int) -> Int { values[name].flatMap { Int($0) } ?? fallback }
    func float(_ name: String, _ fallback: Float) -> Float { values[name].flatMap { Float($0) } ?? fallback }
    /// Numbers separated by commas.
    func integers(_ name: String, _ fallback: [Int]) -> [Int] {
        values[name]?.split(separator: ",").compactMap { Int($0) } ?? fallback
    }
}
