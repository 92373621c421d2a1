"""Delta tables as Polars writes them, and of Parquet files that DuckDB wrote.

usage: writers.py FOLDER OURS
Makes FOLDER/NAME for each table and FOLDER/NAME.jsonl with the rows it must have, by id, as Polars or DuckDB itself has them; goes
on with the table of ours at OURS, whose rows then are in FOLDER/ours.jsonl. Prints why DuckDB cannot commit by itself, if so.
"""
import datetime
import json
import os
import sys

import deltalake
import duckdb
import polars as pl

folder, ours = sys.argv[1:3]
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, datetime.datetime):
        value = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return str(value)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(element) for element in value]
    return value


def expect(name, rows):
    with open(f"{folder}/{name}.jsonl", "w") as out:
        for row in sorted(rows, key=lambda row: row["id"]):
            out.write(json.dumps({key: plain(value) for key, value in row.items()}) + "\n")


def frame(low, high):
    ids = list(range(low, high))
    return pl.DataFrame({
        "id": ids, "name": [None if i % 5 == 0 else f"name {i} ü" for i in ids],
        "part": [["a/b c", "x=y", None][i % 3] for i in ids],
        "value": pl.Series([i / 4 for i in ids], dtype=pl.Float32), "small": pl.Series([i % 100 for i in ids], dtype=pl.Int8),
        "at": pl.Series([datetime.datetime(2026, 11, 21, 8, 0, 0, i + 1, UTC) for i in ids]).dt.cast_time_unit("us"),
        "local": pl.Series([datetime.datetime(1950, 1, 1, 0, 0, 0, i) for i in ids]).dt.cast_time_unit("us"),
        "day": [datetime.date(2026, 1, 1) + datetime.timedelta(i) for i in ids], "raw": [bytes([i % 256, 255]) for i in ids],
        "flag": [i % 2 == 0 for i in ids], "list": [None if i % 4 == 0 else [f"e{j}" for j in range(i % 3)] for i in ids],
        "place": [{"x": i, "y": None if i % 2 else f"y{i}"} for i in ids],
    })


# One commit after another: made, appended to, partly overwritten, merged into.
table = f"{folder}/polars"
frame(0, 60).write_delta(table, delta_write_options={"partition_by": ["part"]})
frame(60, 90).write_delta(table, mode="append")
frame(0, 30).filter(pl.col("part") == "x=y").with_columns(name=pl.lit("again")).write_delta(
    table, mode="overwrite", delta_write_options={"predicate": "part = 'x=y'"})
merged = frame(80, 100).with_columns(name=pl.lit("merged"))
merged.write_delta(
    table, mode="merge", delta_merge_options={"predicate": "s.id = t.id", "source_alias": "s", "target_alias": "t"}
).when_matched_update_all().when_not_matched_insert_all().execute()
expect("polars", pl.read_delta(table).to_dicts())

# Sinks stream a query that is never in memory.
lazy = f"{folder}/polars-lazy"
frame(0, 1000).lazy().filter(pl.col("id") % 3 > 0).sink_delta(lazy)
deltalake.DeltaTable(lazy).create_checkpoint()
expect("polars-lazy", pl.read_delta(lazy).to_dicts())

# Its checkpoint has the statistics in typed columns alone.
typed = f"{folder}/typed"
for low in (0, 50):
    frame(low, low + 50).write_delta(typed, mode="append", delta_write_options={"configuration": {
        "delta.checkpoint.writeStatsAsJson": "false", "delta.checkpoint.writeStatsAsStruct": "true"}})
deltalake.DeltaTable(typed).create_checkpoint()
expect("typed", pl.read_delta(typed).to_dicts())

# DuckDB commits through its extension alone, which is a download.
db = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
try:
    db.execute("load delta")
except duckdb.Error as error:
    print(f"DuckDB's delta extension is not there, so it writes files and delta-rs commits: {str(error).splitlines()[0]}")
# Its Parquet files, in folders of partitions, become a table without being written anew.
path = f"{folder}/duckdb"
db.execute(f"""
    copy (select i as id, if(i % 7 = 0, null, concat('duck ', i)) as name, (i / 8)::double as value, (i % 3)::int as part,
          timestamp '2026-11-21 08:00:00.5' + interval (i) minute as local, date '2026-01-01' + i::int as day,
          [i::int, null] as list, {{'x': i::int, 'y': 'z'}} as place
          from range(0, 5000) t(i))
    to '{path}' (format parquet, partition_by (part), compression zstd, row_group_size 2048, parquet_version v2)""")
deltalake.convert_to_deltalake(
    path, partition_by=deltalake.Schema([deltalake.Field("part", "integer")]), partition_strategy="hive")
deltalake.write_deltalake(
    path, db.execute(f"select * replace (id + 5000 as id) from read_parquet('{path}/*/*.parquet', hive_partitioning = true) "
                     "where id < 10").to_arrow_table(), mode="append")
found = duckdb.from_arrow(deltalake.DeltaTable(path).to_pyarrow_dataset()).to_arrow_table()
expect("duckdb", found.to_pylist())

rows = pl.read_delta(ours)
rows.with_columns(pl.col("id") + 100).write_delta(ours, mode="append")
expect("ours", pl.read_delta(ours).to_dicts())
sys.stdout.flush()
os._exit(0)
