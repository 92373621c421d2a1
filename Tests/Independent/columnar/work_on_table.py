"""Works on a table of ours with delta-rs: appends, deletes, compacts, checkpoints; prints what it then holds.

usage: work_on_table.py TABLE
"""
import datetime
import json
import os
import sys

import pyarrow as pa
from deltalake import DeltaTable, Transaction, CommitProperties, write_deltalake

path = sys.argv[1]
utc = datetime.timezone.utc
rows = pa.table({
    "id": pa.array(range(1000, 1040), pa.int64()),
    "source": pa.array(["rs"] * 20 + [None] * 20, pa.string()),
    "value": pa.array([i / 2 for i in range(40)], pa.float32()),
    "at": pa.array([datetime.datetime(2025, 1, 1, tzinfo=utc)] * 40, pa.timestamp("us", "UTC")),
    "day": pa.array([datetime.date(2024, 10, 4 + i % 3) for i in range(40)], pa.date32()),
}, schema=pa.schema([
    pa.field("id", pa.int64(), nullable=False), ("source", pa.string()), ("value", pa.float32()),
    ("at", pa.timestamp("us", "UTC")), ("day", pa.date32())]))
write_deltalake(path, rows, mode="append",
                commit_properties=CommitProperties(app_transactions=[Transaction("rs", 7)]))
DeltaTable(path).delete("id < 15 or id = 1000")
DeltaTable(path).optimize.compact()
table = DeltaTable(path)
table.create_checkpoint()
print(json.dumps({"version": table.version(), "ids": sorted(table.to_pyarrow_table()["id"].to_pylist())}))

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
