"""Bloom filters of others, and ours in the eyes of DuckDB.

usage: bloom.py write FOLDER               files with filters on id, name and day by pyarrow and DuckDB
       bloom.py probe FILE COLUMN VALUE…   one line a value: how many row groups DuckDB's probe leaves of how many
"""
import datetime
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

N = 5000
if sys.argv[1] == "write":
    folder = sys.argv[2]
    table = pa.table({
        "id": pa.array([i * 7 for i in range(N)], pa.int64()),
        "small": pa.array([i % 500 for i in range(N)], pa.int32()),
        "name": pa.array([f"name-{i % 900}é" for i in range(N)], pa.string()),
        "day": pa.array([datetime.date(2020, 1, 1) + datetime.timedelta(days=i % 700) for i in range(N)], pa.date32()),
    })
    options = {c: {"ndv": N, "fpp": 0.01} for c in table.column_names}
    pq.write_table(table, f"{folder}/arrow.parquet", row_group_size=1000, bloom_filter_options=options)
    connection = duckdb.connect()
    connection.register("source", table)
    # DuckDB gives filters to columns with dictionaries.
    connection.sql(f"copy (select * from source) to '{folder}/duckdb.parquet' (format parquet, row_group_size 2048, "
                   "dictionary_size_limit 4096)")
else:
    _, _, path, column, *values = sys.argv
    for value in values:
        probe = value if value.lstrip("-").isdigit() else f"'{value}'"
        answers = duckdb.sql(
            f"select bloom_filter_excludes from parquet_bloom_probe('{path}', '{column}', {probe})").fetchall()
        print(sum(not excluded for (excluded,) in answers), len(answers))
sys.stdout.flush()
os._exit(0)
