import Foundation
import TestSupport
import Testing

/// The Debian package, the list of its parts, and the image that is made of it.
@Suite("Package", .timeLimit(.minutes(10)))
struct PackageTests {
    private static func isInstalled(_ tool: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(tool)")
    }

    private static func run(_ words: String, folder: URL = Checkout.root) async throws -> String {
        let (status, output) = try await runCommand("/bin/sh", ["-c", "cd '\(folder.path)' && \(words)"])
        #expect(status == 0, "\(words): \(output)")
        return output
    }

    /// Makes the package of a program, packed quickly.
    private static func make(
        _ program: String, in folder: URL, environment: String = ""
    ) async throws -> (status: Int32, output: String) {
        let line = """
            cd '\(Checkout.root.path)' && env MARQUEE_DPKG_DEB='-Zgzip -z1' \(environment) \
            scripts/deb '\(program)' '\(folder.path)'
            """
        return try await runCommand("/bin/sh", ["-c", line])
    }

    @Test(
        "the package is well-formed, has all its parts, and is the same when it is made again",
        .enabled(if: InstallTests.isBuilt, "'make build' was not run: there is no .build/release/marquee"),
        .enabled(if: isInstalled("dh") && isInstalled("lintian"), "needs debhelper and lintian"))
    func package() async throws {
        try await withTemporaryFolder { folder in
            let (one, two) = (folder.appending(path: "one"), folder.appending(path: "two"))
            let time = "SOURCE_DATE_EPOCH=1700000000"
            let (status, output) = try await Self.make(InstallTests.release, in: one, environment: time)
            #expect(status == 0, "\(output)")
            let file = output.trimmingCharacters(in: .newlines)
            // Made again elsewhere, by a user of other habits.
            let other = "\(time) TZ=Asia/Tokyo LANG=de_DE.UTF-8 TMPDIR='\(folder.path)'"
            let again = try await runCommand(
                "/bin/sh",
                [
                    "-c",
                    """
                    umask 077; cd '\(Checkout.root.path)'
                    env MARQUEE_DPKG_DEB='-Zgzip -z1' \(other) scripts/deb '\(InstallTests.release)' '\(two.path)'
                    """,
                ])
            #expect(again.status == 0, "\(again.output)")
            _ = try await Self.run("cmp '\(file)' '\(again.output.trimmingCharacters(in: .newlines))'")
            _ = try await Self.run("lintian --fail-on error,warning --allow-root '\(file)'")

            try await contents(of: file)
            try await parts(file, in: folder)
        }
    }

    /// What lies in it, where and as whose.
    private func contents(of file: String) async throws {
        let listed = try await Self.run("dpkg-deb --contents '\(file)'")
        var rows: [String: (mode: String, owner: String)] = [:]
        for line in listed.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            rows[String(words[5])] = (String(words[0]), String(words[1]))
        }
        #expect(rows.values.allSatisfy { $0.owner == "root/root" })
        #expect(rows["./usr/bin/marquee"]?.mode == "-rwxr-xr-x")
        for path in [
            "usr/share/doc/marquee/changelog.Debian.gz", "usr/share/doc/marquee/copyright",
            "usr/share/doc/marquee/marquee.spdx.json", "usr/share/man/man1/marquee.1.gz",
            "usr/share/man/man1/marquee-store-log.1.gz", "usr/share/bash-completion/completions/marquee",
            "usr/share/zsh/vendor-completions/_marquee", "usr/share/fish/vendor_completions.d/marquee.fish",
            "usr/share/marquee/films.jsonl", "etc/marquee/marquee.yaml",
        ] { #expect(rows["./\(path)"]?.mode == "-rw-r--r--", "\(path)") }
        let units = try FileManager.default.contentsOfDirectory(
            atPath: Checkout.root.appending(path: "deploy/systemd").path
        ).filter { $0.hasSuffix(".service") || $0.hasSuffix(".timer") }
        for unit in units {
            #expect(rows["./lib/systemd/system/\(unit)"] != nil, "\(unit)")
            let text = try await Self.run("dpkg-deb --fsys-tarfile '\(file)' | tar -xO './lib/systemd/system/\(unit)'")
            #expect(!text.contains("/usr/local"), "\(text)")
        }
        let control = try await Self.run("dpkg-deb --field '\(file)'")
        #expect(control.contains("Version: \(try version())-"))
        // By dpkg-shlibdeps: each with the version that has what is called.
        #expect(control.firstMatch(of: /Depends: .*libcurl4 \(>= .*librdkafka1 \(>=/) != nil, "\(control)")
        #expect(try await Self.run("dpkg-deb --info '\(file)' conffiles") == "/etc/marquee/marquee.yaml\n")
    }

