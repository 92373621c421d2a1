#!/usr/bin/env python3
"""How many bytes a scan of 3 columns fetches of a table of 10 GB in an object store.

    .venv/bin/python Benchmarks/object-store/bench.py [--gigabytes 10] [--rounds 3]

A table of 3 narrow columns and 8 of random text is written by deltalake, and put into moto (Tests/Independent/s3/server.py, which
writes down each answer's bytes). `marquee store cat --columns` and deltalake then read the 3 columns, in turns. Prints requests, bytes
and seconds of both. Needs .venv (make venv), a built `marquee` and as much disk, twice.
"""

import argparse
import base64
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MARQUEE = os.environ.get("MARQUEE", os.path.join(ROOT, ".build", "release", "marquee"))
NARROW = ["user", "item", "value"]
PEER = """
import sys
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1], storage_options={"AWS_ALLOW_HTTP": "true"}).to_pyarrow_table(columns=sys.argv[2].split(","))
print(table.num_rows)
"""


def write(folder, gigabytes):
    """Commits of about a quarter of a gigabyte; returns rows and the files' sizes."""
    import numpy as np
    import pyarrow as pa
    from deltalake import write_deltalake

    random = np.random.default_rng(7)
    rows, width = 32_768, 1024
    appends = max(1, round(gigabytes * 4))
    for _ in range(appends):
        columns = {name: random.integers(0, 1 << 40, rows) for name in NARROW}
        for number in range(8):
            text = base64.b64encode(random.bytes(rows * width * 3 // 4))
            offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
            columns[f"text{number}"] = pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(text))
        write_deltalake(folder, pa.table(columns), mode="append")
    sizes = [os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.endswith(".parquet")]
    return rows * appends, sizes


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(folder, options)


def run(folder, options):
    import boto3

    sys.path.insert(0, os.path.join(ROOT, "Tests", "Independent", "s3"))
    local = os.path.join(folder, "table")
    rows, sizes = write(local, options.gigabytes)
    size = sum(sizes)
    log = os.path.join(folder, "log")
    server = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, "Tests", "Independent", "s3", "server.py"), "films", "--log", log],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": folder})
    try:
        url = server.stdout.readline().split()[-1]
        environment = os.environ | {
            "AWS_ENDPOINT_URL_S3": url, "AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-3",
            "AWS_ACCESS_KEY_ID": "test-key-id", "AWS_SECRET_ACCESS_KEY": "test-secret/with+odd=characters",
            "AWS_SESSION_TOKEN": "test-session-token"}
        client = boto3.client(
            "s3", endpoint_url=url, region_name="eu-west-3", aws_access_key_id="test-key-id",
            aws_secret_access_key="test-secret/with+odd=characters", aws_session_token="test-session-token")
        for parent, _, names in os.walk(local):
            for name in names:
                path = os.path.join(parent, name)
                with open(path, "rb") as file:
                    client.put_object(Bucket="films", Key=os.path.relpath(path, folder), Body=file.read())
                os.remove(path)
        print(f"table: {rows:,} rows, {size / 1e9:.2f} GB in {len(sizes)} files", flush=True)
        programs = {
            "marquee": [MARQUEE, "store", "cat", "s3://films/table", "--columns", ",".join(NARROW), "--format", "csv"],
            "deltalake": [sys.executable, "-c", PEER, "s3://films/table", ",".join(NARROW)],
        }
        took, seen = {name: [] for name in programs}, {}
        for number in range(options.rounds):
            for name, words in programs.items():
                start = os.path.getsize(log)
                cache = os.path.join(folder, f"cache-{name}-{number}")
                begun = time.monotonic()
                out = subprocess.run(
                    words, env=environment | {"XDG_CACHE_HOME": cache}, capture_output=True, text=True, check=True).stdout
                took[name].append(time.monotonic() - begun)
                found = out.count("\n") - 1 if name == "marquee" else int(out)
                assert found == rows, (name, found, rows)
                with open(log) as file:
                    file.seek(start)
                    lines = [line.split() for line in file if line.startswith("GET")]
                data = [line for line in lines if ".parquet" in line[1] and "_delta_log" not in line[1]]
                seen[name] = (len(data), sum(int(line[3]) for line in data))
        narrow = rows * 8 * len(NARROW)
        print(f"3 of 11 columns, {narrow / 1e6:.1f} MB plain; medians of {options.rounds} rounds, new cache each")
        for name, (requests, fetched) in seen.items():
            print(f"{name:10} {requests:5} requests  {fetched / 1e6:8.1f} MB  {fetched / size:7.4f} of the table  "
                  f"{statistics.median(took[name]):6.2f} s")
    finally:
        server.kill()


if __name__ == "__main__":
    main()
