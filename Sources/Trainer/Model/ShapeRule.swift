internal import Foundation

/// Which settings follow from the shape of the training set, and how: what a training without flags does.
///
///     α0 = f · √density                    density: pairs of the set / (users × items)
///     λ  = c / (α0 · items)
///     c  = max(4, ¾ √(pairs / users)) unless it is given
///     rank at most half of the items
///
/// In MLlib's terms a row's ridge is λ α0 times its likings, so its λ is what gives all rows together the same ridge:
///
///     λ' = λ (pairs + α0 · users · items) / (α0 · likings)
///
/// With ν = 1 a row's ridge is λ (α0 · items + its entries), so c is what it comes to for a row without entries. Fixed
/// values fit one density and ruin another: docs/als.md has the measurements.
public struct ShapeRule: Codable, Hashable, Sendable {
    /// Whether α0 follows from the shape.
    public var setsAlpha0: Bool
    /// Whether λ does.
    public var setsLambda: Bool
    /// Whether a rank above half of the items is lowered to that.
    public var limitsRank: Bool
    /// c, above 0; nil follows from the shape, too.
    public var strength: Float?
    /// f, above 0.
    public var alpha0Factor: Float

    public init(
        setsAlpha0: Bool = true, setsLambda: Bool = true, limitsRank: Bool = true,
        strength: Float? = nil, alpha0Factor: Float = 1
    ) {
        self.setsAlpha0 = setsAlpha0
        self.setsLambda = setsLambda
        self.limitsRank = limitsRank
        self.strength = strength
        self.alpha0Factor = alpha0Factor
    }

    private enum CodingKeys: String, CodingKey {
        case strength
        case setsAlpha0 = "alpha0"
        case setsLambda = "lambda"
        case limitsRank = "rank"
        case alpha0Factor = "alpha0_factor"
    }

    /// c for a set of this shape: longer histories bear more.
    func strength(users: Int, pairs: Int) -> Float {
        strength ?? max(4, Float(0.75 * (Double(pairs) / Double(max(users, 1))).squareRoot())).rounded(digits: 3)
    }

    /// The parameters for a set of this shape. O(1).
    /// - Parameter liked: pairs that count as likings; nil for all.
    func applied(
        to parameters: ALSParameters, users: Int, items: Int, pairs: Int, liked: Int? = nil
    ) -> ALSParameters {
        var parameters = parameters
        if limitsRank { parameters.rank = min(parameters.rank, max(1, items / 2)) }
        let density = Double(pairs) / max(Double(users) * Double(items), 1)
        if setsAlpha0 { parameters.alpha0 = Float(Double(alpha0Factor) * density.squareRoot()).rounded(digits: 3) }
        // A given α0 of 0 leaves nothing to divide by: then the entries alone carry the ridge.
        let unobserved = Double(parameters.alpha0) * Double(items)
        if setsLambda, unobserved > 0 {
            var lambda = Double(strength(users: users, pairs: pairs)) / unobserved
            if parameters.weighting == .mllib {
                let ridges = Double(pairs) + unobserved * Double(users)
                lambda *= ridges / (Double(parameters.alpha0) * Double(max(1, liked ?? pairs)))
            }
            parameters.lambda = Float(lambda).rounded(digits: 3)
        }
        return parameters
    }
}

extension Float {
    /// The nearest number of so many significant digits: says all there is to say, and reads well.
    func rounded(digits: Int) -> Float {
        guard isFinite, self != 0 else { return self }
        let scale = pow(10, Double(digits - 1) - floor(log10(abs(Double(self)))))
        return Float((Double(self) * scale).rounded() / scale)
    }
}
