"""Writes the same rows with pyarrow, pandas-like, DuckDB, Polars and delta-rs settings.

usage: make_files.py FOLDER
Each FILE.parquet gets a FILE.jsonl with its rows: int64 as number, binary as hex, instants as microseconds.
"""
import datetime
import decimal
import json
import math
import random
import os
import sys
import uuid

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

folder = sys.argv[1]
random.seed(7)
N = 3000
UTC = datetime.timezone.utc


def maybe(value, one_in=6):
    return None if random.randrange(one_in) == 0 else value


def columns(n):
    base = datetime.datetime(2024, 1, 1, tzinfo=UTC)
    return {
        "id": pa.array(range(n), pa.int64()),
        "flag": pa.array([maybe(i % 3 == 0) for i in range(n)], pa.bool_()),
        "small": pa.array([maybe(random.randrange(-50, 50)) for _ in range(n)], pa.int32()),
        "wide": pa.array([maybe(random.randrange(-2**62, 2**62)) for _ in range(n)], pa.int64()),
        "f": pa.array([maybe(random.randrange(-1000, 1000) / 8) for _ in range(n)], pa.float32()),
        "d": pa.array([maybe(random.random()) for _ in range(n)], pa.float64()),
        "name": pa.array([maybe(f"name-{random.randrange(30)}é") for _ in range(n)], pa.string()),
        "long": pa.array([f"prefix-{i // 10}-{random.random()}" for i in range(n)], pa.string()),
        "raw": pa.array([maybe(bytes([i % 256]) * (i % 5)) for i in range(n)], pa.binary()),
        "day": pa.array([maybe(datetime.date(2020, 1, 1) + datetime.timedelta(days=i)) for i in range(n)], pa.date32()),
        "at": pa.array([maybe(base + datetime.timedelta(microseconds=i * 1234567)) for i in range(n)],
                       pa.timestamp("us", "UTC")),
    }


def nested(n):
    return {
        "floats": pa.array([maybe([k / 2 for k in range(i % 4)]) for i in range(n)], pa.list_(pa.float32())),
        "tags": pa.array([maybe([maybe(f"t{k}", 3) for k in range(i % 3)]) for i in range(n)], pa.list_(pa.string())),
        "place": pa.array([maybe({"x": maybe(i, 3), "y": f"p{i % 7}"}) for i in range(n)],
                          pa.struct([("x", pa.int32()), ("y", pa.string())])),
        "points": pa.array([[{"a": k, "b": maybe(f"b{k}")} for k in range(i % 3)] for i in range(n)],
                           pa.list_(pa.struct([("a", pa.int32()), ("b", pa.string())]))),
        "counts": pa.array([maybe([(f"k{k}", maybe(k, 3)) for k in range(i % 3)]) for i in range(n)],
                           pa.map_(pa.string(), pa.int64())),
    }


def plain(value):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, datetime.datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (value - datetime.datetime(1970, 1, 1, tzinfo=UTC)) // datetime.timedelta(microseconds=1)
    return str(value)


def expect(name, table):
    with open(f"{folder}/{name}.jsonl", "w") as out:
        for row in table.to_pylist():
            out.write(json.dumps({k: plain(v) for k, v in row.items()}) + "\n")


flat = pa.table(columns(N))
full = pa.table({**columns(N), **nested(N)})


def arrow(name, table, **options):
    pq.write_table(table, f"{folder}/{name}.parquet", **options)
    expect(name, table)


arrow("arrow-default", full)
for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
    for page in ["1.0", "2.0"]:
        arrow(f"arrow-{codec}-{page}", full, compression=codec, data_page_version=page, row_group_size=1300,
              data_page_size=4096, write_page_index=True, write_page_checksum=True)
