import Domain

/// What `marquee --version`, `/version` and model manifests call this program.
enum Version {
    static let text = Release.version
}
