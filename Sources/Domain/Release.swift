/// What this program calls itself: in `--version`, in model manifests, in the files and commits it writes.
public enum Release {
    public static let version = "0.1.0"
}
