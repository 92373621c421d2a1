internal import COpenBLAS

/// Which instruction set OpenBLAS computes with.
///
/// OpenBLAS knows processors by their model number and takes SSE kernels, or AVX2 ones, for a model that is newer than
/// itself: Debian 12's (0.3.21) does so on Emerald Rapids and Zen 5, and is two to four times slower there than it could be.
/// It reads its choice from the environment, and only while it is being loaded.
public enum BLASCore {
    /// The variable by which OpenBLAS can be told.
    public static let variable = "OPENBLAS_CORETYPE"

    /// The core type that suits this processor better than the one OpenBLAS has taken; nil if its choice is right.
    public static var better: String? {
        better(than: String(cString: openblas_get_corename()), level: Kernels.best.level)
    }

    static func better(than core: String, level: Int) -> String? {
        let core = core.lowercased()
        let avx512 = ["skylakex", "cooperlake", "sapphirerapids"]
        if level >= 3 { return avx512.contains(core) ? nil : "SkylakeX" }
        if level >= 2 { return (["haswell", "zen"] + avx512).contains(core) ? nil : "Haswell" }
        return nil
    }
}
