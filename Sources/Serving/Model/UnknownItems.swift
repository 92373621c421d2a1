/// Whether items that events name and no film describes may be recommended.
public enum UnknownItems: String, CaseIterable, Sendable {
    case show
    /// Where there is a catalogue, only its films are recommended; without one, all items.
    case hide
}
