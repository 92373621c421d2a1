"""Columnar beside pyarrow, DuckDB and delta-rs on the same events, on one core, interleaved.

usage: bench.py [ROWS] [ROUNDS]     (10,000,000 and 3 by default)

Writes with zstd 1 and each writer's other defaults; reads three columns into arrays. Every process is bound to one core,
so that nobody has a second thread. Files lie in memory (/dev/shm) where there is room: Columnar flushes what it writes to
the disk, the others do not. README.md has the last figures.
"""
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
import sys

import deltalake
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import WriterProperties, write_deltalake

import events

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
COLUMNS = ["user_id", "item_id", "value"]
ours = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.build/release/bench-columnar")

os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
pa.set_cpu_count(1)
pa.set_io_thread_count(1)
in_memory = os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > ROWS * 300
folder = tempfile.mkdtemp(dir="/dev/shm" if in_memory else None)
figures = {}


def note(what, who, result):
    figures.setdefault(what, {}).setdefault(who, []).append(result)


def timed(body):
    wall, cpu = time.perf_counter(), time.process_time()
    body()
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def swift(*arguments):
    return json.loads(subprocess.run([ours, *arguments], check=True, capture_output=True, text=True).stdout)


def write_delta(table, path):
    write_deltalake(path, table, target_file_size=1 << 40, writer_properties=WriterProperties(
        compression="ZSTD", compression_level=1))


def scan_duckdb(path):
    connection = duckdb.connect(config={"threads": 1})
    connection.sql(f"select {', '.join(COLUMNS)} from '{path}'").to_arrow_table()


def size(path):
    return sum(os.path.getsize(os.path.join(base, name)) for base, _, names in os.walk(path) for name in names
               if name.endswith(".parquet")) if os.path.isdir(path) else os.path.getsize(path)


try:
    table = events.table(ROWS)
    raw = table.nbytes / 1e6
    source = f"{folder}/source.parquet"
    pq.write_table(table, source, compression="lz4",
                   use_dictionary=["user_id", "item_id", "kind", "source", "topic"])
    sizes = {}
    for round_ in range(ROUNDS):
        # Columnar
        out = f"{folder}/ours.parquet"
        if os.path.exists(out):
            os.remove(out)
        note("write", "columnar", swift("write", source, out))
        sizes["columnar"] = size(out)
        # pyarrow
        theirs = f"{folder}/arrow.parquet"
        note("write", "pyarrow", timed(
            lambda: pq.write_table(table, theirs, compression="zstd", compression_level=1)))
        sizes["pyarrow"] = size(theirs)
        # delta-rs
        delta = f"{folder}/delta"
        shutil.rmtree(delta, ignore_errors=True)
        note("write", "delta-rs", timed(lambda: write_delta(table, delta)))
        sizes["delta-rs"] = size(delta)
        shutil.rmtree(delta)
        for path, what in [(out, "scan of Columnar's file"), (theirs, "scan of pyarrow's file")]:
            note(what, "columnar", swift("scan", path, ",".join(COLUMNS)))
            note(what, "pyarrow", timed(lambda: pq.read_table(path, columns=COLUMNS, use_threads=False)))
            note(what, "DuckDB", timed(lambda: scan_duckdb(path)))
finally:
    shutil.rmtree(folder)

cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
print(f"{ROWS} events, {raw:.0f} MB as Arrow arrays, zstd 1, one core, median of {ROUNDS} rounds; "
      f"scan of {', '.join(COLUMNS)}; files {'in memory' if in_memory else 'on the disk'}")
print(f"{cpu}, {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f}, "
      f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'unset')} (not used here); pyarrow {pa.__version__}, "
      f"duckdb {duckdb.__version__}, deltalake {deltalake.__version__}")
print("× is the processor time of the others over Columnar's: above 1, Columnar is faster")
for what, systems in figures.items():
    base = statistics.median(r["cpu"] for r in systems["columnar"])
    for who, results in systems.items():
        wall = statistics.median(r["seconds"] for r in results)
        processor = statistics.median(r["cpu"] for r in results)
        print(f"{what:24} {who:9} {wall:7.2f} s  CPU {processor:6.2f} s  {ROWS / processor / 1e6:6.2f} M rows/s  "
              f"{raw / processor:6.0f} MB/s  × {processor / base:5.2f}")
for who, number in sizes.items():
    print(f"{'size':24} {who:9} {number / 1e6:8.1f} MB  {number / sizes['pyarrow']:.3f} of pyarrow's")
