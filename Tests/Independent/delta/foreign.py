"""Tables as delta-rs makes them, with columns and partitions that ours do not have.

usage: foreign.py FOLDER
Makes FOLDER/money (decimals), FOLDER/by-NAME, partitioned by a column p of each type, with rows 0, 1 and a null, and
tables with the features of newer protocols.
"""
import datetime
import decimal
import os
import sys

import deltalake
import pyarrow as pa

folder = sys.argv[1]
D = decimal.Decimal
money = pa.table({
    "id": pa.array([1, 2, 3], pa.int64()),
    "price": pa.array([D("1.25"), None, D("-0.05")], pa.decimal128(10, 2)),
    "prices": pa.array([[D("99999999999999999999.0000000001"), None], [], None], pa.list_(pa.decimal128(38, 10))),
})
deltalake.write_deltalake(f"{folder}/money", money)
deltalake.write_deltalake(f"{folder}/money", money.slice(0, 1), mode="append")

noon = datetime.datetime(2026, 11, 21, 8)
UTC = datetime.timezone.utc
for name, type_, values in [
    ("local", pa.timestamp("us"), [noon, noon.replace(microsecond=500000)]),
    ("instant", pa.timestamp("us", "UTC"), [noon.replace(tzinfo=UTC), noon.replace(microsecond=5, tzinfo=UTC)]),
    ("decimal", pa.decimal128(10, 2), [D("1.25"), D("20.5")]),
    ("double", pa.float64(), [0.5, float("inf")]),
    ("binary", pa.binary(), [b"\x01\xff", b"ab"]),
    ("byte", pa.int8(), [1, -1]),
    ("day", pa.date32(), [datetime.date(1, 1, 1), datetime.date(2026, 1, 1)]),
]:
    rows = pa.table({"id": pa.array([0, 1, 2], pa.int64()), "p": pa.array(values + [None], type_)})
    deltalake.write_deltalake(f"{folder}/by-{name}", rows, partition_by=["p"])

# Columns that are told by names or numbers of their own, changed and checkpointed; a feed of changes; deletion vectors
# allowed.
plain = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", None, "c"],
                  "place": pa.array([{"x": 1}, None, {"x": None}], pa.struct([("x", pa.int32())])),
                  "p": ["u", "u", None]})
for name, configuration in [
    ("mapped-name", {"delta.columnMapping.mode": "name"}), ("mapped-id", {"delta.columnMapping.mode": "id"}),
    ("vectors", {"delta.enableDeletionVectors": "true"}), ("changes", {"delta.enableChangeDataFeed": "true"}),
]:
    deltalake.write_deltalake(f"{folder}/{name}", plain, partition_by=["p"], configuration=configuration)
    delta = deltalake.DeltaTable(f"{folder}/{name}")
    delta.delete("id = 2")
    delta.create_checkpoint()
sys.stdout.flush()
os._exit(0)
