"""Trains the same problem with marquee and its peers, interleaved, and prints one table a set and rank.

    bench.py [--sets 1m,20m] [--ranks 64,128] [--rounds 3] [--epochs 5] [--results FOLDER]

Each round runs every system once in a process of its own, so that a busy minute of the machine hits all alike. Every
system starts from the same factors and minimises the same loss, and each peer gets the BLAS setting it is faster with.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BENCH = ROOT / ".build/release/bench-als"
PYTHON = HERE.parent / "results/venv/bin/python"

SYSTEMS = [
    ("marquee", "cg"), ("irspack", "cg"), ("implicit", "cg"),
    ("marquee", "ials++"), ("irspack", "ials++"),
    ("marquee", "exact"), ("irspack", "exact"), ("implicit", "exact"),
]
BLAS_SETTINGS = [{}, {"OPENBLAS_CORETYPE": "SkylakeX"}, {"OPENBLAS_CORETYPE": "Haswell"}]


def lines(command, setting):
    """OPENBLAS_NUM_THREADS=1 is what implicit and irspack ask for: they run threads of their own."""
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", **setting)
    out = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    return [json.loads(text) for text in out.decode().splitlines() if text.startswith("{")]


def train(system, solver, data, start, rank, epochs, setting):
    if system == "marquee":
        command = [BENCH, "train", "--data", data, "--start", start, "--rank", rank, "--epochs", epochs,
                   "--solver", solver, "--confidence", 10, "--lambda", 10]
    else:
        command = [PYTHON, HERE / "peer.py", system, solver, data, start, rank, epochs]
    answer = lines([str(part) for part in command], setting)
    epochs = [one for one in answer if "epoch" in one]
    return epochs, max(one.get("peak_bytes", 0) for one in answer)


def better_setting(system, solver, data, start, rank):
    """The BLAS setting with the lowest processor time on the small set."""
    timed = []
    for setting in BLAS_SETTINGS:
        epochs, _ = train(system, solver, data, start, rank, 3, setting)
        timed.append((min(one["cpu_seconds"] for one in epochs), setting))
    return min(timed, key=lambda pair: pair[0])[1]


def installed(system):
    return system == "marquee" or subprocess.run(
        [PYTHON, "-c", f"import {system}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def prepare(results, name, rank):
    data, start = results / name, results / f"{name}-start-{rank}"
    if not (data / "shape.json").exists():
        lines([str(BENCH), "generate", "--set", name, "--out", str(data)], {})
    if not start.exists():
        lines([str(BENCH), "start", "--data", str(data), "--rank", str(rank), "--out", str(start)], {})
    return data, start


def work(shape, rank):
    """Floating-point operations and gathered bytes of one epoch of batched CG(3)."""
    passes = 2 * 4
    flops = passes * shape["entries"] * 4 * rank + (shape["users"] + shape["items"]) * 4 * 2 * rank * rank
    return flops, passes * shape["entries"] * 4 * rank


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sets", default="1m,20m")
    options.add_argument("--ranks", default="64,128")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--epochs", type=int, default=5)
    options.add_argument("--only", default="", help="solvers, such as cg,exact")
    options.add_argument("--results", type=Path, default=HERE.parent / "results")
    options = options.parse_args()
    systems = [one for one in SYSTEMS if installed(one[0]) and (not options.only or one[1] in options.only.split(","))]

    peaks = lines([str(BENCH), "peaks"], {})
    print("machine:", json.dumps(peaks), "load", os.getloadavg(), flush=True)
    cores = next(one["cores"] for one in peaks if "cores" in one)
    peak_flops = max(one.get("gflop_per_s_core", 0) for one in peaks) * cores
    record = {"peaks": peaks, "runs": []}
    for rank in map(int, options.ranks.split(",")):
        small = prepare(options.results, "1m", rank)
        settings = {one: better_setting(*one, *small, rank) if one[0] != "marquee" else {} for one in systems}
        for name in options.sets.split(","):
            data, start = prepare(options.results, name, rank)
            shape = json.loads((data / "shape.json").read_text())
            runs = {one: [] for one in systems}
            peak = {}
            for _ in range(options.rounds):
                for one in systems:
                    # A slow solver gets fewer epochs: enough for a median.
                    epochs = options.epochs if one[1] == "cg" or name == "1m" else 2
                    trained, peak[one] = train(*one, data, start, rank, epochs, settings[one])
                    runs[one].append(trained)
                    record["runs"].append({"set": name, "rank": rank, "system": one, "setting": settings[one],
                                           "epochs": trained, "peak_bytes": peak[one]})
            show(name, shape, rank, systems, settings, runs, peak, peak_flops)
    options.results.mkdir(exist_ok=True)
    (options.results / "als.json").write_text(json.dumps(record))


def show(name, shape, rank, systems, settings, runs, peak, peak_flops):
    def median(one, key):
        return statistics.median(epoch[key] for run in runs[one] for epoch in run)

    # The loss to reach: implicit's CG after three epochs, or our own where implicit is absent.
    reference = ("implicit", "cg") if ("implicit", "cg") in runs else systems[0]
    target = runs[reference][0][min(2, len(runs[reference][0]) - 1)]["loss"] * 1.000001
    flops, gathered = work(shape, rank)
    ours = median(("marquee", "cg"), "seconds") if ("marquee", "cg") in runs else float("nan")
    ours_cpu = median(("marquee", "cg"), "cpu_seconds") if ("marquee", "cg") in runs else float("nan")
    print(f"\n{name}: {shape['users']} × {shape['items']}, {shape['entries']} interactions, rank {rank}; "
          f"loss to reach {target:.6g}")
    print("| system | s/epoch | CPU-s/epoch | × ours (wall) | × ours (CPU) | loss after 2 | s to the loss | peak MiB | BLAS |")
    print("|---|---|---|---|---|---|---|---|---|")
    for one in systems:
        reached = [next((e["total_seconds"] for e in run if e["loss"] <= target), None) for run in runs[one]]
        reached = [value for value in reached if value is not None]
        print("| {} {} | {:.3f} | {:.3f} | {:.1f} | {:.1f} | {:.7g} | {} | {:.0f} | {} |".format(
            *one, median(one, "seconds"), median(one, "cpu_seconds"), median(one, "seconds") / ours,
            median(one, "cpu_seconds") / ours_cpu, runs[one][0][1]["loss"],
            f"{statistics.median(reached):.2f}" if reached else "–", peak[one] / 2**20,
            ",".join(settings[one].values()) or "own choice"))
    print(f"marquee cg: {flops / ours / 1e9:.0f} GFLOP/s of {peak_flops:.0f} peak, {gathered / ours / 1e9:.0f} GB/s "
          "gathered (mostly from L2)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
