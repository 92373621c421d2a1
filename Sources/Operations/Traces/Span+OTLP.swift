internal import Domain

extension Span {
    /// Spans as OTLP/HTTP takes them in JSON (OTLP 1.3, "JSON Protobuf Encoding"): identifiers in hexadecimal digits, 64-bit
    /// numbers as texts, kinds as numbers.
    /// - Parameter service: the name of this service among others.
    public static func otlp(_ spans: [Span], service: String) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + 384 * spans.count)
        json.object {
            $0.name("resourceSpans")
            $0.array {
                $0.object {
                    $0.name("resource")
                    $0.object {
                        write(
                            [("service.name", .text(service)), ("service.version", .text(Release.version))], to: &$0)
                    }
                    $0.name("scopeSpans")
                    $0.array {
                        $0.object {
                            $0.name("scope")
                            $0.object {
                                $0.field("name", "marquee")
                                $0.field("version", Release.version)
                            }
                            $0.name("spans")
                            $0.array { json in for span in spans { span.write(to: &json) } }
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    private func write(to json: inout JSONWriter) {
        json.object {
            $0.field("traceId", context.traceHex)
            $0.field("spanId", TraceContext.hex(context.spanID))
            if let parent { $0.field("parentSpanId", TraceContext.hex(parent)) }
            if let state = context.state { $0.field("traceState", state) }
            $0.field("name", name)
            $0.field("kind", kind.rawValue)
            $0.field("startTimeUnixNano", "\(start.microseconds)000")
            $0.field("endTimeUnixNano", "\(end.microseconds)000")
            Self.write(attributes, to: &$0)
            if hasFailed {
                $0.name("status")
                $0.object { $0.field("code", 2) }
            }
        }
    }

    private static func write(_ attributes: [(name: String, value: Attribute)], to json: inout JSONWriter) {
        json.name("attributes")
        json.array { json in
            for (name, value) in attributes {
                json.object {
                    $0.field("key", name)
                    $0.name("value")
                    $0.object {
                        switch value {
                        case .text(let text): $0.field("stringValue", text)
                        case .number(let number): $0.field("intValue", "\(number)")
                        }
                    }
                }
            }
        }
    }
}
