#!/usr/bin/env python3
"""Events a second and CPU seconds a million events, from Kafka to committed Parquet, beside readers that do less.

    swift build -c release --product bench-ingest && python3 Benchmarks/ingest/bench.py [--events 2000000] [--rounds 3]

Needs ../shared/servers/kafka. The broker shares the machine's cores with the readers, so figures compare with each
other only. Jobs of a round run one after the other; medians are printed.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = os.path.join(ROOT, ".build", "release", "bench-ingest")
SERVERS = os.path.join(ROOT, "..", "shared", "servers")
TOPICS = ["movie-views", "movie-likes", "movie-reviews"]


def timed(command, events):
    """For programs that print no figures of their own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, check=True, shell=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"events": events, "seconds": time.monotonic() - start, "cpu": cpu}


def figures(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not os.path.exists(os.path.join(SERVERS, "kafka", "start")):
        print("ingest: skipped, there is no ../shared/servers/kafka")
        return
    with tempfile.TemporaryDirectory() as folder:
        bare = os.path.join(folder, "bare")
        subprocess.run(["cc", "-O2", "-o", bare, os.path.join(HERE, "bare.c"), "-lrdkafka"], check=True)
        data = os.path.join(folder, "kafka")
        line = subprocess.run(
            ["bash", os.path.join(SERVERS, "kafka", "start"), "--data", data],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        servers = line.split("=", 1)[1].strip()
        try:
            run(options, folder, bare, servers)
        finally:
            subprocess.run(["bash", os.path.join(SERVERS, "stop"), data, "-9"])


def run(options, folder, bare, servers):
    results = {"simulate, encode and send": [figures([OURS, "fill", servers, str(options.events)])]}
    for round in range(options.rounds):
        store = os.path.join(folder, f"store{round}")
        jobs = {
            "bare librdkafka consumer, C": lambda: figures([bare, servers, str(options.events)] + TOPICS),
            "Kafka to committed tables": lambda: figures([OURS, "ingest", servers, store]),
        }
        if shutil.which("kcat"):
            reads = " && ".join(f"kcat -b {servers} -C -t {t} -e -q > {folder}/{t}" for t in TOPICS)
            jobs["kcat to a file"] = lambda: timed(reads, options.events)
        for name, job in jobs.items():
            results.setdefault(name, []).append(job())
        shutil.rmtree(store, ignore_errors=True)
    limit = statistics.median(r["events"] / r["seconds"] for r in results["bare librdkafka consumer, C"])
    for name, runs in results.items():
        rate = statistics.median(r["events"] / r["seconds"] for r in runs)
        cpu = statistics.median(1e6 * r["cpu"] / r["events"] for r in runs)
        print(f"{name:32} {rate:12,.0f} events/s {cpu:7.2f} CPU s/M events {rate / limit:7.1%} of bare")


if __name__ == "__main__":
    sys.exit(main())
