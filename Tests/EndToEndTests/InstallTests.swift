import Foundation
import TestSupport
import Testing

/// What `make build` and `make install` leave: one file to carry away, and a shell that knows it.
@Suite struct InstallTests {
    /// What `make build` makes; the other tests run the debug build.
    static let release = Checkout.root.appending(path: ".build/release/marquee").path
    static let isBuilt = FileManager.default.isExecutableFile(atPath: release)

    @Test(.enabled(if: isBuilt, "'make build' was not run: there is no .build/release/marquee"))
    func theReleaseBinaryNeedsOnlyLibrariesOfTheDistribution() async throws {
        let (status, output) = try await runCommand("/usr/bin/ldd", [Self.release])
        #expect(status == 0, "\(output)")
        for line in output.split(separator: "\n") {
            let name = line.trimmingCharacters(in: .whitespaces)
            for prefix in ["libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocksRuntime"] {
                #expect(!name.hasPrefix(prefix), "\(name)")
            }
            #expect(!name.contains("not found"), "\(name)")
            if let path = name.components(separatedBy: " => ").dropFirst().first {
                #expect(path.hasPrefix("/lib/") || path.hasPrefix("/usr/lib/"), "\(name)")
            }
        }
    }

    /// How a shell gets a mount namespace of its own here, or nil where it cannot.
    private static func namespace() async throws -> [String]? {
        for flags in [["--mount"], ["--user", "--map-root-user", "--mount"]] {
            let trial = flags + ["/bin/mount", "-t", "tmpfs", "none", "/mnt"]
            if try await runCommand("/usr/bin/unshare", trial).status == 0 { return flags }
        }
        return nil
    }

    @Test(
        .enabled(if: isBuilt, "'make build' was not run: there is no .build/release/marquee"),
        .enabled("this machine gives no mount namespace, so the toolchain cannot be hidden") {
            try await namespace() != nil
        })
    func theReleaseBinaryRunsWhereSwiftIsNotInstalled() async throws {
        let which = try await runCommand("/bin/sh", ["-c", "readlink -f \"$(command -v swift)\""])
        let swift = which.output.trimmingCharacters(in: .newlines)
        let toolchain = URL(filePath: swift).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        try #require(toolchain.count > 1, "the toolchain lies at \(swift)")
        // An empty file system over the toolchain, seen by this one shell alone.
        let hidden = "mount -t tmpfs none '\(toolchain)' && ! test -e '\(swift)'"
        let wrapper = try #require(try await Self.namespace())
        try await withTemporaryFolder { folder in
            let log = folder.appending(path: "store").path
            let script = """
                \(hidden) || exit 99
                cp '\(Self.release)' '\(folder.path)/marquee' && cd '\(folder.path)' || exit 98
                run() { env -i PATH=/usr/bin:/bin ./marquee "$@" || exit; }
                run version
                printf 'uid,film,ts\\nu1,f1,2026-01-02T00:00:00Z\\nu2,f1,2026-01-03T00:00:00Z\\n' > views.csv
                run import csv views.csv --store '\(log)' --map user=uid,item=film,at=ts --kind view
                run store count '\(log)/events'
                """
            let (status, output) = try await runCommand("/usr/bin/unshare", wrapper + ["/bin/sh", "-c", script])
            #expect(status == 0, "\(output)")
            #expect(output.hasPrefix("marquee ") && output.hasSuffix("\n2\n"), "\(output)")
        }
    }

    static let canMakeDebian =
        getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/debootstrap")

    @Test(
        .enabled(if: Effort.isNightly, "half a gigabyte of packages: 'make nightly' does it"),
        .enabled(if: isBuilt, "'make build' was not run: there is no .build/release/marquee"),
        .enabled(if: canMakeDebian, "needs root and debootstrap"))
    func theReleaseBinaryRunsOnADebianWithOnlyThePackagesThatTheDocsName() async throws {
        let (status, output) = try await runCommand(Checkout.root.appending(path: "scripts/try-on-debian").path, [])
        #expect(status == 0, "\(output)")
    }

