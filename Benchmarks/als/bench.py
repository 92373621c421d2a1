"""Trains the same problems with marquee and its peers, interleaved, and prints one table a set and rank.

    bench.py                 about 15 minutes on two idle cores
    bench.py --quick         two minutes: the small sets at rank 64, one round
    bench.py --full          every set, rank and system: about four hours, most of it in Spark and Cholesky
    bench.py --sets 20m --ranks 64,128 --peers spark --solvers exact    the cells one wants
    bench.py --resume        goes on where an interrupted run stopped, with the same options
    bench.py --show          prints the tables of what was measured last

Each round runs every system once in a process of its own, so that a busy minute of the machine hits all alike, and each
peer gets the BLAS setting it is faster with. Results: Benchmarks/results/als.jsonl, a line a run, and als.md, the tables.
"""

import argparse
import array
import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESULTS = HERE.parent / "results"
BENCH = ROOT / ".build/release/bench-als"
PYTHON = RESULTS / "venv/bin/python"
SMALL = ROOT / "../shared/data/ml-latest-small/ratings.csv"

SETS = ["small", "1m", "20m"]
RANKS = [32, 64, 128, 256]
SYSTEMS = [
    ("marquee", "cg"), ("marquee", "cg-plain"), ("irspack", "cg"), ("implicit", "cg"), ("cmfrec", "cg"),
    ("marquee", "ials++"), ("irspack", "ials++"),
    ("marquee", "exact"), ("irspack", "exact"), ("implicit", "exact"), ("cmfrec", "exact"), ("spark", "exact"),
]
BLAS_SETTINGS = [{}, {"OPENBLAS_CORETYPE": "SkylakeX"}, {"OPENBLAS_CORETYPE": "Haswell"}]


def lines(command, setting=None, limit=None):
    """OPENBLAS_NUM_THREADS=1 is what implicit and irspack ask for: they run threads of their own."""
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", **(setting or {}))
    command = [str(part) for part in command]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode()[-2000:]}")
    return [json.loads(text) for text in done.stdout.decode().splitlines() if text.startswith("{")]


def train(system, solver, data, start, rank, epochs, setting, limit):
    if system == "marquee":
        command = [BENCH, "train", "--data", data, "--start", start, "--rank", rank, "--epochs", epochs,
                   "--solver", solver.removesuffix("-plain"), "--confidence", 10, "--lambda", 10,
                   "--preconditioner", "none" if solver == "cg-plain" else "auto",
                   "--precision", "float32" if solver == "cg-plain" else "bfloat16"]
    else:
        command = [PYTHON, HERE / "peer.py", system, solver, data, start, rank, epochs]
    answer = lines(command, setting, limit)
    return [one for one in answer if "epoch" in one], max(one.get("peak_bytes", 0) for one in answer)


