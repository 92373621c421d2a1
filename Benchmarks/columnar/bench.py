"""Columnar beside pyarrow and DuckDB on the same events, one thread each, interleaved; the best of several.

usage: bench.py [ROWS] [ROUNDS]     (2,000,000 and 3 by default)
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
COLUMNS = ["user_id", "item_id", "value"]
ours = os.path.join(os.path.dirname(__file__), "../../.build/release/bench-columnar")
pa.set_cpu_count(1)
pa.set_io_thread_count(1)
rng = np.random.default_rng(1)
folder = tempfile.mkdtemp()


def events(n):
    at = np.sort(rng.integers(1_700_000_000_000_000, 1_700_086_400_000_000, n))
    users = rng.zipf(1.3, n) % 200_000
    items = rng.zipf(1.2, n) % 20_000
    kinds = np.array(["view", "like", "review"])[rng.integers(0, 3, n)]
    ids = [f"{a:016x}{b:016x}" for a, b in zip(rng.integers(0, 2**63, n), rng.integers(0, 2**63, n))]
    return pa.table({
        "event_id": ids, "user_id": [f"user-{u}" for u in users], "item_id": [f"movie-{i}" for i in items],
        "kind": kinds, "value": pa.array(rng.integers(0, 101, n) / 100, pa.float32()),
        "review_text": pa.array([None] * n, pa.string()), "at": pa.array(at, pa.timestamp("us", "UTC")),
        "source": ["simulator"] * n, "topic": np.array(["movie-views", "movie-likes"])[rng.integers(0, 2, n)],
        "partition": pa.array(rng.integers(0, 4, n), pa.int32()), "offset": pa.array(np.arange(n) // 4, pa.int64()),
        "ingested_at": pa.array(at + 1000, pa.timestamp("us", "UTC")),
    })


table = events(ROWS)
source = f"{folder}/source.parquet"
pq.write_table(table, source)
raw = table.nbytes / 1e6
best = {}


def note(name, figure, value):
    key = (figure, name)
    best[key] = min(best.get(key, value), value)


def timed(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def swift(*arguments):
    return json.loads(subprocess.run([ours, *arguments], check=True, capture_output=True, text=True).stdout)


def scan_duckdb(path):
    connection = duckdb.connect(config={"threads": 1})
    connection.sql(f"select {', '.join(COLUMNS)} from '{path}'").to_arrow_table()


for round_ in range(ROUNDS):
    out = f"{folder}/ours-{round_}.parquet"
    result = swift("write", source, out)
    note("columnar", "write s", result["seconds"])
    note("columnar", "size MB", result["bytes"] / 1e6)
    theirs = f"{folder}/arrow-{round_}.parquet"
    note("pyarrow", "write s", timed(lambda: pq.write_table(table, theirs, compression="zstd", compression_level=1)))
    note("pyarrow", "size MB", os.path.getsize(theirs) / 1e6)
    note("columnar", "scan own file s", swift("scan", out, ",".join(COLUMNS))["seconds"])
    note("columnar", "scan pyarrow's file s", swift("scan", theirs, ",".join(COLUMNS))["seconds"])
    for file, label in [(out, "scan own file s"), (theirs, "scan pyarrow's file s")]:
        note("pyarrow", label, timed(lambda: pq.read_table(file, columns=COLUMNS, use_threads=False)))
        note("duckdb", label, timed(lambda: scan_duckdb(file)))

print(f"{ROWS} events, {raw:.0f} MB in memory, zstd 1, one thread, best of {ROUNDS}; "
      f"scan of {', '.join(COLUMNS)} (“own file” is Columnar's)")
for (figure, name), value in sorted(best.items()):
    extra = f"  {raw / value:8.0f} MB/s  {ROWS / value / 1e6:6.2f} M rows/s" if figure == "write s" else \
        f"  {ROWS / value / 1e6:6.2f} M rows/s" if figure.startswith("scan") else ""
    print(f"{figure:34} {name:10} {value:10.3f}{extra}")
shutil.rmtree(folder)
