"""A table whose state is one checkpoint of version 2: loading it, Columnar beside delta-rs; and scans with deletion vectors.

usage: snapshot.py [FILES] [ROUNDS]     (100,000 and 7 by default)
The checkpoint has the actions in two sidecars; each file has statistics of five columns and a deletion vector of its own. Loads
take turns, in one process of each that is there before; a round is the best of three loads, the median of the rounds counts, as
processor time, which a busy machine does not distort. `to the files` also asks delta-rs for the names of the files, which it works
out at that moment only, as Columnar has them at once.
"""
import glob
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq

FILES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 7
ours = os.environ.get("BENCH_COLUMNAR", os.path.join(os.path.dirname(__file__), "../../.build/release/bench-columnar"))
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

VECTOR = pa.struct([("storageType", pa.string()), ("pathOrInlineDv", pa.string()), ("offset", pa.int32()),
                    ("sizeInBytes", pa.int32()), ("cardinality", pa.int64()), ("maxRowIndex", pa.int64())])
TEXTS = pa.map_(pa.string(), pa.string())
ADD = pa.struct([("path", pa.string()), ("partitionValues", TEXTS), ("size", pa.int64()),
                 ("modificationTime", pa.int64()), ("dataChange", pa.bool_()), ("tags", TEXTS),
                 ("deletionVector", VECTOR), ("baseRowId", pa.int64()), ("defaultRowCommitVersion", pa.int64()),
                 ("clusteringProvider", pa.string()), ("stats", pa.string())])
SCHEMA = {"type": "struct", "fields": [
    {"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in
    [("event_id", "string"), ("user_id", "string"), ("value", "float"), ("at", "timestamp"), ("offset", "long"),
     ("day", "date")]]}
PROTOCOL = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors", "v2Checkpoint"],
            "writerFeatures": ["deletionVectors", "v2Checkpoint"]}
METADATA = {"id": "d2c639aa-8816-431a-aaf6-d3fe2512ff61", "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps(SCHEMA), "partitionColumns": ["day"], "createdTime": 1_790_000_000_000,
            "configuration": {"delta.enableDeletionVectors": "true", "delta.checkpointPolicy": "v2"}}


def z85(data):
    text = ""
    for start in range(0, len(data), 4):
        word = int.from_bytes(data[start:start + 4], "big")
        group = ""
        for _ in range(5):
            group = Z85[word % 85] + group
            word //= 85
        text += group
    return text


def add(number):
    """What Spark with deletion vectors writes of one file."""
    low, day = number * 1000, f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
    stats = {"numRecords": 1000,
             "minValues": {"event_id": f"{number:08x}-0000", "user_id": "u1", "value": -1.0,
                           "at": f"{day}T00:00:00.123Z", "offset": low},
             "maxValues": {"event_id": f"{number:08x}-ffff", "user_id": "u99", "value": 5.0,
                           "at": f"{day}T23:59:59.456Z", "offset": low + 999},
             "nullCount": {"event_id": 0, "user_id": 0, "value": 0, "at": 0, "offset": 0}, "tightBounds": False}
    name = uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % (1 << 128))
    return {"path": f"day={day}/part-{number % 200:05}-{name}.c000.snappy.parquet", "partitionValues": [("day", day)],
            "size": 40_000 + number % 977, "modificationTime": 1_790_000_000_000 + number, "dataChange": False, "tags": None,
            "deletionVector": {"storageType": "u", "pathOrInlineDv": z85(name.bytes), "offset": 1, "sizeInBytes": 36,
                               "cardinality": 1 + number % 7, "maxRowIndex": None},
            "baseRowId": None, "defaultRowCommitVersion": None, "clusteringProvider": None,
            "stats": json.dumps(stats, separators=(",", ":"))}


