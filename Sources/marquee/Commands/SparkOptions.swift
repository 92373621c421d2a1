import Foundation
import Platform
import Trainer

/// Who fits the factors, and how Spark is called.
enum SparkOptions {
    /// Who fits.
    enum Engine: String, CaseIterable {
        case marquee, spark
    }

    static let engine = Option<Engine>(
        "engine", "marquee|spark", default: "marquee", choices: Engine.allCases.map(\.rawValue),
        "Who fits the factors: this program, or Spark's MLlib over the same table; docs/spark.md.",
        must: "be marquee or spark"
    ) { Engine(rawValue: $0) }
    static let submit = Option<String>.text(
        "spark-submit", "PROGRAM", default: "spark-submit",
        "What submits the job: spark-submit, or a Python that has pyspark.")
    static let master = Option<String>.text(
        "spark-master", "URL", "The cluster, such as local[*] or yarn; by default what Spark's own settings say.")
    /// Looked at where it is used, since a value that is refused here is shown.
    static let settings = Option<String>.text(
        "spark-conf", "KEY=VALUE", "A setting of Spark; may be given several times. Secrets go into Spark's own files."
    ).repeatable
    static let work = Option<String>.text(
        "spark-work", "PLACE",
        "Where the job writes: a folder that every executor reaches, or s3://bucket/prefix. By default a temporary folder."
    )
    static let keep = Option<Bool>.flag(
        "spark-keep", "Leave what the job wrote in --spark-work, for 'models import spark'.")
    static let regParam = Option<Double>.number(
        "reg-param", in: 0...1e6, default: 0.1, "What a model of other origin was fitted with: regParam of MLlib.")
    static let alpha = Option<Double>.number(
        "alpha", in: 1e-6...1e6, default: 1, "What a model of other origin was fitted with: alpha of MLlib.")
    static let iterations = Option<Int>.integer(
        "iterations", in: 1...10_000, default: 10, "What a model of other origin was fitted with: maxIter of MLlib.")

    static let specs = [engine.spec, submit.spec, master.spec, settings.spec, work.spec, keep.spec]

    /// The engine that was asked for; nil is this program.
    static func engine(_ invocation: Invocation) throws -> SparkEngine? {
        guard try invocation.value(engine) == .spark else {
            for option in specs where option.name != engine.spec.name {
                try invocation.refuse([option], beside: "\(engine.spec.name) marquee")
            }
            return nil
        }
        let lines = invocation.optional(settings)?.split(separator: "\n").map(String.init) ?? []
        let place = invocation.optional(work)
        var called = SparkSettings(
            program: try invocation.value(submit), master: invocation.optional(master),
            configuration: try SparkSettings.configuration(lines), work: place,
            endpoint: invocation.optional(Options.objectEndpoint))
        called.keepsWork = try invocation.value(keep)
        return SparkEngine(
            called, work: try place.map { try invocation.place($0) })
    }

    /// The settings of a training with MLlib's objective. What that has no use for is refused.
    static func adapt(_ configuration: inout TrainingConfiguration, _ invocation: Invocation) throws {
        try invocation.refuse(
            [
                Options.nu.spec, Options.solver.spec, Options.cgSteps.spec, Options.preconditioner.spec,
                Options.precision.spec, Options.block.spec, Options.explicit.spec, Options.nonnegative.spec,
                Options.warmStart.spec,
                Options.earlyStopping.spec, Options.auto.spec, Options.minutes.spec, Options.reproduce.spec,
            ], beside: "\(engine.spec.name) spark")
        let given = configuration.parameters
        configuration.parameters = ALSParameters(
            rank: given.rank, epochs: given.epochs, alpha0: given.alpha0, lambda: given.lambda, weighting: .mllib,
            solver: .exact, preconditioner: .none, precision: .float32, seed: given.seed, threads: given.threads)
        configuration.search = nil
    }
}
