import Domain
import Foundation
import Synchronization

/// Log lines on standard error: one line an entry, as text for people or as JSON for machines.
///
///     let log = Log("ingest")
///     log.info("committed", ["table": "events", "rows": rows, "version": version])
///
/// The level and the form are the process's, set once by the command line. A line below the level costs one atomic
/// load: message and fields are not evaluated.
public struct Log: Sendable {
    /// How much a line matters, and how much is written: a level stands for itself and those before it.
    /// - `error`: something was not done that was asked for.
    /// - `warning`: it was done, but somebody should look.
    /// - `info`: what an operator follows, such as commits and publications.
    /// - `debug` and `trace`: what a developer follows, up to every request.
    public enum Level: Int, CaseIterable, Comparable, Sendable {
        case error, warning, info, debug, trace

        public var name: String { String(describing: self) }
        public init?(name: String) {
            guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }
        public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    /// What a line looks like: `text` for people, `json` for machines, one object a line.
    public enum Format: Int, CaseIterable, Sendable {
        case text, json

        public var name: String { String(describing: self) }
    }

    /// Names and values in the order they are written. The value of a name like `password` is masked, and so is a
    /// secret inside any value.
    public typealias Fields = KeyValuePairs<String, any CustomStringConvertible>

    private static let levelInForce = Atomic<Int>(Level.info.rawValue)
    private static let formatInForce = Atomic<Int>(Format.text.rawValue)

    /// Sets level and form of every log of the process.
    public static func configure(level: Level, format: Format) {
        levelInForce.store(level.rawValue, ordering: .relaxed)
        formatInForce.store(format.rawValue, ordering: .relaxed)
    }

    /// The level below which nothing is written.
    public static var level: Level { Level(rawValue: levelInForce.load(ordering: .relaxed)) ?? .info }

    /// The part of the program that speaks, such as `ingest`.
    public let room: String

    /// - Parameter room: the part of the program that speaks; it stands in every line.
    public init(_ room: String) { self.room = room }

    /// Writes a line at ``Level/error``. It blocks until standard error has taken the line.
    public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        write(.error, message, fields)
    }

    /// Writes a line at ``Level/warning``, as ``error(_:_:)`` does.
    public func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        write(.warning, message, fields)
    }

    /// Writes a line at ``Level/info``, as ``error(_:_:)`` does.
    public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        write(.info, message, fields)
    }

    /// Writes a line at ``Level/debug``, as ``error(_:_:)`` does; nothing is evaluated unless that is asked for.
    public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        write(.debug, message, fields)
    }

    /// Writes a line at ``Level/trace``, as ``error(_:_:)`` does; nothing is evaluated unless that is asked for.
    public func trace(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        write(.trace, message, fields)
    }

    private func write(_ level: Level, _ message: () -> String, _ fields: () -> Fields) {
        guard level <= Self.level else { return }
        let format = Format(rawValue: Self.formatInForce.load(ordering: .relaxed)) ?? .text
        let line = Self.line(level, room: room, message(), fields(), at: .now, as: format)
        StandardError.write(line: line)
    }

    /// One finished line without its line feed; control characters are escaped, secrets masked.
    static func line(
        _ level: Level, room: String, _ message: String, _ fields: Fields, at time: Timestamp, as format: Format
    ) -> String {
        let time = Timestamp(milliseconds: time.milliseconds)
        switch format {
        case .text:
            var line = "\(time) \(level.name.padding(toLength: 7, withPad: " ", startingAt: 0)) \(room): "
            line += JSONText.escaped(Secrets.masked(message), quotes: false)
            for (name, value) in fields {
                let text = Secrets.isSecret(name: name) ? Secrets.mask : Secrets.masked(value.description)
                let plain = !text.isEmpty && !text.contains { $0 == " " || $0 == "\"" || $0 == "=" }
                line += " \(name)=" + (plain ? JSONText.escaped(text, quotes: false) : "\"\(JSONText.escaped(text))\"")
            }
            return line
        case .json:
            var line = JSONWriter()
            line.object {
                $0.field("time", time.description)
                $0.field("level", level.name)
                $0.field("room", room)
                $0.field("message", Secrets.masked(message))
                for (name, value) in fields {
                    $0.name(text: name)
                    write(value, isSecret: Secrets.isSecret(name: name), to: &$0)
                }
            }
            return String(decoding: line.bytes, as: UTF8.self)
        }
    }

    private static func write(_ value: any CustomStringConvertible, isSecret: Bool, to line: inout JSONWriter) {
        switch value {
        case _ where isSecret: line.value(Secrets.mask)
        case let value as any BinaryInteger: line.value(json: Array(value.description.utf8))
        case let value as Bool: line.value(value)
        case let value as Double where value.isFinite: line.value(value)
        case let value as Float where value.isFinite: line.value(value)
        default: line.value(Secrets.masked(value.description))
        }
    }
}
