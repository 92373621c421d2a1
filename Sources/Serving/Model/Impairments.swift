internal import Domain
internal import Operations
internal import Synchronization

/// A part of the service that can fail while the rest goes on.
public enum ServingPart: String, CaseIterable, Sendable {
    /// The promoted model cannot be served; the one before it is.
    case model
    /// The films cannot be read any more; those known are served.
    case catalogue
    /// Content similarity is not answered.
    case content
    /// The index of the search service is not as the catalogue is.
    case index
    /// New events are not heard.
    case events
    /// What lists have shown cannot be published, and waits. No answer lacks anything by it.
    case impressions
    /// Answered lists cannot be written down: those of memory alone can be seen again. No answer lacks anything by it.
    case answers
}

/// What is wrong with which part just now: for the `degraded` of answers, for readiness, for metrics and the log.
public final class Impairments: Sendable {
    private let reasons = Mutex<[ServingPart: String]>([:])
    /// One bit a part: all that an answer looks at while nothing is wrong.
    private let bits = Atomic<UInt8>(0)
    private let gauges: [ServingPart: Gauge]
    private static let log = Log("serving")

    init() {
        gauges = Dictionary(
            uniqueKeysWithValues: ServingPart.allCases.map {
                (
                    $0,
                    Metrics.shared.gauge(
                        "marquee_degraded", help: "1 while a part is impaired.", labels: ["part": $0.rawValue])
                )
            })
        for gauge in gauges.values { gauge.set(0) }
    }

    /// The parts that are impaired, with half a sentence each that says why.
    public var all: [(part: ServingPart, reason: String)] {
        guard !isClear else { return [] }
        let reasons = reasons.withLock { $0 }
        return ServingPart.allCases.compactMap { part in reasons[part].map { (part, $0) } }
    }

    var isClear: Bool { bits.load(ordering: .relaxed) == 0 }

    func has(_ part: ServingPart) -> Bool { bits.load(ordering: .relaxed) & part.bit != 0 }

    /// A part fails from now on, or for another reason than before. It is logged once for each reason.
    public func add(_ part: ServingPart, _ reason: String) {
        let isNews = reasons.withLock { reasons in
            bits.bitwiseOr(part.bit, ordering: .relaxed)
            defer { reasons[part] = reason }
            return reasons[part] != reason
        }
        guard isNews else { return }
        gauges[part]?.set(1)
        Self.log.warning("degraded", ["part": part.rawValue, "reason": reason])
    }

    /// A part works. Costs an atomic load if it did before.
    public func remove(_ part: ServingPart) {
        guard has(part) else { return }
        let wasThere = reasons.withLock { reasons in
            bits.bitwiseAnd(~part.bit, ordering: .relaxed)
            return reasons.removeValue(forKey: part) != nil
        }
        guard wasThere else { return }
        gauges[part]?.set(0)
        Self.log.info("no longer degraded", ["part": part.rawValue])
    }

    /// Why, in half a sentence without a full stop.
    public static func reason(_ error: any Error) -> String {
        var text = (error as? any Fault)?.message ?? "\(error)"
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}

extension ServingPart {
    /// What answers call it: a list from an index that is out of date lacks content, too.
    public var degradedName: String { self == .index ? ServingPart.content.rawValue : rawValue }

    fileprivate var bit: UInt8 { 1 << UInt8(Self.allCases.firstIndex(of: self)!) }
}
