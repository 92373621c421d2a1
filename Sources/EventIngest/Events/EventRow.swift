/// One decoded message, on its way into the columns.
package struct EventRow {
    var fields: EventFields
    var offset: Int64
    /// Among the messages that were handed over together.
    var position: Int

    package init(fields: EventFields, offset: Int64, position: Int) {
        self.fields = fields
        self.offset = offset
        self.position = position
    }
}
