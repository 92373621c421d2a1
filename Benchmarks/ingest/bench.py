#!/usr/bin/env python3
"""Events a second and CPU seconds a million events: Kafka to committed Parquet, beside readers that do less or the same.

    swift build -c release --static-swift-stdlib --product bench-ingest
    python3 Benchmarks/ingest/bench.py [--events N] [--rounds N]

On an Apache Kafka of ../shared/servers and on librdkafka's mock cluster. Every job of a round runs once, one after the
other, in a process of its own; medians of the rounds are printed. README.md says what each job does.
"""

import argparse
import contextlib
import ctypes.util
import importlib.util
import itertools
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from servers import is_there, kafka

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = os.environ.get("BENCH_INGEST", os.path.join(ROOT, ".build", "release", "bench-ingest"))
TOPICS = ["movie-views", "movie-likes", "movie-reviews"]
BARE, INGEST, COLUMNS = "bare librdkafka consumer, C", "ingest: to committed tables", "ingest: to columns, dropped"
# Ours link it (docs/decisions/c-libraries.md), so the limit is measured with it as well.
JEMALLOC, BARE_JEMALLOC = ctypes.util.find_library("jemalloc"), "the same with jemalloc preloaded"
# The mock cluster keeps 5 MiB a partition.
MOCK_EVENTS = 1_000_000
# What every consumer here is told, ours by its own defaults.
FETCHING = {
    "fetch.message.max.bytes": 1048576, "fetch.wait.max.ms": 100, "queued.max.messages.kbytes": 32768,
    "queued.min.messages": 1000000}
PRODUCER = "bare librdkafka producer, C"
PYTHON, KCAT = "confluent-kafka + deltalake", "kcat to a file"


def figures(command):
    """Of programs that print their own."""
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def timed(command, events):
    """For programs that print none."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, check=True, shell=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"events": events, "seconds": time.monotonic() - start, "cpu": cpu}


@contextlib.contextmanager
def mock(events):
    broker = subprocess.Popen([OURS, "mock", str(events)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield broker.stdout.readline().split("=", 1)[1].strip()
    finally:
        broker.stdin.close()
        broker.wait()


def readers(servers, events, folder, bare, python):
    """Names of jobs and what runs them."""
    stores = itertools.count()

    def fresh(job):
        """In a folder of its own. Nothing is removed before the end: ext4 makes files slowly where some were just deleted."""
        return job(os.path.join(folder, f"store-{next(stores)}"))

    jobs = {
        BARE: lambda: figures([bare, servers, str(events)] + TOPICS),
        BARE_JEMALLOC: lambda: figures(["env", f"LD_PRELOAD={JEMALLOC}", bare, servers, str(events)] + TOPICS),
        COLUMNS: lambda: figures([OURS, "columns", servers]),
        INGEST: lambda: fresh(lambda store: figures([OURS, "ingest", servers, store])),
    }
    if not JEMALLOC:
        del jobs[BARE_JEMALLOC]
    if shutil.which("kcat"):
        told = " ".join(f"-X {name}={value}" for name, value in FETCHING.items())
        reads = " && ".join(f"kcat -b {servers} {told} -C -t {t} -e -q > {folder}/{t}" for t in TOPICS)
        jobs[KCAT] = lambda: timed(reads, events)
    if python:
        peer = os.path.join(HERE, "peer.py")
        jobs[PYTHON] = lambda: fresh(lambda store: figures([sys.executable, peer, servers, store, str(events)]))
    return jobs


def measure(jobs, rounds):
    results = {}
    for _ in range(rounds):
        for name, job in jobs.items():
            results.setdefault(name, []).append(job())
    return results


def table(title, results):
    print(f"\n{title}")
    print(f"{'job':32} {'events/s':>12} {'CPU s/M':>8} {'of bare':>8} {'x Python':>9}")
    rate = {n: statistics.median(r["events"] / r["seconds"] for r in runs) for n, runs in results.items()}
    for name, runs in results.items():
        cpu = statistics.median(1e6 * r["cpu"] / r["events"] for r in runs)
        bare = f"{rate[name] / rate[BARE]:8.1%}" if BARE in rate else ""
        python = f"{rate[name] / rate[PYTHON]:9.1f}" if PYTHON in rate else ""
        print(f"{name:32} {rate[name]:12,.0f} {cpu:8.2f} {bare} {python}", flush=True)


def settings(options, python):
    print(f"{options.events:,} simulated events over eight weeks, {options.rounds} round(s), medians")
    print(f"{os.cpu_count()} CPUs ({platform.machine()}), load average {os.getloadavg()[0]:.1f}; the broker runs on them too")
    print("all consumers: " + ", ".join(f"{name}={value}" for name, value in FETCHING.items()))
    print("messages lz4; 3 topics")
    print("commits: 1,000,000 rows, 128 MiB or 10 s (we are behind), zstd level 1, partitioned by day")
    for peer, is_there in [(PYTHON, python), (KCAT, shutil.which("kcat")), (BARE_JEMALLOC, JEMALLOC)]:
        if not is_there:
            print(f"{peer}: left out, not installed (Benchmarks/ingest/setup)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    python = all(importlib.util.find_spec(name) for name in ("confluent_kafka", "deltalake", "pyarrow"))
    settings(options, python)
    in_memory = min(options.events, MOCK_EVENTS)
    with tempfile.TemporaryDirectory() as folder:
        bare = os.path.join(folder, "bare")
        subprocess.run(["cc", "-O2", "-o", bare, os.path.join(HERE, "bare.c"), "-lrdkafka"], check=True)
        producer, messages = os.path.join(folder, "bare_producer"), os.path.join(folder, "messages")
        subprocess.run(["cc", "-O2", "-o", producer, os.path.join(HERE, "bare_producer.c"), "-lrdkafka"], check=True)
        subprocess.run([OURS, "messages", str(min(options.events, 1_000_000)), messages], check=True)
        alone = {
            "simulate and encode, one core": lambda: figures([OURS, "simulate", str(options.events)]),
            "JSON to columns, one core": lambda: figures([OURS, "decode", str(options.events)]),
        }
        table("without Kafka", measure(alone, options.rounds))
        if is_there():
            # On a broker of its own, because the readers count what fill sends.
            with kafka(folder, "produced") as servers:
                subprocess.run([OURS, "fill", servers, "1"], check=True, stdout=subprocess.DEVNULL)
                filled = {PRODUCER: [figures([producer, servers, str(options.events), messages])]}
            with kafka(folder) as servers:
                filled["simulate, encode and send"] = [figures([OURS, "fill", servers, str(options.events)])]
                results = measure(readers(servers, options.events, folder, bare, python), options.rounds)
                table("Apache Kafka, 4 partitions a topic", filled | results)
        else:
            print("\nno ../shared/servers/kafka: Apache Kafka is left out")
        with mock(in_memory) as servers:
            results = measure(readers(servers, in_memory, folder, bare, python), options.rounds)
            table(f"librdkafka's mock cluster, 64 partitions a topic, {in_memory:,} events", results)


if __name__ == "__main__":
    sys.exit(main())
