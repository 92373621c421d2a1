extension InteractionLog {
    /// A field of every record in their order, to be written without having them in memory.
    func stream<Element: BitwiseCopyable>(
        as type: Safetensors.ElementType, _ field: @escaping (Record) -> Element
    ) -> Safetensors.Values {
        .streamed(type, count: count) { write in
            try self.forEachChunk { chunk in
                try chunk.map(field).withUnsafeBytes(write)
            }
        }
    }
}

/// Where the events of a training were read from.
public enum EventReading: Hashable, Sendable {
    /// Those of an earlier version from the registry, and the files of the table that came since.
    case since(version: Int64, files: Int, events: Int)
    /// All of them from the table, though less was asked for; the reason, as a clause.
    case whole(reason: String)
}
