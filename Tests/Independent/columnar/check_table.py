"""Reads a table written by Columnar with other engines and prints what they see, as JSON.

usage: check_table.py TABLE
"""
import json
import os
import sys

import polars as pl
from deltalake import DeltaTable

path = sys.argv[1]
table = DeltaTable(path)
arrow = table.to_pyarrow_table()
frame = pl.read_delta(path)
print(json.dumps({
    "version": table.version(),
    "rows": arrow.num_rows,
    "id_sum": sum(arrow["id"].to_pylist()),
    "polars_rows": frame.height,
    "polars_id_sum": int(frame["id"].sum()),
    "sources": sorted({str(v) for v in arrow["source"].to_pylist()}),
    "polars_sources": sorted({str(v) for v in frame["source"].to_list()}),
    "filtered": pl.scan_delta(path).filter(pl.col("id") >= 105).collect().height,
    "transaction": table.transaction_version("k"),
    "old_rows": DeltaTable(path, version=1).to_pyarrow_table().num_rows,
    "history": len(table.history()),
}))

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
