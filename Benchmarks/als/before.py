"""Seconds an epoch and losses of two builds of bench-als, in turns, from the same start.

    before.py OLD-BENCH-ALS [--sets small,1m,20m] [--ranks 64,128] [--rounds 5] [--epochs 6]

Prints medians over the rounds of the mean epoch after the first, by processor time and by the clock, the median of the rounds' ratios,
and what the losses are off, relative, after each epoch; on small sets also the losses of three plain steps by the old build.
"""

import argparse
import statistics
from pathlib import Path

import bench


def train(binary, data, start, rank, epochs, *more):
    answer = bench.lines(
        [binary, "train", "--data", data, "--start", start, "--rank", rank, "--epochs", epochs, "--confidence", 10,
         "--lambda", 10, *more])
    found = [one for one in answer if "epoch" in one]
    later = found[1:]
    mean = lambda name: sum(one[name] for one in later) / len(later)
    return [one["loss"] for one in found], mean("cpu_seconds"), mean("seconds")


def off(ours, theirs):
    return " ".join(f"{mine / its - 1:+.1e}" for mine, its in zip(ours, theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("--sets", default="small,1m,20m")
    parser.add_argument("--ranks", default="64,128")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    print("| set | rank | CPU-s/epoch before | now | × | s/epoch before | now | × | losses, now − before | now − three plain steps |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in options.sets.split(","):
        for rank in map(int, options.ranks.split(",")):
            data, start = bench.prepare(name, rank)
            rounds = []
            for _ in range(options.rounds):
                before = train(options.old, data, start, rank, options.epochs)
                now = train(bench.BENCH, data, start, rank, options.epochs)
                rounds.append((before, now))
            plain = "–"
            if name != "20m":
                three = train(options.old, data, start, rank, options.epochs, "--preconditioner", "none")
                plain = off(rounds[0][1][0], three[0])
            row = [name, rank]
            for part in (1, 2):
                for build in (0, 1):
                    row.append(f"{statistics.median(one[build][part] for one in rounds):.4f}")
                row.append(f"{statistics.median(one[1][part] / one[0][part] for one in rounds):.3f}")
            row += [off(rounds[0][1][0], rounds[0][0][0]), plain]
            print("| " + " | ".join(map(str, row)) + " |", flush=True)


main()
