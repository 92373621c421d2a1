internal import Domain
internal import Linalg

/// Some of the films, which lists are made of as if a filter let only these through.
struct FilmSlice {
    let name: String
    /// The other ones.
    let outside: ItemBitmap
    /// The same as a list, rising.
    let others: [Int32]

    init(_ name: String, of training: TrainingSet, where isIn: (Int32) -> Bool) {
        let others = (0..<Int32(training.itemCount)).filter { !isIn($0) }
        self.others = others
        self.name = name
        outside = ItemBitmap(itemCount: training.itemCount, items: others.lazy.map { ItemIndex(rawValue: $0) })
    }

    func contains(_ item: Int32) -> Bool { !outside.contains(ItemIndex(rawValue: item)) }
}

extension BlendSources {
    /// Films of so few events that their factors say little.
    var fewEvents: FilmSlice {
        let events = eventCounts
        return FilmSlice("films of 1–\(LearnedBlend.fewItems) events", of: training) {
            events[Int($0)] <= LearnedBlend.fewItems
        }
    }

    private var eventCounts: [Int] {
        var events = [Int](repeating: 0, count: training.itemCount)
        for item in training.interactions.columnIndices { events[Int(item)] += 1 }
        return events
    }

    /// Films of few events, and by their age at a year where a catalogue says it.
    func slices(at year: Int) -> [FilmSlice] {
        let events = eventCounts
        var slices = [
            fewEvents,
            FilmSlice("films of more events", of: training) { events[Int($0)] > LearnedBlend.fewItems },
        ]
        guard let films = content?.films, !films.isEmpty else { return slices }
        let years = Dictionary(films.map { (ExactText($0.itemID), $0.year) }, uniquingKeysWith: { first, _ in first })
        let ages = (0..<training.itemCount).map { item in
            (years[ExactText(training.items.id(at: item))] ?? nil).map { year - Int($0) }
        }
        slices.append(FilmSlice("films of the last 5 years", of: training) { ages[Int($0)].map { $0 <= 5 } ?? false })
        slices.append(FilmSlice("older films", of: training) { ages[Int($0)].map { $0 > 5 } ?? false })
        return slices
    }
}
