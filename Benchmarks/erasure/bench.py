#!/usr/bin/env python3
"""One of 100,000 users out of 20 million events: `marquee privacy erase` beside deltalake's delete, on copies of one table.

    .venv/bin/python Benchmarks/erasure/bench.py [--events 20000000] [--users 100000] [--rounds 3]

Events come in sessions of about ten on days between a user's joining and leaving; how many a user has is lognormal. The table is made
by `marquee import csv`. Three users are erased: one of median activity, one of the mean, and one of the busiest in a thousand. Each
program gets a fresh copy of the table each time. `erase` also takes the user out of old versions and of the log, which delete does
not; deltalake's vacuum, which removes the old files, is timed beside. Prints seconds, files and bytes, and the share of the table.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MARQUEE = os.environ.get("MARQUEE", os.path.join(ROOT, ".build", "release", "marquee"))
DAYS = 365
PEER = """
import sys, time, json
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1])
begun = time.monotonic()
done = table.delete(f"user_id = '{sys.argv[2]}'")
deleted = time.monotonic() - begun
table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
print(json.dumps({"delete": deleted, "vacuum": time.monotonic() - begun - deleted, "metrics": done}))
"""


def write_csv(path, events, users):
    """Returns how many events each user has."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as csv

    random = np.random.default_rng(11)
    weights = random.lognormal(0, 1.2, users)
    counts = random.multinomial(events, weights / weights.sum())
    user = np.repeat(np.arange(users), counts)
    joined = random.integers(0, DAYS - 1, users)
    stays = np.minimum(1 + random.exponential(DAYS / 3, users).astype(int), DAYS - joined)
    sessions = np.maximum(1, counts // 10)
    # The session of each event, and the day of each session.
    session = (random.random(events) * sessions[user]).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(sessions)])[:-1]
    owner = np.repeat(np.arange(users), sessions)
    day = joined[owner] + (random.random(len(owner)) * stays[owner]).astype(int)
    at = 1_760_000_000 + day[first[user] + session] * 86_400 + random.integers(0, 7200, events)
    item = np.minimum((random.pareto(1.1, events) * 20).astype(np.int64), 29_999)
    order = np.argsort(at, kind="stable")
    table = pa.table({
        "user": np.char.add("u", user[order].astype(str)), "item": np.char.add("f", item[order].astype(str)),
        "at": at[order], "value": np.ones(events, dtype=np.int8)})
    csv.write_csv(table, path)
    return counts


def erase(folder, user):
    begun = time.monotonic()
    done = subprocess.run(
        [MARQUEE, "privacy", "erase", user, "--store", folder, "--models", folder + "-models", "--state", folder + "-state",
         "--format", "json"], capture_output=True, text=True)
    took = time.monotonic() - begun
    assert done.returncode == 0, done.stderr
    step = next(s for s in json.loads(done.stdout)["erasure"]["steps"] if s["store"] == "events")
    return took, step


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(folder, options)


def run(folder, options):
    import numpy as np

    csv, store = os.path.join(folder, "events.csv"), os.path.join(folder, "store")
    counts = write_csv(csv, options.events, options.users)
    begun = time.monotonic()
    subprocess.run(
        [MARQUEE, "import", "csv", csv, "--map", "user=user,item=item,at=at,value=value", "--kind", "view", "--store", store],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.remove(csv)
    events = os.path.join(store, "events")
    sizes = [os.path.getsize(os.path.join(parent, name)) for parent, _, names in os.walk(events)
             for name in names if name.endswith(".parquet") and "_delta_log" not in parent]
    print(f"{options.events:,} events of {options.users:,} users: {len(sizes)} files, {sum(sizes) / 1e6:.0f} MB, "
          f"imported in {time.monotonic() - begun:.0f} s; OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'unset')}")
    order = np.argsort(counts, kind="stable")
    users = {
        "median": order[len(order) // 2], "mean": order[np.searchsorted(counts[order], counts.mean())],
        "busiest 0.1 %": order[-len(order) // 1000]}
    print(f"{'user':14} {'events':>7} {'program':10} {'s':>7} {'files':>6} {'MB read':>8} {'MB written':>10} {'of table':>9}")
    for name, index in users.items():
        user, ours, theirs, vacuum = f"u{index}", [], [], []
        for number in range(options.rounds):
            copy = os.path.join(folder, "copy")
            for program in ("marquee", "deltalake"):
                shutil.copytree(store, copy)
                os.makedirs(copy + "-models")
                if program == "marquee":
                    took, step = erase(copy, user)
                    ours.append(took)
                    assert step["removed"] == counts[index], step
                else:
                    done = json.loads(subprocess.run(
                        [sys.executable, "-c", PEER, os.path.join(copy, "events"), user], check=True, capture_output=True,
                        text=True).stdout)
                    theirs.append(done["delete"])
                    vacuum.append(done["vacuum"])
                for path in (copy, copy + "-models", copy + "-state"): shutil.rmtree(path, ignore_errors=True)
        read, written = step["counts"]["bytes_erased"], step["counts"]["bytes_written"]
        median = statistics.median
        print(f"{name:14} {counts[index]:7} {'marquee':10} {median(ours):7.2f} {step['counts']['files_rewritten']:6} "
              f"{read / 1e6:8.1f} {written / 1e6:10.1f} {max(read, written) / sum(sizes):9.3f}")
        print(f"{'':14} {'':7} {'deltalake':10} {median(theirs):7.2f} {done['metrics']['num_removed_files']:6} "
              f"{'':8} {'':10} {'':9}  vacuum {median(vacuum):.2f} s")


if __name__ == "__main__":
    main()
