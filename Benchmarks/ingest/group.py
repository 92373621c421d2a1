#!/usr/bin/env python3
"""Several ingesters of one consumer group beside one alone: processor time a million events, commits, and races between them.

    make build
    python3 Benchmarks/ingest/group.py [--events 4000000] [--rounds 3] [--ingesters 1,2,4]

One Apache Kafka of ../shared/servers with topics of twelve partitions, filled once. A run is `marquee ingest --tidy off` in so many
processes of one group, from the beginning of the topics into a store of its own until that has every event; runs take turns, medians
of the rounds are printed. The processor time is that of the ingesters from start to end, so what each process costs by itself counts. Of the commits
of the events table the log says on which version each was prepared: where others came in between it was raced, and went
behind them without writing its files again.
"""

import argparse
import glob
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from servers import SERVERS, is_there, kafka

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MARQUEE = os.environ.get("BENCH_MARQUEE", os.path.join(ROOT, ".build", "release", "marquee"))
TOPICS = ["movie-views", "movie-likes", "movie-reviews"]
PARTITIONS = 12


def quiet(folder):
    """Settings and state of whoever runs this are not those of what is measured."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("MARQUEE_")},
            "MARQUEE_STATE": os.path.join(folder, "state")}


def fill(servers, events, folder):
    tool = os.path.join(SERVERS, "kafka", "run")
    for topic in TOPICS:
        subprocess.run(["bash", tool, "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", servers, "--create",
                        "--topic", topic, "--partitions", str(PARTITIONS)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([MARQUEE, "simulate", "--bootstrap-servers", servers, "--count", str(events), "--days", "56"],
                   check=True, env=quiet(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def commits(store):
    """Of each commit with rows: when, how many rows, and how many commits of others came between its preparation and it."""
    found = []
    for path in sorted(glob.glob(os.path.join(store, "events", "_delta_log", "*.json"))):
        version = int(os.path.basename(path)[:20])
        with open(path) as log:
            actions = [json.loads(line) for line in log if line.strip()]
        rows = sum(json.loads(a["add"]["stats"])["numRecords"] for a in actions if "add" in a and a["add"]["dataChange"])
        info = next((a["commitInfo"] for a in actions if "commitInfo" in a), {})
        if rows:
            found.append({"at": info["timestamp"] / 1000, "rows": rows,
                          "raced": version - 1 - info.get("readVersion", version - 1)})
    return found


def run(servers, group, count, events, folder):
    store = os.path.join(folder, group)
    log = open(os.path.join(folder, f"{group}.log"), "w")
    start = time.monotonic()
    children = [
        subprocess.Popen([MARQUEE, "ingest", "--bootstrap-servers", servers, "--store", store, "--group", group,
                          "--tidy", "off"], stdout=log, stderr=log, env=quiet(folder))
        for _ in range(count)]
    while sum(c["rows"] for c in commits(store)) < events:
        time.sleep(0.1)
        if time.monotonic() - start > 900 or any(child.poll() is not None for child in children):
            for child in children:
                child.kill()
            sys.exit(f"not all was stored: see\n{open(log.name).read()[-3000:]}")
    seconds = time.monotonic() - start
    for child in children:
        child.send_signal(signal.SIGTERM)
    cpu = 0.0
    for child in children:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        if status:
            sys.exit(f"an ingester ended with {status}: see\n{open(log.name).read()[-3000:]}")
        cpu += usage.ru_utime + usage.ru_stime
    made = commits(store)
    span = max(c["at"] for c in made) - min(c["at"] for c in made)
    return {"cpu": cpu, "seconds": seconds, "events": sum(c["rows"] for c in made), "commits": len(made),
            "raced": sum(c["raced"] > 0 for c in made), "behind": sum(c["raced"] for c in made),
            "rows": statistics.median(c["rows"] for c in made), "pause": span / max(1, len(made) - 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ingesters", default="1,2,4")
    options = parser.parse_args()
    counts = [int(text) for text in options.ingesters.split(",")]
    if not is_there():
        sys.exit("no ../shared/servers/kafka: this needs an Apache Kafka")
    print(f"{options.events:,} simulated events over eight weeks, {len(TOPICS)} topics of {PARTITIONS} partitions, lz4; "
          f"{options.rounds} round(s), medians; --commit-rows 1000000, --commit-interval 1s (ten while behind)")
    print(f"{os.cpu_count()} CPUs ({platform.machine()}), load average {os.getloadavg()[0]:.1f}; the broker runs on them too; "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set (no BLAS is used)')}", flush=True)
    results = {count: [] for count in counts}
    with tempfile.TemporaryDirectory() as folder, kafka(folder) as servers:
        fill(servers, options.events, folder)
        for number in range(options.rounds):
            for count in counts:
                results[count].append(run(servers, f"group-{count}-{number}", count, options.events, folder))
                print(f"  round {number + 1}, {count}: {results[count][-1]}", file=sys.stderr, flush=True)
    told = {result["events"] for runs in results.values() for result in runs}
    if len(told) != 1:
        sys.exit(f"the runs stored different numbers of events: {sorted(told)}")

    def median(count, figure):
        return statistics.median(figure(result) for result in results[count])

    alone = median(counts[0], lambda r: 1e6 * r["cpu"] / r["events"])
    print(f"{'ingesters':>9} {'CPU s/M':>8} {'of one':>7} {'events/s':>10} {'commits':>8} {'raced':>6} {'behind':>7} "
          f"{'rows each':>10} {'s between':>10}")
    for count in counts:
        cpu = median(count, lambda r: 1e6 * r["cpu"] / r["events"])
        print(f"{count:9} {cpu:8.2f} {cpu / alone:7.1%} {median(count, lambda r: r['events'] / r['seconds']):10,.0f} "
              f"{median(count, lambda r: r['commits']):8.0f} {median(count, lambda r: r['raced'] / r['commits']):6.0%} "
              f"{median(count, lambda r: r['behind'] / r['commits']):7.2f} {median(count, lambda r: r['rows']):10,.0f} "
              f"{median(count, lambda r: r['pause']):10.2f}")


if __name__ == "__main__":
    main()
