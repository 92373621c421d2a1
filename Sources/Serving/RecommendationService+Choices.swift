internal import Domain

extension RecommendationService {
    /// Forgets the events of those who are erased, as soon as that begins.
    func followChoices() async {
        var known = 0
        while !Task.isCancelled {
            let revision = overlay.choicesRevision
            if revision != known {
                overlay.forgetErased()
                known = revision
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Whether users of a model may be told of to others.
    func mayBeNamed(_ user: String) -> Bool { overlay.choice(of: user).allows(.personal) }
}
