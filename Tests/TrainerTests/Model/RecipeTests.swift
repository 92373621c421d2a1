import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

/// Settings as files have them: what an earlier version wrote is read, and its digests stay what they were.
@Suite struct RecipeTests {
    private let older = """
        {"parameters": {"alpha0": 0.2, "epochs": 12, "lambda": 0.01, "nu": 1, "rank": 64, "seed": 1, "solver": "cg",
          "steps": 3, "weighting": "additive"},
         "weights": {"ceiling": 5, "like": {"points": [[-1, -2], [1, 1.5]]},
          "review": {"points": [[0.5, -2], [2, -1], [3, 0.2], [4, 1], [5, 1.5]]}, "version": 1,
          "view": {"points": [[0, -0.2], [0.1, -0.2], [0.3, 0.1], [1, 1]]}}}
        """

    /// The defaults of then were three steps without a preconditioner.
    @Test func olderSettingsMeanWhatTheyMeant() throws {
        let recipe = try JSON.decode(ModelRecipe.self, from: Array(older.utf8))
        let same = ModelRecipe(
            parameters: ALSParameters(steps: 3, preconditioner: .none, precision: .float32),
            weights: ConfidenceWeights())
        #expect(recipe == same)
        #expect(try recipe.digest() == same.digest())
        // Nothing is said that an earlier version did not say, so its digests hold.
        let text = String(decoding: try JSON.encode(same, pretty: false), as: UTF8.self)
        for word in ["block", "repeats", "explicit", "warm_start", "threads", "preconditioner", "precision"] {
            #expect(!text.contains(word))
        }
    }

    @Test func everySettingDecidesTheDigest() throws {
        let base = ModelRecipe(parameters: ALSParameters(), weights: ConfidenceWeights())
        let digests = try [
            { _ in }, { $0.parameters.rank = 65 }, { $0.parameters.block = 32 }, { $0.parameters.seed = 2 },
            { $0.parameters.solver = .subspace }, { $0.parameters.steps = 1 }, { $0.parameters.steps = 2 },
            { $0.parameters.preconditioner = .none }, { $0.parameters.preconditioner = .meanRow },
            { $0.parameters.precision = .float32 }, { $0.weights.repeats = .newest }, { $0.weights.halfLifeDays = 9 },
            { $0.explicit = .init() }, { $0.explicit = .init(isNonNegative: true) },
        ].map { (change: (inout ModelRecipe) -> Void) in
            var recipe = base
            change(&recipe)
            #expect(try JSON.decode(ModelRecipe.self, from: JSON.encode(recipe)) == recipe)
            return try recipe.digest()
        }
        #expect(Set(digests).count == digests.count)
        var threads = base
        threads.parameters.threads = 7
        #expect(try threads.digest() == base.digest())
    }

    @Test func weightsAreReadFromFiles() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "weights.json").path
            try Files.write(
                #"{"version": 9, "like": {"points": []}, "half_life_days": 30, "repeats": "newest"}"#, to: path)
            let weights = try ConfidenceWeights.read(path)
            #expect(weights.version == 9 && weights.halfLifeDays == 30 && weights.repeats == .newest)
            #expect(weights.view == ConfidenceWeights().view && !weights.counts(.like) && weights.counts(.review))
            for text in ["", "7", #"{"like": 3}"#, #"{"repeats": "twice"}"#, #"{"stars": 1}"#] {
                try Files.write(text, to: path)
                #expect(throws: TrainerError.self, "\(text)") { try ConfidenceWeights.read(path) }
            }
        }
    }
}