    /// Installs the program of this build.
    private func make(_ target: String, destination: String) async throws {
        let (status, output) = try await runCommand(
            "/usr/bin/make",
            [
                "--no-print-directory", "-C", Checkout.root.path, target, "DESTDIR=\(destination)",
                "PREFIX=/opt/marquee",
                "MARQUEE=\(MarqueeProcess.program.path)",
            ])
        #expect(status == 0, "make \(target): \(output)")
    }

    @Test func installPutsProgramManualCompletionsAndCatalogueInPlaceAndUninstallTakesThemAway() async throws {
        try await withTemporaryFolder { folder in
            try await make("install", destination: folder.path)
            let prefix = folder.appending(path: "opt/marquee")
            let shell = """
                cd '\(folder.path)' && export PATH='\(prefix.path)/bin':$PATH && set -e
                marquee version
                . '\(prefix.path)/share/bash-completion/completions/marquee' && complete -p marquee
                grep -q '^#compdef marquee' '\(prefix.path)/share/zsh/site-functions/_marquee'
                grep -q '^complete -c marquee' '\(prefix.path)/share/fish/vendor_completions.d/marquee.fish'
                marquee broker --bootstrap-file broker.txt > /dev/null & trap "kill $!" EXIT
                until [ -s broker.txt ]; do sleep 0.1; done
                marquee simulate --bootstrap-servers "$(cat broker.txt)" --count 100
                """
            let (status, output) = try await runCommand("/bin/bash", ["-c", shell])
            // Without --catalog, from elsewhere: the simulator found the installed one.
            #expect(status == 0, "\(output)")
            let films = prefix.appending(path: "share/marquee/films.jsonl")
            #expect(
                FileManager.default.contentsEqual(
                    atPath: films.path, andPath: Checkout.root.appending(path: "data/films.jsonl").path))
            try await make("uninstall", destination: folder.path)
            let left = try #require(FileManager.default.enumerator(atPath: prefix.path)?.allObjects as? [String])
            #expect(
                left.filter { !isFolder(prefix.appending(path: $0)) }.isEmpty, "\(left)")
        }
    }

    @Test(arguments: ["PREFIX=opt/marquee", "PREFIX=./opt", "PREFIX=~/opt", "DESTDIR=stage"])
    func aRelativePlaceIsRefusedWithAdvice(setting: String) async throws {
        for target in ["install", "uninstall"] {
            let (status, output) = try await runCommand(
                "/usr/bin/make", ["--no-print-directory", "-C", Checkout.root.path, target, setting])
            let name = String(setting.prefix { $0 != "=" })
            #expect(
                status != 0 && output.contains("\(name) is '") && output.contains("no absolute path: try \(name)='"))
        }
    }

    private func isFolder(_ url: URL) -> Bool {
        (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
    }

    /// Readers of manual pages, and how each is asked for all that it finds odd.
    static let readers = [
        (path: "/usr/bin/mandoc", arguments: ["-T", "lint", "-W", "warning"]),
        (path: "/usr/bin/groff", arguments: ["-man", "-ww", "-Tutf8", "-z"]),
    ].filter { FileManager.default.isExecutableFile(atPath: $0.path) }

    @Test(.enabled(if: !readers.isEmpty, "neither mandoc nor groff is installed"))
    func theManualPagesAreGoodRoff() async throws {
        try await withTemporaryFolder { folder in
            let pages = folder.appending(path: "man1")
            try await Loop.run(["help", "--man", pages.path], in: folder)
            let names = try FileManager.default.contentsOfDirectory(atPath: pages.path)
            #expect(names.contains("marquee.1") && names.contains("marquee-store-log.1"))
            for name in names {
                let page = pages.appending(path: name).path
                for reader in Self.readers {
                    let (_, output) = try await runCommand(reader.path, reader.arguments + [page])
                    // Without a date on purpose: the same sources give the same page.
                    let odd = output.split(separator: "\n").filter { !$0.contains("WARNING: missing date") }
                    #expect(odd.isEmpty, "\(reader.path), \(name): \(output)")
                }
            }
        }
    }
}