    private func version() throws -> String {
        let path = Checkout.root.appending(path: "Sources/Domain/Release.swift").path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return String(try #require(text.firstMatch(of: /version = "([^"]+)"/)?.output.1))
    }

    /// The list of parts beside it, as SPDX's own library reads it.
    private func parts(_ file: String, in folder: URL) async throws {
        guard Checkout.python != nil else { return }
        let list = folder.appending(path: "marquee.spdx.json").path
        let program = folder.appending(path: "program").path
        _ = try await Self.run(
            """
            dpkg-deb --fsys-tarfile '\(file)' | tar -xO ./usr/share/doc/marquee/marquee.spdx.json > '\(list)'
            dpkg-deb --fsys-tarfile '\(file)' | tar -xO ./usr/bin/marquee > '\(program)'
            """)
        let found = try await Loop.python("deploy/check_sbom.py", [list])
        #expect(found["problems"] as? [String] == [])
        #expect(found["version"] as? String == "SPDX-2.3")
        let packages = try #require(found["packages"] as? [String: [String: Any]])
        let digest = try await Self.run("sha256sum '\(program)'").prefix(64)
        #expect(packages["marquee"]?["sha256"] as? [String] == [String(digest)])
        #expect(packages["swift-runtime"]?["link"] as? String == "STATIC_LINK")
        // Each library that is depended on, in the version that is here.
        let depends = try await Self.run("dpkg-deb --field '\(file)' Depends").split(separator: ",").map {
            String($0.trimmingCharacters(in: .whitespacesAndNewlines).prefix { $0 != " " })
        }
        for name in depends where name != "adduser" {
            let part = packages.first { $0.key == name || $0.key.hasPrefix(name + "-") }?.value
            #expect(part?["link"] as? String == "DYNAMIC_LINK", "\(name)")
            #expect((part?["licence"] as? String)?.isEmpty == false, "\(name)")
        }
        let curl = try await Self.run("dpkg-query --show --showformat='${Version}' libcurl4")
        #expect(packages["libcurl4"]?["version"] as? String == curl)
        #expect(packages["libcurl4"]?["licence"] as? String == "curl")
    }

    @Test(
        "a program that needs Swift's libraries, or is not there, is refused with what to do",
        .enabled(if: isInstalled("dh"), "needs debhelper"))
    func refused() async throws {
        try await withTemporaryFolder { folder in
            // The debug build.
            for (program, saying) in [
                (MarqueeProcess.built("marquee").path, "loads Swift's libraries"), ("/nowhere/marquee", "there is no"),
            ] {
                let (status, output) = try await Self.make(program, in: folder)
                #expect(status == 65 && output.contains(saying) && output.contains("make build"), "\(output)")
            }
            let none = try await runCommand(Checkout.root.appending(path: "scripts/sbom").path, ["/nowhere/marquee"])
            #expect(none.status == 1 && none.output.contains("there is no /nowhere/marquee"), "\(none.output)")
        }
    }

    @Test("the image is made of the package, as a user that is not root, and keeps nothing that it does not need")
    func dockerfile() throws {
        let text = try String(contentsOf: Checkout.root.appending(path: "deploy/Dockerfile"), encoding: .utf8)
        let steps = text.replacing("\\\n", with: " ").split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            let words = $0.split(separator: " ", maxSplits: 1)
            return (word: String(words[0]), rest: String(words[1]))
        }
        #expect(steps.map(\.word) == ["FROM", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT"])
        let step = Dictionary(uniqueKeysWithValues: steps)
        // A tag, and not the newest of whatever comes.
        #expect(step["FROM"]?.firstMatch(of: /^debian:12-slim$/) != nil)
        #expect(step["COPY"] == ".build/deb/marquee_*.deb /tmp/marquee.deb")
        let run = try #require(step["RUN"])
        #expect(run.contains("apt-get update") && run.contains("--no-install-recommends"))
        #expect(run.contains("rm -rf /var/lib/apt/lists/* /tmp/marquee.deb"))
        // A number, so that Kubernetes can see that it is not root; the same one there and here.
        let number = try #require(step["USER"]?.firstMatch(of: /^([1-9][0-9]*):\1$/)?.output.1)
        #expect(run.contains("--uid \(number) "))
        let objects = try String(
            contentsOf: Checkout.root.appending(path: "deploy/kubernetes/marquee.yaml"), encoding: .utf8)
        #expect(objects.contains("runAsUser: \(number),"))
        // A list, so that signals reach the program and not a shell.
        #expect(step["ENTRYPOINT"] == #"["/usr/bin/marquee"]"#)
        let ignored = try String(
            contentsOf: Checkout.root.appending(path: "deploy/Dockerfile.dockerignore"), encoding: .utf8)
        #expect(ignored.contains("\n*\n!.build/deb/marquee_*.deb\n"))
    }

