"""Recomputes the lists of recommend-all from the model's factors. usage: read_lists.py MODEL_DIRECTORY FILE FOLDER N"""

import json
import os
import pathlib
import sys

import duckdb
import numpy as np
import pyarrow.parquet as pq
from safetensors.numpy import load_file

folder = pathlib.Path(sys.argv[1])
n = int(sys.argv[4])
factors = load_file(folder / "factors.safetensors")
ids = load_file(folder / "ids.safetensors")
history = load_file(folder / "history.safetensors")


def identifiers(name):
    data, starts = ids[f"{name}_bytes"], ids[f"{name}_starts"]
    return [bytes(data[a:b]).decode() for a, b in zip(starts[:-1], starts[1:])]


users, items = identifiers("user"), identifiers("item")
table = pq.read_table(sys.argv[2])
assert table.schema.names == ["user_id", "rank", "item_id", "score"], table.schema
assert [str(t) for t in table.schema.types] == ["string", "int32", "string", "float"]
rows = table.to_pylist()
place = 0
for u, user in enumerate(users):
    scores = factors["item_factors"] @ factors["user_factors"][u]
    seen = history["items"][history["user_starts"][u] : history["user_starts"][u + 1]]
    scores[seen] = -np.inf
    best = np.lexsort((np.arange(len(items)), -scores))[:n]
    best = [i for i in best if scores[i] > -np.inf]
    for rank, item in enumerate(best, start=1):
        row = rows[place]
        assert row["user_id"] == user and row["rank"] == rank, (row, user, rank)
        # Sums in another order can swap items whose scores are all but equal.
        assert row["item_id"] == items[item] or abs(row["score"] - scores[item]) < 1e-5, (row, items[item])
        assert abs(row["score"] - scores[item]) < 1e-4
        place += 1
assert place == len(rows)
query = f"select count(*), count(distinct user_id), min(rank) from '{sys.argv[3]}/*.parquet'"
[(count, distinct, first)] = duckdb.sql(query).fetchall()
assert distinct == len(users) and first == 1
print(json.dumps({"rows": len(rows), "all_rows": count}))

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
