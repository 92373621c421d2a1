"""Prints the column `name` of a Parquet file as three readers find it: each value's bytes in hexadecimal, or null."""

import os
import sys

import duckdb
import polars
import pyarrow.parquet

path = sys.argv[1]
found = {
    "pyarrow": pyarrow.parquet.read_table(path)["name"].to_pylist(),
    "duckdb": [row[0] for row in duckdb.sql(f"select name from '{path}'").fetchall()],
    "polars": polars.read_parquet(path)["name"].to_list(),
}
for reader, names in found.items():
    print(reader)
    for name in names:
        print("null" if name is None else " ".join(f"{byte:x}" for byte in name.encode()))

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
