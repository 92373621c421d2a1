"""Reads a file of `SampleRows` with pyarrow (checksums on), DuckDB and Polars and prints JSON lines of its rows.

usage: check_parquet.py FILE
"""
import json
import math
import os
import sys

import duckdb
import polars as pl
import pyarrow.parquet as pq

path = sys.argv[1]


def plain(value):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if hasattr(value, "timestamp") and hasattr(value, "hour"):
        return round(value.timestamp() * 1e6)
    return str(value)


file = pq.ParquetFile(path, page_checksum_verification=True)
table = file.read()
rows = table.to_pylist()
frame = pl.read_parquet(path)
duck = duckdb.sql(f"""select count(*), sum(id), sum(f) filter (not isnan(f)), count(name), sum(length("unique")),
                      min("at")::varchar, sum(len(scores)), count(place.x) from '{path}'""").fetchall()[0]
expected = [
    len(rows), sum(r["id"] for r in rows), sum(r["f"] for r in rows if r["f"] is not None and not math.isnan(r["f"])),
    sum(r["name"] is not None for r in rows), sum(len(r["unique"]) for r in rows), None,
    sum(len(r["scores"] or []) for r in rows), sum((r["place"] or {}).get("x") is not None for r in rows)]
for i, (a, b) in enumerate(zip(duck, expected)):
    if b is not None and not math.isclose(a, b, rel_tol=1e-6):
        sys.exit(f"DuckDB differs in figure {i}: {a} for {b}")
if frame.height != len(rows) or frame["id"].sum() != sum(r["id"] for r in rows) \
        or frame["name"].null_count() != sum(r["name"] is None for r in rows):
    sys.exit("Polars differs")
if frame["scores"].to_list() != [r["scores"] for r in rows] or frame["tags"].to_list() != [r["tags"] for r in rows]:
    sys.exit("Polars differs in lists")
for group in range(file.metadata.num_row_groups):
    chunk = file.metadata.row_group(group).column(0)
    if not chunk.statistics.has_min_max or not chunk.has_offset_index or not chunk.has_column_index:
        sys.exit("statistics or page index missing")
for row in rows:
    print(json.dumps({k: plain(v) for k, v in row.items()}, ensure_ascii=False))

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
