import Domain

extension ParquetFile {
    /// Pages of some chunks, as far as they can be looked at without decoding values.
    struct PageAudit {
        var pages = 0
        var checksums = 0
        var unpacked = 0
        var problems: [String] = []
    }

    /// Counts the pages of a column in one row group.
    /// - Parameter deep: whether checksums are checked and bodies decompressed, where the codec is known. Not needed
    ///   where the values are read, which does both.
    func auditPages(of column: FileColumn, rowGroup: Int, deep: Bool) -> PageAudit {
        var audit = PageAudit()
        for chunk in metadata.rowGroups[rowGroup].columns[column.leaves] {
            // Of what is encrypted or elsewhere there is nothing to see.
            if chunk.valueCount == 0 || chunk.isEncrypted || chunk.filePath != nil { continue }
            do {
                try naming(path) { try visitPages(of: chunk, deep: deep, &audit) }
            } catch ColumnarError.unsupported {
                // The rest of the chunk cannot be looked at.
            } catch let error as any Fault {
                audit.problems.append(error.message)
            } catch {
                audit.problems.append("\(error)")
            }
        }
        return audit
    }

    private func visitPages(of chunk: ColumnChunkMetadata, deep: Bool, _ audit: inout PageAudit) throws {
        let bytes = try object.read(range(of: chunk))
        let compression = deep ? try? Compression(codec: chunk.codec) : nil
        let budget = MemoryBudget(limits, fileSize: object.size)
        try bytes.withUnsafeBytes { bytes in
            var reader = PageReader(
                bytes, compression: compression ?? .none, codec: BlockCodec(), checksums: deep, budget: budget)
            var values: Int64 = 0
            while values < chunk.valueCount {
                guard !reader.isAtEnd else {
                    throw DecodingFault.malformed("its pages hold \(values) of \(chunk.valueCount) values")
                }
                let page = try reader.nextStored()
                audit.pages += 1
                if page.header.crc != nil { audit.checksums += 1 }
                if page.header.type == .data || page.header.type == .dataV2 { values += Int64(page.header.valueCount) }
                if compression != nil {
                    budget.release(try reader.unpack(page).body.count)
                    audit.unpacked += 1
                }
            }
            guard values == chunk.valueCount else {
                throw DecodingFault.malformed("its pages hold \(values) values instead of \(chunk.valueCount)")
            }
        }
    }
}
