public import Catalog
public import HTTPServer

extension FilterError: RequestFault {
    /// A filter that cannot be understood is an ordinary bad request.
    public var status: Int? { nil }
}
