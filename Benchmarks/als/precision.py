"""Whether factors read in 16 bits lose anything: losses after each epoch, and ranking of held-out pairs, beside 32 bits.

    precision.py [--sets 1m,20m] [--ranks 64,128] [--seeds 3] [--epochs 12]

Of each user's pairs a tenth is held out. Each seed draws start factors, from which both precisions begin. Prints the largest relative
difference of losses after an epoch, and NDCG@20 and recall@20 over 5,000 users, each with its mean and its spread over the seeds.
Needs numpy: Benchmarks/als/setup makes a Python that has it.
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
BENCH = HERE.parent.parent / ".build/release/bench-als"
RESULTS = HERE.parent / "results"


def run(*arguments):
    done = subprocess.run([str(one) for one in arguments], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def split(name):
    """The training part of a set, written beside it, and what of each user was held out."""
    whole, part = RESULTS / name, RESULTS / f"{name}-part"
    if not (whole / "shape.json").exists():
        run(BENCH, "generate", "--set", name, "--out", whole)
    starts = np.fromfile(whole / "starts.i64", np.int64)
    columns = np.fromfile(whole / "columns.i32", np.int32)
    users = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    out = np.random.default_rng(7).random(len(columns)) < 0.1
    part.mkdir(exist_ok=True)
    kept = np.concatenate([[0], np.cumsum(np.bincount(users[~out], minlength=len(starts) - 1))]).astype(np.int64)
    kept.tofile(part / "starts.i64")
    columns[~out].tofile(part / "columns.i32")
    np.ones((~out).sum(), np.float32).tofile(part / "values.f32")
    shape = json.loads((whole / "shape.json").read_text())
    shape["entries"] = int((~out).sum())
    (part / "shape.json").write_text(json.dumps(shape))
    held = np.concatenate([[0], np.cumsum(np.bincount(users[out], minlength=len(starts) - 1))])
    return part, shape, kept, columns[~out], held, columns[out]


def ranking(factors, shape, rank, starts, columns, held, wanted):
    """NDCG@20 and recall@20 over users with something held out."""
    P = np.fromfile(factors / "users.f32", np.float32).reshape(shape["users"], rank)
    Q = np.fromfile(factors / "items.f32", np.float32).reshape(shape["items"], rank)
    discounts = 1 / np.log2(np.arange(2, 22))
    users = np.flatnonzero(np.diff(held) > 0)
    users = users[:: max(1, len(users) // 5000)][:5000]
    ndcg, recall = [], []
    for first in range(0, len(users), 256):
        some = users[first : first + 256]
        scores = P[some] @ Q.T
        for u, row in zip(some, scores):
            row[columns[starts[u] : starts[u + 1]]] = -np.inf
            best = np.argpartition(-row, 20)[:20]
            best = best[np.argsort(-row[best])]
            relevant = wanted[held[u] : held[u + 1]]
            hits = np.isin(best, relevant)
            ndcg.append((hits * discounts).sum() / discounts[: min(20, len(relevant))].sum())
            recall.append(hits.sum() / min(20, len(relevant)))
    return np.mean(ndcg), np.mean(recall)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="1m,20m")
    parser.add_argument("--ranks", default="64,128")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    for name in options.sets.split(","):
        part, shape, *pairs = split(name)
        for rank in map(int, options.ranks.split(",")):
            figures = {"float32": [], "bfloat16": []}
            worst = 0
            for seed in range(options.seeds):
                random = np.random.default_rng(seed)
                start, out = RESULTS / f"{name}-seed", RESULTS / f"{name}-factors"
                start.mkdir(exist_ok=True)
                for side in ("users", "items"):
                    drawn = random.normal(0, 0.1 / rank**0.5, (shape[side], rank)).astype(np.float32)
                    drawn.tofile(start / f"{side}.f32")
                losses = {}
                for precision in figures:
                    answer = run(
                        BENCH, "train", "--data", part, "--start", start, "--rank", rank, "--epochs", options.epochs,
                        "--confidence", 10, "--lambda", 10, "--precision", precision, "--out", out)
                    losses[precision] = [one["loss"] for one in answer if "epoch" in one]
                    figures[precision].append(ranking(out, shape, rank, *pairs))
                pairs_of = zip(losses["bfloat16"], losses["float32"])
                worst = max([worst] + [abs(ours / theirs - 1) for ours, theirs in pairs_of])
            print(f"{name}, rank {rank}: losses differ by at most {worst:.1e}")
            for precision, found in figures.items():
                (ndcg, recall), spread = np.mean(found, 0), np.std(found, 0)
                print(
                    f"  {precision:9} NDCG@20 {ndcg:.5f} ± {spread[0]:.5f}   recall@20 {recall:.5f} ± {spread[1]:.5f}",
                    flush=True)


main()
