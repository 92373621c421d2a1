internal import CSparkJob
internal import Columnar
public import Domain
internal import Foundation
internal import ObjectStore
internal import Operations
internal import Synchronization
public import Trainer

/// Spark's MLlib as the engine of a training: submits the job of `deploy/spark`, waits for it, and reads what it has made.
///
///     configuration.engine = SparkEngine(SparkSettings(master: "yarn", work: "s3://bucket/work"))
///
/// One job fits all parts of a run that are known when the first is asked for: the training part of the split, and all
/// events. Others are jobs of their own. What a job has made stays until the run ends, so that nothing is fitted twice.
/// Unsafe: reads the bytes of a C constant, which lives as long as the program, within their count.
public final class SparkEngine: FitEngine {
    private let settings: SparkSettings
    private let work: any Storage
    /// Whether ``work`` is a temporary folder of ours.
    private let isOwn: Bool
    private let made = Mutex<[Made]>([])
    private static let log = Log("spark")

    /// A finished job.
    private struct Made {
        let recipe: ModelRecipe
        let version: Int64
        let parts: Set<EventPart>
        let folder: any Storage
    }

    /// - Parameter work: the storage of ``SparkSettings/work``; nil makes a temporary folder.
    public init(_ settings: SparkSettings, work: (any Storage)? = nil) {
        self.settings = settings
        isOwn = work == nil
        self.work =
            work ?? LocalStorage(FileManager.default.temporaryDirectory.appending(path: "marquee-spark-\(UUID())").path)
    }

    /// Removes what jobs have written: it is of persons, in a place that nobody looks after.
    public func finish() {
        let folders = made.withLock { made in
            defer { made = [] }
            return made.map(\.folder)
        }
        guard !settings.keepsWork else { return }
        for folder in folders { remove(folder) }
        if isOwn { try? FileManager.default.removeItem(atPath: work.location) }
    }

    /// What cannot be removed is told, and is no reason to fail.
    private func remove(_ folder: any Storage) {
        do {
            try empty(folder, "")
            if !ObjectAddress.isOne(folder.location) { try? FileManager.default.removeItem(atPath: folder.location) }
        } catch {
            Self.log.warning("what a job has written is left", ["place": folder.location, "why": "\(error)"])
        }
    }

    /// Deletes every object, those too whose names begin with `_`.
    private func empty(_ storage: any Storage, _ place: String) throws {
        func name(_ last: String) -> String { place.isEmpty ? last : "\(place)/\(last)" }
        for entry in try storage.list(place, from: "") { try storage.delete(name(entry.name)) }
        for folder in try storage.listFolders(place) { try empty(storage, name(folder)) }
    }

    public func fit(_ request: FitRequest, note: (String?) throws -> Void) throws -> EngineFit? {
        let known = made.withLock { made in
            made.last {
                $0.recipe == request.recipe && $0.version == request.version && $0.parts.contains(request.part)
            }
        }
        let folder: any Storage
        if let known {
            folder = known.folder
        } else {
            // What is published later is fitted to all events with these settings.
            let hasAll = made.withLock { made in
                made.contains {
                    $0.recipe == request.recipe && $0.version == request.version && $0.parts.contains(.all)
                }
            }
            let parts: [EventPart] = request.part == .all || hasAll ? [request.part] : [request.part, .all]
            folder = try submit(request, parts, note)
            made.withLock {
                $0.append(Made(recipe: request.recipe, version: request.version, parts: Set(parts), folder: folder))
            }
        }
        return try SparkOutput(in: folder).fit(request, note: note)
    }

    /// Runs one job to its end.
    /// - Returns: the folder with what it made.
    private func submit(
        _ request: FitRequest, _ parts: [EventPart], _ note: (String?) throws -> Void
    ) throws -> any Storage {
        let files = try LocalJobFolder()
        defer { files.remove() }
        let name = "job-\(UUID().uuidString.lowercased())"
        let output = work.folder(name)
        var asked = SparkRequest(
            request, events: SparkSettings.address(request.table), output: SparkSettings.address(output.location),
            parts: parts)
        let excluded = "\(name)-exclude.parquet"
        if !request.leftOutUsers.isEmpty { asked.exclude = try exclude(request.leftOutUsers, excluded) }
        defer { if asked.exclude != nil { try? work.delete(excluded) } }
        let bytes = UnsafeBufferPointer(start: marquee_spark_job(), count: marquee_spark_job_count())
        try files.write(Array(bytes), "marquee_als.py")
        try files.write(asked.json(), "request.json")
        let call = settings.call(files.path("marquee_als.py"), files.path("request.json"))
        try note("submitting to Spark: \(parts.map(\.description).joined(separator: ", "))")
        let progress = JobProgress()
        var isWhole = false
        defer { if !isWhole { remove(output) } }
        let status = try ChildProgram(
            settings.program, call.arguments, environment: call.environment, errors: files.path("spark.log")
        ).run(onLine: { line in if let text = progress.text(of: line) { try note(text) } }, onBeat: { try note(nil) })
        guard status == 0, try output.status(SparkRecord.file) != nil else {
            let kept = files.keepLog()
            throw PlatformError.sparkFailed(
                status: Int(status), said: JobProgress.reason(in: kept, status: status), log: kept)
        }
        isWhole = true
        return output
    }

    /// Puts the identifiers of users who are left out where Spark finds them.
    private func exclude(_ users: [String], _ file: String) throws -> String {
        let schema = Schema([Field("user_id", .string, nullable: false)])
        let batch = try RecordBatch(schema: schema, columns: [.string(BytesColumn(users))])
        let staged = try LocalJobFolder()
        defer { staged.remove() }
        let path = staged.path("users.parquet")
        let writer = try ParquetWriter(path: path, schema: schema)
        try writer.write(batch)
        _ = try writer.finish()
        _ = try work.putIfAbsent(file, [UInt8](Data(contentsOf: URL(filePath: path))))
        return SparkSettings.address(work.path(of: file))
    }
}

/// A folder of this machine for one job: its script, what it is asked, its log.
private struct LocalJobFolder {
    private let url = FileManager.default.temporaryDirectory.appending(path: "marquee-job-\(UUID())")

    init() throws {
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw PlatformError.cannotWrite(path: url.path)
        }
    }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func write(_ bytes: [UInt8], _ name: String) throws {
        do {
            try Data(bytes).write(to: url.appending(path: name))
        } catch {
            throw PlatformError.cannotWrite(path: path(name))
        }
    }

    /// Leaves the log, which somebody will want to read.
    func keepLog() -> String {
        let kept = FileManager.default.temporaryDirectory.appending(path: "\(url.lastPathComponent).log")
        try? FileManager.default.moveItem(at: url.appending(path: "spark.log"), to: kept)
        return kept.path
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
