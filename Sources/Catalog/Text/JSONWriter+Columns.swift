import Domain

/// Members whose names are the columns of the catalogue.
extension JSONWriter {
    mutating func field(_ name: String, _ text: String) {
        self.name(text: name)
        value(text)
    }

    mutating func field(_ name: String, _ number: Int) {
        self.name(text: name)
        value(number)
    }

    mutating func field(_ name: String, _ number: Float) {
        self.name(text: name)
        value(number)
    }

    mutating func field(_ name: String, _ truth: Bool) {
        self.name(text: name)
        value(truth)
    }

    mutating func field(_ name: String, _ texts: [String]) {
        list(name) { for text in texts { $0.value(text) } }
    }

    mutating func field(_ name: String, _ members: (inout JSONWriter) -> Void) {
        self.name(text: name)
        object(members)
    }

    mutating func list(_ name: String, _ elements: (inout JSONWriter) -> Void) {
        self.name(text: name)
        array(elements)
    }
}