def table_of_a_checkpoint(folder):
    log = f"{folder}/_delta_log"
    os.makedirs(f"{log}/_sidecars")
    lines = [json.dumps({"checkpointMetadata": {"version": 0}}), json.dumps({"protocol": PROTOCOL}),
             json.dumps({"metaData": METADATA})]
    for part in range(2):
        rows = pa.array([add(number) for number in range(part, FILES, 2)], ADD)
        name = f"{uuid.uuid4()}.parquet"
        pq.write_table(pa.table({"add": rows}), f"{log}/_sidecars/{name}", compression="snappy")
        lines.append(json.dumps({"sidecar": {
            "path": name, "sizeInBytes": os.path.getsize(f"{log}/_sidecars/{name}"), "modificationTime": 0}}))
    with open(f"{log}/{0:020}.json", "w") as commit:
        commit.write("\n".join(lines[1:3]))
    checkpoint = f"{log}/{0:020}.checkpoint.{uuid.uuid4()}.json"
    with open(checkpoint, "w") as file:
        file.write("\n".join(lines))
    with open(f"{log}/_last_checkpoint", "w") as file:
        json.dump({"version": 0, "size": FILES + 3, "v2Checkpoint": {"path": os.path.basename(checkpoint)}}, file)


def swift(*arguments):
    output = subprocess.run([ours, *arguments], check=True, capture_output=True, text=True).stdout
    return json.loads(output) if output.strip() else {}


def best_of_three(body):
    best = {"seconds": 1e9, "cpu": 1e9}
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        best["files"] = body()
        best["seconds"] = min(best["seconds"], time.perf_counter() - wall)
        best["cpu"] = min(best["cpu"], time.process_time() - cpu)
    return best


def processor():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())


def snapshots(folder):
    table_of_a_checkpoint(folder)
    size = sum(os.path.getsize(name) for name in glob.glob(f"{folder}/_delta_log/**", recursive=True))
    print(f"snapshot of {FILES:,} files with deletion vectors, checkpoint of version 2, {size / 1e6:.1f} MB of log")
    jobs = {
        "columnar": lambda: swift("load", folder),
        "delta-rs, opened": lambda: best_of_three(lambda: deltalake.DeltaTable(folder) and FILES),
        "delta-rs, to the files": lambda: best_of_three(lambda: len(deltalake.DeltaTable(folder).file_uris())),
    }
    figures = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            result = job()
            assert result["files"] == FILES, (name, result)
            figures[name].append(result)
    mine = statistics.median(result["cpu"] for result in figures["columnar"])
    clock = statistics.median(result["seconds"] for result in figures["columnar"])
    for name, results in figures.items():
        cpu = statistics.median(result["cpu"] for result in results)
        wall = statistics.median(result["seconds"] for result in results)
        print(f"  {name:24} CPU {cpu * 1000:8.1f} ms ({cpu / mine:5.2f} x)   clock {wall * 1000:8.1f} ms "
              f"({wall / clock:5.2f} x)")


def scans(folder):
    print("scan of three columns, rows deleted by vectors; processor time beside the same table without")
    shares = {"none": 0, "one of 1000": 1000, "one of 100": 100, "one of 10": 10, "every other": 2}
    for name, every in shares.items():
        swift("vectors", f"{folder}/{every}", str(3 << 20), str(every))
    figures = {name: [] for name in shares}
    for _ in range(ROUNDS):
        for name, every in shares.items():
            figures[name].append(swift("scan-table", f"{folder}/{every}", "id,name,value")["cpu"])
    base = statistics.median(figures["none"])
    for name, times in figures.items():
        print(f"  {name:24} CPU {statistics.median(times) * 1000:8.1f} ms ({statistics.median(times) / base:4.2f} x)")


folder = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
try:
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, deltalake {deltalake.__version__}, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set (no BLAS is used)')}, median of {ROUNDS}")
    snapshots(f"{folder}/snapshot")
    scans(f"{folder}/scan")
finally:
    shutil.rmtree(folder)
