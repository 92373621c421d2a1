"""Reads a table of films with three readers that are not ours and prints what they see as one JSON object each.

    read_movies.py FOLDER
"""
import datetime
import json
import os
import sys

import deltalake
import polars
import pyarrow.parquet

folder = sys.argv[1]


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def show(reader, rows):
    rows = [{key: plain(value) for key, value in row.items()} for row in rows]
    print(json.dumps({"reader": reader, "rows": sorted(rows, key=lambda row: row["item_id"])}))


table = deltalake.DeltaTable(folder)
show("deltalake", table.to_pyarrow_table().to_pylist())
show("polars", polars.read_delta(folder).to_dicts())
files = [folder + "/" + path for path in table.get_add_actions(flatten=True)["path"].to_pylist()]
show("pyarrow", [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()])

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
