/// One column of a file's schema that holds values.
struct Leaf: Sendable {
    /// Position among the leaves, which is the position of its chunk in a row group.
    var index: Int
    var path: [String]
    var type: ColumnType
    var physical: PhysicalType
    /// Bytes of a FIXED_LEN_BYTE_ARRAY.
    var typeLength: Int
    var conversion: Conversion
    /// Definition level of a value that is there.
    var maxDefinition: Int
    /// Number of repeated ancestors.
    var maxRepetition: Int

    var name: String { path.joined(separator: ".") }

    /// What must be done to stored values to make them values of the column's type.
    enum Conversion: Hashable, Sendable {
        case none
        /// UINT32 in an INT32.
        case unsigned32
        case millisToMicros
        case nanosToMicros
        /// UINT64 in an INT64, read as a decimal without digits behind the point.
        case unsigned64
        /// A time of day in milli-, micro- or nanoseconds, read as a text with so many digits of a second.
        case timeText(digits: Int)
        /// Sixteen bytes, read as a text of hexadecimal digits.
        case uuidText
        /// IEEE 754 binary16 in two bytes.
        case binary16
        /// Nanoseconds of the day and the Julian day.
        case int96ToMicros
    }
}

/// The levels of a node. Dremel's rule: an entry of a leaf's level streams belongs to a node if its repetition level
/// is at most the node's and its definition level at least ``slot``; the node is not null there if the definition
/// level is at least ``present``.
struct NodeLevels: Sendable {
    /// Repeated ancestors.
    var repetition: Int
    /// Definition level at which the nearest repeated ancestor has an element; 0 without one.
    var slot: Int
    /// Definition level at which this node is there.
    var present: Int
}

/// A file's schema as a tree, with the levels that shredding and assembly need.
indirect enum SchemaNode: Sendable {
    case leaf(Leaf, NodeLevels)
    /// `element`'s slot level is the definition level of an element that is there.
    case list(element: SchemaNode, NodeLevels)
    case map(key: SchemaNode, value: SchemaNode, NodeLevels)
    case structure(children: [SchemaNode], NodeLevels)

    var levels: NodeLevels {
        switch self {
        case .leaf(_, let levels), .list(_, let levels), .map(_, _, let levels), .structure(_, let levels): levels
        }
    }

    /// The leaf whose level streams describe the node's own shape.
    var firstLeaf: Leaf {
        switch self {
        case .leaf(let leaf, _): leaf
        case .list(let element, _): element.firstLeaf
        case .map(let key, _, _): key.firstLeaf
        case .structure(let children, _): children[0].firstLeaf
        }
    }

    var leaves: [Leaf] {
        switch self {
        case .leaf(let leaf, _): [leaf]
        case .list(let element, _): element.leaves
        case .map(let key, let value, _): key.leaves + value.leaves
        case .structure(let children, _): children.flatMap(\.leaves)
        }
    }
}

/// A top-level column of a file.
struct FileColumn: Sendable {
    var name: String
    /// Range of its leaves.
    var leaves: Range<Int>
    var content: Content

    enum Content: Sendable {
        case supported(Field, SchemaNode)
        /// Other columns of the file can be read all the same.
        case unsupported(feature: String)
    }
}
