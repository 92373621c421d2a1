internal import Foundation

extension ConfidenceWeights {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case version, view, like, review, ceiling, repeats
        case halfLifeDays = "half_life_days"
    }

    /// What is not given keeps its default.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        version = try values.decodeIfPresent(Int.self, forKey: .version) ?? version
        view = try values.decodeIfPresent(Curve.self, forKey: .view) ?? view
        like = try values.decodeIfPresent(Curve.self, forKey: .like) ?? like
        review = try values.decodeIfPresent(Curve.self, forKey: .review) ?? review
        halfLifeDays = try values.decodeIfPresent(Double.self, forKey: .halfLifeDays)
        ceiling = try values.decodeIfPresent(Float.self, forKey: .ceiling) ?? ceiling
        repeats = try values.decodeIfPresent(Repeats.self, forKey: .repeats) ?? repeats
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(version, forKey: .version)
        try values.encode(view, forKey: .view)
        try values.encode(like, forKey: .like)
        try values.encode(review, forKey: .review)
        try values.encodeIfPresent(halfLifeDays, forKey: .halfLifeDays)
        try values.encode(ceiling, forKey: .ceiling)
        // Left out by default: the digest of a configuration must not change because a later version can say more.
        if repeats != .sum { try values.encode(repeats, forKey: .repeats) }
    }

    /// Reads weights from a file of JSON, such as the `weights` of a manifest:
    ///
    ///     {"version": 7, "view": {"points": [[0, 0], [1, 1]]}, "like": {"points": []}, "ceiling": 3, "half_life_days": 90}
    ///
    /// What is left out keeps its default; an empty list of points leaves a kind out of training. Blocks.
    /// - Throws: ``TrainerError/cannotRead(path:reason:)``, ``TrainerError/invalidSetting(name:value:allowed:)``.
    public static func read(_ path: String) throws -> ConfidenceWeights {
        let bytes = try Files.read(path)
        let names = CodingKeys.allCases.map(\.rawValue)
        guard let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] else {
            throw TrainerError.invalidSetting(
                name: "the file of confidence weights \(path)", value: "no JSON object", allowed: "one")
        }
        if let unknown = object.keys.sorted().first(where: { !names.contains($0) }) {
            throw TrainerError.invalidSetting(
                name: "a key of \(path)", value: unknown, allowed: "one of \(names.sorted().joined(separator: ", "))")
        }
        let weights: ConfidenceWeights
        do {
            weights = try JSON.decode(ConfidenceWeights.self, from: bytes)
        } catch let error as DecodingError {
            throw TrainerError.invalidSetting(
                name: "what \(path) says", value: "unusable \(error.place)",
                allowed: "of the types that docs/training.md tells")
        }
        try weights.validate()
        return weights
    }
}

extension DecodingError {
    /// The path of keys at which decoding failed, and why. Of what is JSON, only a number past a float has no path.
    fileprivate var place: String {
        let context: Context? =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        guard let context else { return "in an unknown place" }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "(a number is too large for a 32-bit float)" : "at \(path) (\(context.debugDescription))"
    }
}
