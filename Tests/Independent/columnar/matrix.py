"""The matrix types × nulls × encodings × codecs × page versions, both ways.

usage: matrix.py write FOLDER [ROWS]   reference.parquet and, of the same rows, FILE.parquet for each encoding, codec and page
                                version of pyarrow, and what DuckDB and Polars write
       matrix.py check FOLDER   compares ours-*.parquet with reference.parquet, value by value, as pyarrow (checksums on),
                                DuckDB and Polars read them; prints how many comparisons of columns it made
"""
import datetime
import glob
import os
import random
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

N = int(sys.argv[3]) if len(sys.argv) > 3 else 300
UTC = datetime.timezone.utc
random.seed(3)
INTEGERS = {"int32", "int64", "date", "at"}
FLOATS = {"float", "double"}
BYTES = {"string", "binary"}


def nulls(kind, i):
    return {"none": False, "some": random.random() < 0.3, "all": True, "runs": i // 40 % 2 == 1,
            "ends": i == 0 or i == N - 1}[kind]


def value(name, i):
    return {
        "bool": lambda: i % 3 == 0,
        "int32": lambda: random.choice([i, -i, 2**31 - 1, -2**31]),
        "int64": lambda: random.choice([i * 1000, -i, 2**63 - 1, -2**63]),
        "float": lambda: random.choice([i / 8, -0.0, float("inf"), -1.5]),
        "double": lambda: random.choice([i / 3, 0.0, float("-inf"), 1e300]),
        "string": lambda: random.choice(["", "é", f"text-{i % 20}", "x" * (i % 70), f"unique {i}"]),
        "binary": lambda: bytes([i % 256]) * (i % 6),
        "date": lambda: datetime.date(1960, 1, 1) + datetime.timedelta(days=i * 100),
        "at": lambda: datetime.datetime(1965, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=i * 10**12 + i),
        "ints": lambda: [k if k % 3 else None for k in range(i % 5)],
        "strings": lambda: [f"e{k}" for k in range(i % 4)],
        "struct": lambda: {"x": i if i % 4 else None, "y": f"s{i % 9}"},
    }[name]()


TYPES = {
    "bool": pa.bool_(), "int32": pa.int32(), "int64": pa.int64(), "float": pa.float32(), "double": pa.float64(),
    "string": pa.string(), "binary": pa.binary(), "date": pa.date32(), "at": pa.timestamp("us", "UTC"),
    "ints": pa.list_(pa.int32()), "strings": pa.list_(pa.string()),
    "struct": pa.struct([("x", pa.int32()), ("y", pa.string())]),
}


def table():
    columns = {}
    for name, type_ in TYPES.items():
        for kind in ["none", "some", "all", "runs", "ends"]:
            columns[f"{name}_{kind}"] = pa.array([None if nulls(kind, i) else value(name, i) for i in range(N)], type_)
    return pa.table(columns)


def encodings(kind, names):
    """By leaf path, for those that have such an encoding."""
    chosen = {}
    for name in names:
        base = name.split("_")[0]
        leaf = {"ints": "int32", "strings": "string"}.get(base, base)
        path = f"{name}.list.element" if base in ("ints", "strings") else name
        if base == "struct":
            continue
        if kind == "delta":
            if leaf in INTEGERS:
                chosen[path] = "DELTA_BINARY_PACKED"
            elif leaf in BYTES:
                chosen[path] = "DELTA_BYTE_ARRAY"
            elif leaf == "bool":
                chosen[path] = "RLE"
        elif kind == "lengths" and leaf in BYTES:
            chosen[path] = "DELTA_LENGTH_BYTE_ARRAY"
        elif kind == "split" and leaf in INTEGERS | FLOATS:
            chosen[path] = "BYTE_STREAM_SPLIT"
    return chosen


def same(a, b):
    return a == b or (isinstance(a, float) and isinstance(b, float) and abs(a - b) <= 1e-6 * abs(b))


folder = sys.argv[2]
if sys.argv[1] == "write":
    reference = table()
    pq.write_table(reference, f"{folder}/reference.parquet", compression="none", use_dictionary=False)
    for kind in ["plain", "dictionary", "delta", "lengths", "split"]:
        for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
            for page in ["1.0", "2.0"]:
                options = {"use_dictionary": True} if kind == "dictionary" else \
                    {"use_dictionary": False, "column_encoding": encodings(kind, reference.column_names)}
                pq.write_table(reference, f"{folder}/arrow-{kind}-{codec}-{page}.parquet", compression=codec,
                               data_page_version=page, row_group_size=170, data_page_size=512,
                               write_page_checksum=N == 300, write_page_index=True, **options)
    connection = duckdb.connect()
    connection.sql("set timezone = 'UTC'")
    connection.register("source", reference)
    for version in ["v1", "v2"]:
        for codec in ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"]:
            connection.sql(f"copy (select * from source) to '{folder}/duckdb-{codec}-{version}.parquet' "
                           f"(format parquet, parquet_version {version}, codec '{codec}')")
    for codec in ["uncompressed", "snappy", "gzip", "zstd", "lz4"]:
        pl.from_arrow(reference).write_parquet(f"{folder}/polars-{codec}.parquet", compression=codec, row_group_size=200)
else:
    expected = pq.read_table(f"{folder}/reference.parquet").to_pydict()
    count = 0
    connection = duckdb.connect()
    connection.sql("set timezone = 'UTC'")
    for path in sorted(glob.glob(f"{folder}/ours-*.parquet")):
        readers = {
            "pyarrow": pq.ParquetFile(path, page_checksum_verification=True).read(),
            "DuckDB": connection.sql(f"select * from '{path}'").to_arrow_table(),
            "Polars": pl.read_parquet(path).to_arrow(),
        }
        for reader, read in readers.items():
            for name, values in read.to_pydict().items():
                if len(values) != N or not all(same(a, b) for a, b in zip(values, expected[name])):
                    wrong = [(i, a, b) for i, (a, b) in enumerate(zip(values, expected[name])) if not same(a, b)]
                    sys.exit(f"{reader}: {os.path.basename(path)}: {name}: {len(values)} rows, differs {wrong[:3]}")
                count += 1
    print(count)

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
