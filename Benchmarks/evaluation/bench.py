#!/usr/bin/env python3
"""Evaluation of 100,000 users × 27,000 items as a whole, beside ranx for the metrics alone.

    python3 Benchmarks/evaluation/bench.py [--users 100000] [--items 27000] [--rounds 3]
"""

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MARQUEE = os.environ.get("MARQUEE", os.path.join(ROOT, ".build", "release", "marquee"))
RANKINGS, DEPTH, HELD_OUT = 4, 50, 5
METRICS = [f"{metric}@{k}" for metric in ("ndcg", "recall", "map", "mrr") for k in (10, 20, 50)]


def write(folder, users, items):
    """Forty events a user: half by popularity, half from one of 54 groups of items."""
    chance = random.Random(1)
    weights = [1 / (i + 1) ** 0.7 for i in range(items)]
    popular = chance.choices(range(items), weights, k=users * 20)
    group = items // 54
    with open(f"{folder}/train.csv", "w") as train, open(f"{folder}/test.csv", "w") as test:
        for user in range(users):
            own = {user % 54 * group + min(int(chance.paretovariate(0.7)) - 1, group - 1) for _ in range(20)}
            chosen = list(own | set(popular[user * 20:user * 20 + 20]))
            chance.shuffle(chosen)
            for place, item in enumerate(chosen):
                (test if place < HELD_OUT else train).write(f"{user},{item}\n")


def ours(folder):
    start = time.monotonic()
    done = subprocess.run(
        [MARQUEE, "evaluate", "--train", f"{folder}/train.csv", "--test", f"{folder}/test.csv", "--rank", "64",
         "--epochs", "3", "--k", "10,20,50", "--json", f"{folder}/report.json", "--log-level", "debug"],
        capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"marquee evaluate failed:\n{done.stderr}")
    whole = time.monotonic() - start
    # What the evaluator says of each ranking at level debug.
    alone = [float(seconds) for seconds in re.findall(r"lists were measured .*metrics_seconds=([0-9.e-]+)", done.stderr)]
    return whole, sum(alone), len(alone)


def ranx_seconds(users, items, rounds):
    """Seconds for one set of lists: objects, the first call, later calls."""
    from ranx import Qrels, Run, evaluate
    chance = random.Random(2)
    relevant = {str(u): {str(i): 1 for i in chance.sample(range(items), HELD_OUT)} for u in range(users)}
    lists = {
        str(u): {str(i): float(DEPTH - n) for n, i in enumerate(chance.sample(range(items), DEPTH))} for u in range(users)}
    start = time.monotonic()
    qrels, run = Qrels(relevant), Run(lists)
    made = time.monotonic()
    evaluate(qrels, run, METRICS, make_comparable=True)
    first = time.monotonic()
    later = []
    for _ in range(rounds):
        begin = time.monotonic()
        evaluate(qrels, run, METRICS, make_comparable=True)
        later.append(time.monotonic() - begin)
    return made - start, first - made, statistics.median(later)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=27_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    processor = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    print(f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}")
    with tempfile.TemporaryDirectory() as folder:
        write(folder, options.users, options.items)
        runs = [ours(folder) for _ in range(options.rounds)]
    whole, alone = (statistics.median(run[number] for run in runs) for number in (0, 1))
    if runs[0][2] != RANKINGS:
        sys.exit(f"marquee evaluate measured {runs[0][2]} rankings instead of {RANKINGS}")
    print(f"marquee evaluate, everything, {RANKINGS} rankings    {whole:7.1f} s")
    print(f"  of that the metrics of the lists alone   {alone:7.2f} s")
    try:
        objects, first, later = ranx_seconds(options.users, options.items, options.rounds)
    except ImportError:
        print("ranx: skipped, it is not installed")
        return
    print(f"ranx, metrics of {RANKINGS} sets of lists alone      {RANKINGS * later:7.1f} s   {RANKINGS * later / whole:5.2f} of the whole, "
          f"{RANKINGS * later / alone:.0f} times ours alone")
    print(f"ranx, with its objects made from dicts     {RANKINGS * (later + objects):7.1f} s   "
          f"{RANKINGS * (later + objects) / whole:5.2f} of the whole")
    print(f"ranx, its first call, which compiles       {first:7.1f} s")


main()
