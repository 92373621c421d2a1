import Foundation
import TestSupport
import Testing

/// `train --engine spark` and `models import spark` as processes.
@Suite struct SparkTrainingTests {
    /// Calls `body` with a folder and a store of two tastes in it.
    private func withStore(_ body: (_ folder: URL, _ words: [String]) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            var lines = ["user,item,stars,at"]
            for user in 1...60 {
                for film in 1...30 where (film * 11 + user * 7) % 5 < 3 {
                    let stars = film % 2 == user % 2 ? 5 : 2
                    lines.append("u\(user),f\(film),\(stars),\(1_500_000_000 + (film * 37 + user * 101) % 9973 * 60)")
                }
            }
            let file = folder.appending(path: "events.csv")
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
            let store = folder.appending(path: "data").path
            try await Loop.run(
                [
                    "import", "csv", file.path, "--map", "user=user,item=item,value=stars,at=at", "--store", store,
                ], in: folder)
            try await body(folder, ["--store", store, "--models", folder.appending(path: "models").path])
        }
    }

    /// A program in place of Spark's.
    private func program(_ text: String, in folder: URL) throws -> String {
        let file = folder.appending(path: "submit-\(UUID())")
        try Data("#!/bin/sh\n\(text)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file.path)
        return file.path
    }

    @Test(.enabled(if: SparkRuntime.isPresent(.three), "needs Java, the Delta jars and the Python environment"))
    func sparkFitsAndTheRestIsAsEver() async throws {
        let spark = try await SparkRuntime(.three)
        try await withStore { folder, words in
            let work = folder.appending(path: "work").path
            var call = ["train"] + words + ["--engine", "spark", "--spark-submit", spark.python.path]
            call += [
                "--spark-master", "local[2]", "--spark-work", work, "--spark-keep", "--rank", "4", "--epochs", "2",
            ]
            call += ["--split", "time:0.7", "--promote", "always"]
            for setting in spark.settings { call += ["--spark-conf", "\(setting.name)=\(setting.value)"] }
            let output = try await Loop.run(call, in: folder, environment: ["SPARK_LOCAL_IP": "127.0.0.1"])
            #expect(output.contains("Spark has fitted all in") && output.contains("in service"))
            let shown = try await Loop.json(
                Loop.run(["models", "show", "--format", "json"] + words.suffix(2), in: folder))
            #expect((shown["engine"] as? [String: Any])?["name"] as? String == "spark-mllib")
            #expect(((shown["engine"] as? [String: Any])?["version"] as? String)?.hasPrefix("3.5") == true)
            #expect(shown["evaluation"] != nil)
            let list = try await Loop.run(["recommend", "--user", "u2", "-n", "3"] + words, in: folder)
            #expect(list.contains("f"))
            // One job has fitted both parts; what it wrote is imported as well.
            let jobs = try FileManager.default.contentsOfDirectory(atPath: work).filter { $0.hasPrefix("job-") }
            #expect(jobs.count == 1)
            let imported = try await Loop.run(
                ["models", "import", "spark", "\(work)/\(try #require(jobs.first))", "--promote", "never"] + words,
                in: folder)
            #expect(imported.contains("kept out of service"))
        }
    }

    @Test func aJobThatFailsPublishesNothing() async throws {
        try await withStore { folder, words in
            let spark = ["train"] + words + ["--engine", "spark", "--rank", "4", "--spark-submit"]
            let dying = try program(
                "echo 'marquee: {\"phase\":\"reading\"}'; echo 'ValueError: no Delta here' >&2; exit 3", in: folder)
            // Where logs of failed jobs are kept.
            let kept = ["TMPDIR": folder.path]
            try await Loop.refused(
                spark + [dying], in: folder, environment: kept, status: 69,
                saying: ["status 3", "ValueError: no Delta here", "Nothing was"])
            // It dies half-way: what it has written goes.
            let half = try program(
                "grep -o '\"output\" : \"file://[^\"]*' $3 | cut -d/ -f3- | { read d; mkdir -p \"$d/all\"; echo x > \"$d/all/_SUCCESS\"; }; exit 1",
                in: folder)
            let work = folder.appending(path: "work").path
            try await Loop.refused(
                spark + [half, "--spark-work", work], in: folder, environment: kept, status: 69, saying: ["status 1"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: work).isEmpty)
            // It says that all is well, and has made nothing.
            try await Loop.refused(
                spark + [try program("exit 0", in: folder)], in: folder, environment: kept, status: 69,
                saying: ["status 0"])
            try await Loop.refused(
                spark + ["/no/such/spark-submit"], in: folder, status: 69,
                saying: ["/no/such/spark-submit", "cannot be run"])
            let secret = "spark.hadoop.fs.s3a.secret.key=hush"
            let refused = try await MarqueeProcess.run(
                spark + [dying, "--spark-conf", secret], in: folder)
            #expect(refused.status == 64 && refused.errors.contains("secret") && !refused.errors.contains("hush"))
            for other in [["--solver", "exact"], ["--explicit"], ["--warm-start", "current"], ["--nu", "0"]] {
                try await Loop.refused(spark + [dying] + other, in: folder, status: 64, saying: [other[0]])
            }
            try await Loop.refused(
                ["train"] + words + ["--spark-master", "yarn"], in: folder, status: 64, saying: ["--spark-master"])
            try await Loop.refused(
                ["models", "import", "spark", folder.appending(path: "data").path] + words, in: folder, status: 65,
                saying: ["training.json"])
            let models = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "models").path)
            #expect((models ?? []).isEmpty)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left.filter { $0.hasPrefix("marquee-job-") }.count == 3, "three logs")
            #expect(!left.contains { $0.hasPrefix("marquee-spark-") })
        }
    }

    @Test func anInterruptEndsTheJob() async throws {
        try await withStore { folder, words in
            let note = folder.appending(path: "child").path
            let sleeping = try program(
                "sleep 600 & echo $! > '\(note).new'; mv '\(note).new' '\(note)'; wait", in: folder)
            let run = try MarqueeProcess(
                ["train"] + words + ["--engine", "spark", "--rank", "4", "--spark-submit", sleeping], in: folder)
            try await eventually("the job is under way", patience: .seconds(120)) {
                FileManager.default.fileExists(atPath: note)
            }
            run.signal(SIGINT)
            #expect(try await run.result().status == 130)
            let child = try #require(
                pid_t(String(contentsOfFile: note, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
            // A zombie that nobody has reaped yet is gone as well.
            let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
            #expect(state.isEmpty || state.contains(") Z "), "what the job had started is gone")
        }
    }
}