def installed(system):
    module = {"spark": "pyspark"}.get(system, system)
    return system == "marquee" or subprocess.run(
        [PYTHON, "-c", f"import {module}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def prepare(name, rank):
    data, start = RESULTS / name, RESULTS / f"{name}-start-{rank}"
    if not (data / "shape.json").exists():
        if name == "small":
            write_small(data)
        else:
            lines([BENCH, "generate", "--set", name, "--out", data])
    if not (start / "items.f32").exists():
        lines([BENCH, "start", "--data", data, "--rank", rank, "--out", start])
    return data, start


def write_small(folder):
    """ml-latest-small as bench-als reads it; every rating counts as one observation."""
    rows, films = {}, {}
    with open(SMALL, newline="") as file:
        for rating in csv.DictReader(file):
            film = films.setdefault(rating["movieId"], len(films))
            rows.setdefault(rating["userId"], []).append(film)
    starts, columns = array.array("q", [0]), array.array("i")
    for row in rows.values():
        columns.extend(sorted(row))
        starts.append(len(columns))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "starts.i64").write_bytes(starts.tobytes())
    (folder / "columns.i32").write_bytes(columns.tobytes())
    (folder / "values.f32").write_bytes(array.array("f", [1]).tobytes() * len(columns))
    shape = {"users": len(rows), "items": len(films), "entries": len(columns)}
    (folder / "shape.json").write_text(json.dumps(shape))


def plan(options, systems):
    """The cells to measure, as (set, rank, system, solver, round, epochs), round after round of each set and rank."""
    chosen = options.full or options.peers or options.solvers
    for name in options.sets:
        for rank in options.ranks:
            for round in range(1, options.rounds + 1):
                for system, solver in systems:
                    # Only cg, which all goals are about, is measured again; the rest would take hours.
                    if round > 1 and (solver not in ("cg", "cg-plain") or (name == "20m" and system == "cmfrec" and not chosen)):
                        continue
                    if name == "20m" and not chosen and (system in ("spark", "cmfrec") or solver == "ials++"):
                        continue
                    if system == "spark" and name != "small" and rank > 128:
                        continue  # an hour an epoch
                    yield name, rank, system, solver, round, epochs(name, rank, system, solver)


def epochs(name, rank, system, solver):
    """Enough for a median and for the loss to reach, or as many as patience allows."""
    if system == "spark":
        return 2 if name == "20m" else 4
    if name != "20m":
        return 8
    if solver in ("cg", "cg-plain"):
        return 6
    if system in ("implicit", "irspack") and solver == "exact":
        return 2 if rank <= 64 else 1
    return 3


class Settings:
    """The BLAS setting that each system and rank is faster with, by processor time on the 1 M set."""

    def __init__(self):
        self.known = {}

    def better(self, system, solver, rank):
        if system in ("marquee", "spark"):
            return {}
        key = system, solver, min(rank, 128)
        if key not in self.known:
            data, start = prepare("1m", key[2])
            timed = []
            for setting in BLAS_SETTINGS:
                epochs, _ = train(system, solver, data, start, key[2], 2, setting, 600)
                timed.append((min(one["cpu_seconds"] for one in epochs), len(timed), setting))
            self.known[key] = min(timed)[2]
        return self.known[key]


def choose(text, known, what):
    chosen = text.split(",")
    unknown = [one for one in chosen if one not in known]
    if unknown:
        sys.exit(f"bench: no {what} {', '.join(unknown)}; there are {', '.join(known)}")
    return chosen


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", help="of small, 1m, 20m")
    parser.add_argument("--ranks", help="of 32, 64, 128, 256")
    parser.add_argument("--peers", default="", help="of irspack, implicit, cmfrec, spark; marquee is always measured")
    parser.add_argument("--solvers", default="", help="of cg, ials++, exact")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--limit", type=int, default=3600, help="seconds that one run may take")
    for flag in ("quick", "full", "resume", "show"):
        parser.add_argument(f"--{flag}", action="store_true")
    options = parser.parse_args()
    sets = "small,1m" if options.quick else "small,1m,20m"
    ranks = "64" if options.quick else "32,64,128,256" if options.full else "64,128"
    options.sets = choose(options.sets or sets, SETS, "set")
    options.ranks = [int(rank) for rank in choose(options.ranks or ranks, [str(rank) for rank in RANKS], "rank")]
    options.rounds = options.rounds or (1 if options.quick else 3)
    systems = SYSTEMS
    if options.peers:
        peers = choose(options.peers, ["irspack", "implicit", "cmfrec", "spark"], "peer")
        systems = [one for one in systems if one[0] in ["marquee", *peers]]
    if options.solvers:
        solvers = choose(options.solvers, ["cg", "ials++", "exact"], "solver")
        systems = [one for one in systems
                   if one[1] in solvers or (one[0] == "marquee" and one[1] in ("cg", "cg-plain"))]
    if "small" in options.sets and not SMALL.exists():
        print(f"bench: {SMALL} is missing: without the small set")
        options.sets.remove("small")
    return options, systems


def main():
    options, systems = parse()
    record = RESULTS / "als.jsonl"
    RESULTS.mkdir(exist_ok=True)
    if options.show:
        report.show(record)
        return
    if not options.resume:
        record.unlink(missing_ok=True)
    done = report.runs(record)
    missing = sorted({one[0] for one in systems if not installed(one[0])})
    if missing:
        print(f"bench: {', '.join(missing)} did not install here and is left out")
        systems = [one for one in systems if one[0] not in missing]

    def remember(**values):
        with record.open("a") as file:
            file.write(json.dumps(values) + "\n")

    remember(machine=lines([BENCH, "peaks"]), load=os.getloadavg(), date=time.strftime("%Y-%m-%d %H:%M"))
    finished = {(run["set"], run["rank"], run["system"], run["solver"], run["round"]) for run in done}
    settings, began = Settings(), time.monotonic()
    for name, rank, system, solver, round, epochs in plan(options, systems):
        if (name, rank, system, solver, round) in finished:
            continue
        data, start = prepare(name, rank)
        run = {"set": name, "rank": rank, "system": system, "solver": solver, "round": round,
               "shape": json.loads((data / "shape.json").read_text()), "load": os.getloadavg()[0]}
        try:
            run["setting"] = settings.better(system, solver, rank)
            run["epochs"], run["peak_bytes"] = train(
                system, solver, data, start, rank, epochs, run["setting"], options.limit)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            run["failure"] = str(error)
        remember(**run)
        print(f"{time.monotonic() - began:6.0f} s  {name} rank {rank} {system} {solver}, round {round}"
              + (f": {run['failure']}" if "failure" in run else ""), file=sys.stderr, flush=True)
    report.show(record)


if __name__ == "__main__":
    sys.exit(main())
