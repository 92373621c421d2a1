internal import COpenBLAS

/// The one place where OpenBLAS's thread count is set.
///
/// This room runs its own workers over rows and calls BLAS from each, so OpenBLAS must not start threads of its own:
/// two pools on the same cores cost up to ten times the time. The count is 1 from the first call into BLAS on.
public enum BLASThreads {
    private static let setOnce: Void = openblas_set_num_threads(1)

    /// Every file that calls BLAS or LAPACK does this first. A load and a branch after the first time.
    static func useOne() { _ = setOnce }

    /// Version, build options and chosen core type of the OpenBLAS in this process, for logs and benchmarks.
    public static var configuration: String {
        let config = String(cString: openblas_get_config())
        let core = String(cString: openblas_get_corename())
        return config.contains(core) ? config : "\(config) \(core)"
    }
}
