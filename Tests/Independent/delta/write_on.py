"""Goes on with a table of ours: appends, deletes, compacts, checkpoints, cleans up.

usage: write_on.py TABLE append|delete|optimize|checkpoint|evolve|vacuum
"""
import datetime
import os
import sys

import deltalake
import pyarrow as pa

table, what = sys.argv[1:3]
delta = deltalake.DeltaTable(table)
if what == "append":
    start = 1000
    rows = pa.table({
        "id": pa.array([start, start + 1, start + 2], pa.int64()),
        "user": pa.array(["new", None, "ü"]),
        "value": pa.array([1.5, None, -2.0], pa.float32()),
        "at": pa.array([1, 2_000_001, 3_999_999], pa.timestamp("us", tz="UTC")),
        "genres": pa.array([["x", None], [], None], pa.list_(pa.string())),
        "day": pa.array([datetime.date(2030, 1, 2)] * 3, pa.date32()),
        "source": pa.array(["q/r s", None, "web"]),
    }, schema=pa.schema([
        pa.field("id", pa.int64(), nullable=False), pa.field("user", pa.string()), pa.field("value", pa.float32()),
        pa.field("at", pa.timestamp("us", tz="UTC")), pa.field("genres", pa.list_(pa.string())),
        pa.field("day", pa.date32()), pa.field("source", pa.string()),
    ]))
    deltalake.write_deltalake(table, rows, mode="append", commit_properties=deltalake.CommitProperties(
        app_transactions=[deltalake.Transaction("theirs", 7)]))
elif what == "delete":
    delta.delete("id < 10")
elif what == "optimize":
    delta.optimize.compact()
elif what == "checkpoint":
    delta.create_checkpoint()
elif what == "evolve":
    delta.alter.add_columns([deltalake.Field("extra", deltalake.schema.PrimitiveType("double"))])
elif what == "vacuum":
    print(len(delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)))
print("ok")

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
