internal import Foundation
internal import Linalg

/// What a user's list is like beside how often it hits: figures per user, averaged over the users that have one.
///
/// With L the first k items of the list (fewer if it is shorter), H the items that the user likes in training:
///
/// | metric                 | value                                                                               |
/// |------------------------|-------------------------------------------------------------------------------------|
/// | serendipity            | hits among L that are not among the first k of the user's popularity list, / k      |
/// | diversity              | mean over pairs of L of 1 − cosine of what the films are (genres, keywords, language, decade, director) |
/// | genre_calibration      | Σ_g p(g) · ln(p(g) / q̃(g)), q̃ = 0.99 q + 0.01 p                                      |
/// | popularity_calibration | Jensen–Shannon divergence of the shares of head, torso and tail in H and in L, bits  |
///
/// p(g) and q(g) are the means over the films of H and of L of 1 / genres of the film for each genre it has. Serendipity after
/// Ge, Delgado-Battenfeld and Jannach (2010), diversity after Ziegler et al. (2005), calibration after Steck (2018) and
/// Abdollahpouri et al. (2021): of calibration 0 is the best. Head, torso and tail gather a third of all likings each.
///
/// No value, and so not in the mean: diversity of fewer than two films that the catalogue describes, calibration where H or L
/// has no film with a genre, or no film at all. Without a catalogue there are neither diversity nor genre calibration.
public enum ListMetric: String, CaseIterable, Codable, Sendable {
    case serendipity
    case diversity
    case genreCalibration = "genre_calibration"
    case popularityCalibration = "popularity_calibration"
}

/// Measures lists by ``ListMetric``. Immutable; made once for a training set.
struct ListMeasure: Sendable {
    /// Values a user has at one cut-off, nan where there is none.
    typealias Values = [Double]

    private let content: ItemContent?
    /// By item: 0 head, 1 torso, 2 tail.
    private let parts: [Int]
    private let liked: @Sendable (Int32) -> [Int32]

    init(_ training: TrainingSet, _ content: ItemContent?) {
        self.content = content
        parts = training.popularityParts
        liked = { user in
            training.interactions.entries(ofRow: Int(user)).filter { training.interactions.values[$0] > 0 }
                .map { training.interactions.columnIndices[$0] }
        }
    }

    /// One user's values, metric by metric, cut-off by cut-off.
    /// - Parameters:
    ///   - list: best first.
    ///   - hits: whether each item of it is relevant.
    ///   - popular: the popularity list of the same user, as long as the deepest cut-off.
    func values(of user: Int32, list: [Int32], hits: [Bool], popular: [Int32], cutoffs: [Int]) -> [Double] {
        let history = liked(user)
        let genres = content.flatMap { content in content.genres(of: history[...]) }
        let profile = Self.counts(history[...], parts)
        return serendipity(list, hits, popular, cutoffs)
            + (content?.diversity(of: list, cutoffs) ?? cutoffs.map { _ in .nan })
            + cutoffs.map { k in
                guard let genres, let shown = content?.genres(of: list.prefix(k)) else { return .nan }
                return Self.divergence(genres, shown)
            }
            + cutoffs.map { k in
                guard let profile, let shown = Self.counts(list.prefix(k), parts) else { return .nan }
                return DriftWindows.jensenShannon(profile, shown)
            }
    }

    private func serendipity(_ list: [Int32], _ hits: [Bool], _ popular: [Int32], _ cutoffs: [Int]) -> [Double] {
        cutoffs.map { k in
            let expected = Set(popular.prefix(k))
            let found = zip(list, hits).prefix(k).count { $1 && !expected.contains($0) }
            return Double(found) / Double(k)
        }
    }

    /// Steck's calibration: the Kullback–Leibler divergence of the shown from the liked, smoothed so that it is finite.
    private static func divergence(_ liked: [Int: Double], _ shown: [Int: Double]) -> Double {
        liked.sorted { $0.key < $1.key }.reduce(0.0) { sum, one in
            sum + one.value * log(one.value / (0.99 * (shown[one.key] ?? 0) + 0.01 * one.value))
        }
    }

    /// How many of the items are head, torso and tail; nil of none.
    private static func counts(_ items: ArraySlice<Int32>, _ parts: [Int]) -> [Int]? {
        guard !items.isEmpty else { return nil }
        var counts = [0, 0, 0]
        for item in items { counts[parts[Int(item)]] += 1 }
        return counts
    }
}

extension TrainingSet {
    /// By item: 0 for the head, the most popular items that gather a third of all likings; 1 for the torso, the next third; 2.
    var popularityParts: [Int] {
        let popularity = popularity
        let order = popularity.indices.sorted { (-popularity[$0], $0) < (-popularity[$1], $1) }
        let total = popularity.reduce(0) { $0 + Int($1) }
        var parts = [Int](repeating: 2, count: popularity.count)
        var gathered = 0
        for item in order {
            parts[item] = min(2, gathered * 3 / max(total, 1))
            gathered += Int(popularity[item])
        }
        return parts
    }
}
