/// What `marquee --version`, `/version` and model manifests call this program.
enum Version {
    static let text = "0.1.0"
}