    @Test("the completion of bash offers every option that the manual page of a command has")
    func completion() async throws {
        try await withTemporaryFolder { folder in
            let pages = folder.appending(path: "man1")
            try await Loop.run(["help", "--man", pages.path], in: folder)
            let script = folder.appending(path: "marquee.bash")
            try Data(try await Loop.run(["completion", "bash"], in: folder).utf8).write(to: script)
            // As bash calls it after `marquee store log --`, for each command.
            var shell = """
                set -u; . '\(script.path)'
                offered() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=(); _marquee; echo "$* ${COMPREPLY[*]}"; }

                """
            var expected: [[String]] = []
            for name in try FileManager.default.contentsOfDirectory(atPath: pages.path) where name != "marquee.1" {
                let page = try String(contentsOf: pages.appending(path: name), encoding: .utf8)
                    .replacing("\\-", with: "-")
                let usage = try #require(page.firstMatch(of: /\n\.SH SYNOPSIS\n(marquee(?: [a-z][a-z-]*)+)/)?.output.1)
                let options = page.matches(of: /\\fB(--[a-z0-9-]+)\\fR/).map { String($0.output.1) }
                expected.append([usage + " --"] + options)
                shell += "offered \(usage) --\n"
            }
            let (status, output) = try await runCommand("/bin/bash", ["-c", shell])
            let lines = output.split(separator: "\n").map { Set($0.split(separator: " ").map(String.init)) }
            #expect(status == 0 && lines.count == expected.count && expected.count > 50, "\(output)")
            for (line, options) in zip(lines, expected) {
                #expect(options.dropFirst().count > 3 && line.isSuperset(of: options.dropFirst()), "\(options[0])")
            }
        }
    }

    @Test(
        .enabled(if: Effort.isNightly, "half a gigabyte of packages: 'make nightly' does it"),
        .enabled(if: InstallTests.isBuilt, "'make build' was not run: there is no .build/release/marquee"),
        .enabled(if: InstallTests.canMakeDebian, "needs root and debootstrap"),
        .enabled(if: isInstalled("dh"), "needs debhelper"))
    func thePackageInstallsOnADebianRunsTheDemoAndGoesAsItCame() async throws {
        try await withTemporaryFolder { folder in
            let made = try await Self.make(InstallTests.release, in: folder)
            #expect(made.status == 0, "\(made.output)")
            let (status, output) = try await runCommand(
                Checkout.root.appending(path: "scripts/try-on-debian").path,
                [made.output.trimmingCharacters(in: .newlines)])
            #expect(status == 0, "\(output)")
        }
    }
}
