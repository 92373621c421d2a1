/// Places in a partition that are not plain offsets.
public enum LogicalOffset {
    public static let beginning: Int64 = -2
    public static let end: Int64 = -1
}