for page in ["1.0", "2.0"]:
    for name, encodings in {
        "delta": {"id": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED", "wide": "DELTA_BINARY_PACKED",
                  "name": "DELTA_LENGTH_BYTE_ARRAY", "long": "DELTA_BYTE_ARRAY", "raw": "DELTA_BYTE_ARRAY",
                  "f": "BYTE_STREAM_SPLIT", "d": "BYTE_STREAM_SPLIT", "flag": "RLE", "day": "DELTA_BINARY_PACKED",
                  "at": "DELTA_BINARY_PACKED"},
        "split": {"id": "BYTE_STREAM_SPLIT", "small": "BYTE_STREAM_SPLIT", "at": "BYTE_STREAM_SPLIT"},
    }.items():
        arrow(f"arrow-{name}-{page}", flat, use_dictionary=False, column_encoding=encodings, data_page_version=page)
arrow("arrow-no-dictionary", full, use_dictionary=False)
arrow("arrow-int96", pa.table({"at": flat["at"], "id": flat["id"]}), use_deprecated_int96_timestamps=True)
arrow("arrow-millis", pa.table({"at": flat["at"].cast(pa.timestamp("ms", "UTC"), safe=False)}))
nanos = pa.table({"at": flat["at"].cast(pa.timestamp("ns", "UTC"))})
pq.write_table(nanos, f"{folder}/arrow-nanos.parquet", version="2.6")
expect("arrow-nanos", pa.table({"at": flat["at"]}))
arrow("arrow-local-time", pa.table({"at": flat["at"].cast(pa.timestamp("us"))}))
arrow("arrow-narrow", pa.table({
    "i8": pa.array([1, -1, None], pa.int8()), "i16": pa.array([300, -300, None], pa.int16()),
    "u8": pa.array([255, 0, None], pa.uint8()), "u32": pa.array([2**32 - 1, 0, None], pa.uint32()),
    "fixed": pa.array([b"abcd", b"efgh", None], pa.binary(4))}))
arrow("arrow-all-null", pa.table({"s": pa.array([None] * 50, pa.string()), "i": pa.array([None] * 50, pa.int64())}))
arrow("arrow-empty", full.slice(0, 0))
D = decimal.Decimal
decimals = pa.table({
    "small": pa.array([maybe(D(i - 500) / 100) for i in range(N)], pa.decimal128(9, 2)),
    "middle": pa.array([maybe(D(i - 500) * 10**9 / 1000) for i in range(N)], pa.decimal128(18, 3)),
    "large": pa.array([maybe(D(f"{(-1)**i * 10**27 + i}.{i:010}")) for i in range(N)], pa.decimal128(38, 10)),
    "some": pa.array([maybe([D("1.5"), None, D(-i) / 100]) for i in range(N)], pa.list_(pa.decimal128(20, 2))),
})
arrow("arrow-decimal", decimals)
arrow("arrow-decimal-integers", decimals, store_decimal_as_integer=True, write_page_index=True, data_page_size=1024)
arrow("arrow-decimal-plain", decimals, use_dictionary=False, data_page_version="2.0", compression="none")
pl.from_arrow(decimals).write_parquet(f"{folder}/polars-decimal.parquet")
expect("polars-decimal", decimals)
deep = pa.array(range(3), pa.int32())
for _ in range(30):
    deep = pa.StructArray.from_arrays([deep], ["inner"])
three = pa.array(range(3), pa.int64())
pq.write_table(pa.table({
    "id": three, "wide": pa.array([D("1"), None, D("2")], pa.decimal256(50, 2)), "deep": deep,
    "within": pa.array([{"a": 1, "w": D("1")}] * 3, pa.struct([("a", pa.int32()), ("w", pa.decimal256(50, 2))])),
}), f"{folder}/refused-types.parquet", write_page_checksum=True)

# Types that have no kin in Delta: times of day and UUIDs come as texts, numbers of 64 bits without a sign as decimals.
times = [datetime.time(0, 0), datetime.time(1, 2, 3, 450000), datetime.time(23, 59, 59, 999000), None]
halves = [1.0, -2.5, 6.103515625e-05, 5.960464477539063e-08]
identifiers = [uuid.UUID(int=0), uuid.UUID("d2c639aa-8816-431a-aaf6-d3fe2512ff61"), None, uuid.UUID(int=2**128 - 1)]


def time_text(value, digits):
    return value and f"{value:%H:%M:%S.%f}"[:9 + digits] + "0" * (digits - 6)


