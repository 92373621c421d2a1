"""The log of a Delta table: the time of a commit and of loading the newest version, Columnar beside delta-rs.

usage: log.py [COMMITS] [ROUNDS]     (10,000 and 5 by default)
Loads are interleaved, the best of the rounds counts; each in a process or object of its own, without its start-up.
delta-rs flushes nothing to the disk when it commits: the floor is what flushing alone costs here.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

COMMITS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
ours = os.path.join(os.path.dirname(__file__), "../../.build/release/bench-columnar")
folder = tempfile.mkdtemp()


def swift(*arguments):
    output = subprocess.run([ours, *arguments], check=True, capture_output=True, text=True).stdout
    return json.loads(output) if output.strip() else {}


def load_deltalake(path):
    wall, cpu = time.perf_counter(), time.process_time()
    files = len(DeltaTable(path).file_uris())
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "files": files}


table = f"{folder}/table"
print(f"{COMMITS} commits of one file of two rows, best of {ROUNDS} loads")
commit = swift("log", table, str(COMMITS))
print(f"commit, columnar           median {commit['median_ms']:7.2f} ms  p99 {commit['p99_ms']:7.2f} ms  "
      f"CPU {commit['cpu_ms']:.2f} ms")
floor = swift("floor", f"{folder}/floor", "1000")
print(f"  of which the disk alone  median {floor['median_ms']:7.2f} ms  p99 {floor['p99_ms']:7.2f} ms")
rows = pa.table({"id": [1, 2], "name": ["a", "b"]})
times = []
cpu = time.process_time()
for _ in range(200):
    start = time.perf_counter()
    write_deltalake(f"{folder}/theirs", rows, mode="append")
    times.append(time.perf_counter() - start)
print(f"commit, delta-rs, no flush median {statistics.median(times) * 1000:7.2f} ms  "
      f"p99 {sorted(times)[197] * 1000:7.2f} ms  CPU {(time.process_time() - cpu) * 5:.2f} ms")
for state in ["without a checkpoint", "from a checkpoint"]:
    best = {}
    for _ in range(ROUNDS):
        for name, figures in [("columnar", swift("load", table)), ("delta-rs", load_deltalake(table))]:
            assert figures["files"] == COMMITS, figures
            for figure in ["seconds", "cpu"]:
                key = (name, figure)
                best[key] = min(best.get(key, 1e9), figures[figure])
    for name in ["columnar", "delta-rs"]:
        print(f"load {state:21} {name:9} {best[name, 'seconds'] * 1000:8.1f} ms  CPU {best[name, 'cpu'] * 1000:8.1f} ms")
    swift("checkpoint", table)
shutil.rmtree(folder)
