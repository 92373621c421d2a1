import Domain

/// Review sentences put together from templates, after stars, title, genre and director.
enum ReviewText {
    static func compose(_ movie: Movie, stars: Float, _ random: inout SeededGenerator) -> String {
        let opening: [String]
        let reason: [String]
        switch stars {
        case 4...:
            opening = [
                "\(movie.title) is wonderful.", "I loved \(movie.title).", "What a film!",
                "One of the best I have seen this year.", "Still thinking about \(movie.title).",
            ]
            reason = [
                "The acting carries every scene.", "Not a minute too long.", "The music alone is worth it.",
                "It made me laugh and cry.", "Beautifully shot from start to finish.", "The ending is perfect.",
            ]
        case 2.5...:
            opening = [
                "\(movie.title) is all right.", "A decent evening.", "Better than I expected.",
                "Good ideas, uneven film.", "Fine, if you are in the mood.",
            ]
            reason = [
                "The middle drags a little.", "Some scenes work, some do not.", "The cast saves it.",
                "I would not watch it twice.", "Pretty pictures, thin story.",
            ]
        default:
            opening = [
                "\(movie.title) was not for me.", "I gave up half-way.", "Two hours I will not get back.",
                "Disappointing.", "I do not see what the fuss is about.",
            ]
            reason = [
                "The plot makes no sense.", "Nobody in it seems to care.", "Far too long.",
                "Every joke falls flat.", "I guessed the ending after ten minutes.",
            ]
        }
        var text = random.pick(opening) + " " + random.pick(reason)
        if let genre = movie.genres.first, random.chance(0.4) {
            text +=
                stars >= 3
                ? " A treat for anyone who likes \(genre.lowercased())."
                : " There is better \(genre.lowercased()) out there."
        }
        if let director = movie.director, random.chance(0.3) {
            text += stars >= 3.5 ? " \(director) at the top of the craft." : " \(director) has done better."
        }
        return text
    }
}