rare = {
    "ms": pa.array(times, pa.time32("ms")), "us": pa.array(times, pa.time64("us")),
    "ns": pa.array(times, pa.time64("ns")), "unsigned": pa.array([2**63, 2**64 - 1, None, 0], pa.uint64()),
    "half": pa.array(np.array(halves, np.float16)), "nothing": pa.nulls(4),
    "id": pa.array([v and v.bytes for v in identifiers], pa.uuid()),
    "within": pa.array([[{"t": v, "u": [2**63, None]}] for v in times],
                       pa.list_(pa.struct([("t", pa.time32("ms")), ("u", pa.list_(pa.uint64()))]))),
}
rare_rows = [{
    "ms": time_text(t, 3), "us": time_text(t, 6), "ns": time_text(t, 9), "unsigned": u and str(u), "half": h,
    "nothing": None, "id": v and str(v), "within": [{"t": time_text(t, 3), "u": [str(2**63), None]}],
} for t, u, h, v in zip(times, [2**63, 2**64 - 1, None, "0"], halves, identifiers)]


def expect_rare(name, left_out=()):
    with open(f"{folder}/{name}.jsonl", "w") as out:
        for row in rare_rows:
            out.write(json.dumps({k: v for k, v in row.items() if k not in left_out}) + "\n")


for page in ["1.0", "2.0"]:
    pq.write_table(pa.table(rare), f"{folder}/arrow-rare-{page}.parquet", data_page_version=page,
                   use_dictionary=page == "1.0", write_page_checksum=True, write_page_index=True)
    expect_rare(f"arrow-rare-{page}")
polars_rare = {k: v for k, v in rare.items() if k in ("ns", "unsigned", "nothing")}
pl.from_arrow(pa.table(polars_rare)).write_parquet(f"{folder}/polars-rare.parquet")
expect_rare("polars-rare", set(rare) - set(polars_rare))
pq.write_table(pa.table({"id": three, "other": three}), f"{folder}/refused-codec.parquet", write_page_checksum=True,
               compression={"id": "snappy", "other": "brotli"})
pq.write_table(pa.table({"id": pa.array([1], pa.int64())}), f"{folder}/refused-brotli.parquet", compression="brotli")

connection = duckdb.connect()
connection.sql("set timezone = 'UTC'")
connection.sql(f"copy (select range as id, interval 1 day as span, {{'a': 1}}::variant as any from range(3)) "
               f"to '{folder}/refused-duckdb.parquet'")
connection.sql("copy (select * from (values ('00:00:00'::time, 9223372036854775808::ubigint, "
               "'00000000-0000-0000-0000-000000000000'::uuid), ('01:02:03.45', 18446744073709551615, "
               "'d2c639aa-8816-431a-aaf6-d3fe2512ff61'), ('23:59:59.999', null, null), (null, 0, "
               f"'ffffffff-ffff-ffff-ffff-ffffffffffff')) t(us, unsigned, id)) to '{folder}/duckdb-rare.parquet'")
expect_rare("duckdb-rare", set(rare) - {"us", "unsigned", "id"})
connection.register("decimals", decimals)
connection.sql(f"copy (select * from decimals) to '{folder}/duckdb-decimal.parquet'")
expect("duckdb-decimal", decimals)
for version in ["v1", "v2"]:
    for codec in ["snappy", "zstd", "uncompressed", "gzip", "lz4_raw"]:
        name = f"duckdb-{version}-{codec}"
        connection.register("source", full)
        connection.sql(f"copy (select * from source) to '{folder}/{name}.parquet' "
                       f"(format parquet, parquet_version {version}, codec '{codec}', row_group_size 2048)")
        expect(name, full)
for codec in ["zstd", "snappy", "lz4", "uncompressed", "gzip"]:
    name = f"polars-{codec}"
    pl.from_arrow(pa.table({**columns(N), **{k: v for k, v in nested(N).items() if k != "counts"}})) \
        .write_parquet(f"{folder}/{name}.parquet", compression=codec, row_group_size=1500)
    expect(name, pq.read_table(f"{folder}/{name}.parquet"))

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
