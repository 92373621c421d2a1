"""Exact top-10 on one thread over factors that ALS has made, marquee by codes and by floats, faiss and implicit.

usage: topk.py [ROUNDS]    needs bench-als (see README.md) and the peers of Benchmarks/als/setup; makes the factors once

Marquee's two ways are asked in turns, question by question, in one process, and reading the float factors once beside
them. Peers run between, each in a process of its own. Times are processor time of one thread. Recall is the share of the
exact ten that a peer finds: faiss's scalar quantizers answer from 8 or 4 bits alone.
"""

import collections
import os
import pathlib
import platform
import statistics
import sys

from bench import BENCH, BLAS_SETTINGS, PYTHON, HERE, RESULTS, installed, lines

SETS = {  # name: users, items, activity, (rank, epochs)
    "10k": (40_000, 10_000, 100, [(64, 8)]),
    "100k": (60_000, 100_000, 120, [(64, 8)]),
    "1M": (100_000, 1_000_000, 150, [(64, 8), (128, 5)]),
}
KINDS = {"users": [], "users, 100 seen": ["--seen", "100"], "similar": ["--by", "item"]}
BATCHES = "1,64"
PEERS = ["faiss flat", "faiss sq8", "faiss sq4", "implicit"]


def run(*command):
    return list(lines([str(part) for part in command], {"OMP_NUM_THREADS": "1"}))


def factors(name, rank, epochs):
    folder = RESULTS / "topk" / f"{name}-{rank}"
    if not (folder / "items.f32").exists():
        users, items, activity, _ = SETS[name]
        data = RESULTS / "topk" / name
        if not (data / "shape.json").exists():
            run(BENCH, "generate", "--users", users, "--items", items, "--activity", activity, "--out", data)
        run(BENCH, "train", "--data", data, "--rank", rank, "--epochs", epochs, "--out", folder)
    return folder


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    peers = [peer for peer in PEERS if installed(peer.split()[0])]
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    print(f"{platform.machine()} {model}, load {os.getloadavg()[0]:.1f}, "
          f"OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'not set: marquee chooses')}")
    table = ["| factors | questions | batch | by codes, µs | by floats, µs | × | codes of read | peers, µs (recall) |",
             "|---|---|---|---|---|---|---|---|"]
    print("\n".join(table))
    for name, rank, epochs in [(n, *r) for n, s in SETS.items() for r in s[3]]:
        folder = factors(name, rank, epochs)
        theirs = collections.defaultdict(list)
        ours = collections.defaultdict(list)
        for _ in range(rounds):
            for kind, options in KINDS.items():
                for one in run(BENCH, "topk", "--factors", folder, "--rank", rank, "--queries", BATCHES, *options):
                    ours[kind, one["batch"]].append(one)
            for peer in peers:
                for setting in BLAS_SETTINGS[1:]:
                    command = [PYTHON, HERE / "topk_peer.py", peer, folder, rank, BATCHES, 10]
                    for one in lines([str(part) for part in command], dict(setting, OMP_NUM_THREADS="1")):
                        theirs[peer, one["batch"], setting.get("OPENBLAS_CORETYPE")].append(one)
        for (kind, batch), found in ours.items():
            coded, floats, ratio, floor = (
                statistics.median(one[key] for one in found)
                for key in ("us_per_query", "us_floats", "times_floats", "floor_us"))
            beside = []
            for peer in peers if kind == "users" else []:
                # The peer's better BLAS setting.
                best = min((statistics.median(one["us_per_query"] for one in runs), runs[0]["recall"])
                           for (p, b, _), runs in theirs.items() if (p, b) == (peer, batch))
                beside.append(f"{peer} {best[0]:.0f} ({best[1]:.3f})")
            table.append(f"| {name} × {rank} | {kind} | {batch} | {coded:.1f} | {floats:.1f} | {ratio:.1f} | "
                         f"{coded / floor:.3f} | {', '.join(beside)} |")
            print(table[-1], flush=True)
    (RESULTS / "topk.md").write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    sys.exit(main())
