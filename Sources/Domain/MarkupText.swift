/// Text in markup.
public enum MarkupText {
    /// The text as it stands for itself in HTML, SVG and XML, in attributes too.
    public static func escaped(_ text: String) -> String {
        var escaped = ""
        // By scalars: a quote with a combining mark behind it is one character, and still ends an attribute.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
