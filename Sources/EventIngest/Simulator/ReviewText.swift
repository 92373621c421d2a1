import Domain

/// A review put together from templates, after stars, title, genre and director: which sentences, not yet which words.
struct ReviewText: Sendable, Equatable {
    private var tone: Tone
    private var opening: UInt8
    private var reason: UInt8
    private var mentionsGenre: Bool
    private var mentionsDirector: Bool

    private enum Tone: UInt8, Sendable { case warm, mild, cold }

    /// - Parameter stars: 0.5…5.
    init(stars: Float, _ random: inout SeededGenerator) {
        tone = stars >= 4 ? .warm : stars >= 2.5 ? .mild : .cold
        opening = UInt8(random.below(Self.openings[Int(tone.rawValue)].count))
        reason = UInt8(random.below(Self.reasons[Int(tone.rawValue)].count))
        mentionsGenre = random.chance(0.4)
        mentionsDirector = random.chance(0.3)
    }

    /// Appends the review of `movie`, to which it gave `stars`.
    func append(of movie: Movie, stars: Float, to text: inout [UInt8]) {
        let (before, after) = Self.openings[Int(tone.rawValue)][Int(opening)]
        text += before.utf8
        if let after {
            text += movie.title.utf8
            text += after.utf8
        }
        text.append(UInt8(ascii: " "))
        text += Self.reasons[Int(tone.rawValue)][Int(reason)].utf8
        if mentionsGenre, let genre = movie.genres.first {
            text += (stars >= 3 ? " A treat for anyone who likes " : " There is better ").utf8
            text += genre.lowercased().utf8
            text += (stars >= 3 ? "." : " out there.").utf8
        }
        if mentionsDirector, let director = movie.director {
            text.append(UInt8(ascii: " "))
            text += director.utf8
            text += (stars >= 3.5 ? " at the top of the craft." : " has done better.").utf8
        }
    }

    /// By tone: what stands before the title, and what after it; nil if the title is not mentioned.
    private static let openings: [[(before: String, after: String?)]] = [
        [
            ("", " is wonderful."), ("I loved ", "."), ("What a film!", nil),
            ("One of the best I have seen this year.", nil), ("Still thinking about ", "."),
        ],
        [
            ("", " is all right."), ("A decent evening.", nil), ("Better than I expected.", nil),
            ("Good ideas, uneven film.", nil), ("Fine, if you are in the mood.", nil),
        ],
        [
            ("", " was not for me."), ("I gave up half-way.", nil), ("Two hours I will not get back.", nil),
            ("Disappointing.", nil), ("I do not see what the fuss is about.", nil),
        ],
    ]

    private static let reasons = [
        [
            "The acting carries every scene.", "Not a minute too long.", "The music alone is worth it.",
            "It made me laugh and cry.", "Beautifully shot from start to finish.", "The ending is perfect.",
        ],
        [
            "The middle drags a little.", "Some scenes work, some do not.", "The cast saves it.",
            "I would not watch it twice.", "Pretty pictures, thin story.",
        ],
        [
            "The plot makes no sense.", "Nobody in it seems to care.", "Far too long.",
            "Every joke falls flat.", "I guessed the ending after ten minutes.",
        ],
    ]
}
