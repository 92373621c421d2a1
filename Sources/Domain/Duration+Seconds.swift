extension Duration {
    /// The same in seconds, to the precision of a `Double`.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
