internal import Domain
internal import Foundation
internal import Operations

extension TraceExport.Settings {
    /// What OpenTelemetry's variables say; nil if they name no collector, or that nothing is to be sent.
    ///
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` (`/v1/traces` is added) or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` (as it is),
    /// `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT` in milliseconds, `OTEL_SERVICE_NAME`,
    /// `OTEL_TRACES_SAMPLER` with `OTEL_TRACES_SAMPLER_ARG`, `OTEL_TRACES_EXPORTER=none`, `OTEL_SDK_DISABLED=true`.
    /// - Throws: ``PlatformError/badVariable(name:allowed:)``
    public init?(environment: [String: String]) throws(PlatformError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard value("OTEL_SDK_DISABLED")?.lowercased() != "true", value("OTEL_TRACES_EXPORTER") != "none" else {
            return nil
        }
        let whole = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
        let base = "OTEL_EXPORTER_OTLP_ENDPOINT"
        let name = value(whole) == nil ? base : whole
        guard let address = value(name) else { return nil }
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme?.lowercased()), url.host != nil
        else { throw .badVariable(name: name, allowed: "an address such as http://localhost:4318") }
        self.init(
            address: name == whole ? address : (address.hasSuffix("/") ? address : address + "/") + "v1/traces")
        service = value("OTEL_SERVICE_NAME") ?? service
        for pair in (value("OTEL_EXPORTER_OTLP_TRACES_HEADERS") ?? value("OTEL_EXPORTER_OTLP_HEADERS") ?? "")
            .split(separator: ",")
        {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, let value = parts[1].removingPercentEncoding else {
                throw .badVariable(name: "OTEL_EXPORTER_OTLP_HEADERS", allowed: "name=value,name=value")
            }
            Secrets.register(value)
            headers[parts[0]] = value
        }
        if let text = value("OTEL_EXPORTER_OTLP_TIMEOUT") {
            guard let milliseconds = Int(text), (1...600_000).contains(milliseconds) else {
                throw .badVariable(name: "OTEL_EXPORTER_OTLP_TIMEOUT", allowed: "milliseconds from 1 to 600000")
            }
            timeout = .milliseconds(milliseconds)
        }
        switch value("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on" {
        case "always_on", "parentbased_always_on": ratio = 1
        case "always_off", "parentbased_always_off": ratio = 0
        case "traceidratio", "parentbased_traceidratio":
            guard let share = Double(value("OTEL_TRACES_SAMPLER_ARG") ?? "1"), (0...1).contains(share) else {
                throw .badVariable(name: "OTEL_TRACES_SAMPLER_ARG", allowed: "a number from 0 to 1")
            }
            ratio = share
        default:
            throw .badVariable(
                name: "OTEL_TRACES_SAMPLER",
                allowed: "parentbased_always_on, parentbased_always_off or "
                    + "parentbased_traceidratio")
        }
    }
}
