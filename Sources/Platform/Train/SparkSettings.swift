internal import Domain
internal import Foundation
internal import Operations

/// How Spark is called: the program, the cluster, and what is set there.
public struct SparkSettings: Sendable {
    /// `spark-submit`, or a Python that has pyspark: a path, or a name that is looked for in `PATH`.
    public var program: String
    /// Such as `local[*]`, `yarn` or `spark://host:7077`; nil leaves it to Spark's own settings.
    public var master: String?
    /// Settings of Spark by name.
    public var configuration: [(name: String, value: String)]
    /// Where the job writes: a folder that this machine and every executor reach, or `s3://bucket/prefix`. Nil takes a
    /// temporary folder of this machine, for clusters of one machine.
    public var work: String?
    /// Whether what jobs have written stays there when a training has ended.
    public var keepsWork = false
    /// Of the service that `s3://` names, if it is not Amazon's.
    public var endpoint: String?

    public init(
        program: String = "spark-submit", master: String? = nil, configuration: [(name: String, value: String)] = [],
        work: String? = nil, endpoint: String? = nil
    ) {
        self.program = program
        self.master = master
        self.configuration = configuration
        self.work = work
        self.endpoint = endpoint
    }

    /// Parses lines of `key=value`.
    /// - Throws: ``PlatformError/badSparkSetting(name:reason:)`` for what is no setting, and for secrets: everybody on the
    ///   machine sees command lines.
    public static func configuration(_ lines: [String]) throws -> [(name: String, value: String)] {
        try lines.map { line in
            guard let equals = line.firstIndex(of: "="), equals > line.startIndex else {
                throw PlatformError.badSparkSetting(name: "'\(Secrets.masked(line))'", reason: "it is not key=value")
            }
            let name = String(line[..<equals])
            guard !Secrets.isSecret(name: name), !name.lowercased().contains("access.key") else {
                throw PlatformError.badSparkSetting(
                    name: name, reason: "it holds a secret, and others can read command lines")
            }
            return (name, String(line[line.index(after: equals)...]))
        }
    }

    /// What to run, and in what environment, to have `script` work on `request`.
    func call(_ script: String, _ request: String) -> (arguments: [String], environment: [String: String]) {
        var options: [String] = []
        if let master { options += ["--master", master] }
        var all = configuration
        if let endpoint { all.insert(("spark.hadoop.fs.s3a.endpoint", endpoint), at: 0) }
        for (name, value) in all { options += ["--conf", "\(name)=\(value)"] }
        let job = [script, "--request", request]
        guard program.split(separator: "/").last?.hasPrefix("python") == true else { return (options + job, [:]) }
        // pyspark takes apart what stands here as a shell would.
        let quoted = options.map { "'\($0.replacing("'", with: "'\\''"))'" } + ["pyspark-shell"]
        return (job, ["PYSPARK_SUBMIT_ARGS": quoted.joined(separator: " "), "PYSPARK_PYTHON": program])
    }

    /// A place as Spark names it: `s3a://…` for `s3://…`, `file:///…` for a folder.
    static func address(_ place: String) -> String {
        if place.hasPrefix("s3://") { return "s3a://" + place.dropFirst(5) }
        return "file://" + URL(filePath: place).absoluteURL.path
    }
}
