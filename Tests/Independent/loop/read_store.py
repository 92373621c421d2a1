"""Reads the tables of a store with pyarrow, polars and deltalake, and says what each found, as JSON.

usage: read_store.py STORE
"""
import json
import os
import sys

import deltalake
import polars
import pyarrow.dataset
import pyarrow.compute

store = sys.argv[1]
found = {}
for name in ("events", "movies"):
    table = deltalake.DeltaTable(f"{store}/{name}")
    files = table.file_uris()
    arrow = pyarrow.dataset.dataset(files, partitioning="hive").to_table()
    by_polars = polars.read_delta(f"{store}/{name}")
    key = "event_id" if name == "events" else "item_id"
    found[name] = {
        "version": table.version(),
        "deltalake": table.to_pyarrow_table().num_rows,
        "pyarrow": arrow.num_rows,
        "polars": by_polars.height,
        "distinct": by_polars[key].n_unique(),
        "columns": by_polars.columns,
    }
    if name == "events":
        events = table.to_pyarrow_table()
        found[name]["kinds"] = sorted(by_polars["kind"].unique().to_list())
        found[name]["values"] = pyarrow.compute.sum(events["value"]).as_py()
        found[name]["values_by_polars"] = float(by_polars["value"].cast(polars.Float64).sum())
        found[name]["dates_agree"] = bool(
            (by_polars["at"].dt.date() == by_polars["event_date"]).all())
        found[name]["type_of_at"] = str(events.schema.field("at").type)
    else:
        found[name]["genres"] = sorted(set(by_polars["genres"].explode().drop_nulls().to_list()))
        found[name]["titles"] = by_polars["title"].sort().to_list()
print(json.dumps(found))

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
