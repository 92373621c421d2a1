"""Exact top-10 on one thread, marquee against faiss IndexFlatIP and implicit, interleaved: topk.py [ROUNDS]."""

import collections
import os
import statistics
import sys

from bench import BENCH, BLAS_SETTINGS, HERE, PYTHON, RESULTS, installed, lines

SIZES = [(100_000, 64), (100_000, 128), (1_000_000, 64), (1_000_000, 128)]
BATCHES = "1,16,64"


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    systems = ["marquee"] + [peer for peer in ("faiss", "implicit") if installed(peer)]
    print("load", os.getloadavg())
    table = ["| items × rank | batch | system | µs a query | × ours | of the floor | GFLOP/s |", "|---|---|---|---|---|---|---|"]
    print("\n".join(table))
    for items, rank in SIZES:
        found = collections.defaultdict(list)
        floors = []
        for _ in range(rounds):
            for system in systems:
                for setting in [{}] if system == "marquee" else BLAS_SETTINGS[1:]:
                    if system == "marquee":
                        command = [BENCH, "topk", "--items", items, "--rank", rank, "--queries", BATCHES]
                    else:
                        command = [PYTHON, HERE / "topk_peer.py", system, items, rank, BATCHES, 10]
                    setting = dict(setting, OMP_NUM_THREADS="1")
                    for one in lines([str(part) for part in command], setting):
                        found[one["batch"], system, setting.get("OPENBLAS_CORETYPE")].append(one["us_per_query"])
                        floors += [one["floor_us"]] if "floor_us" in one else []
        floor = statistics.median(floors)
        for batch in map(int, BATCHES.split(",")):
            ours = statistics.median(found[batch, "marquee", None])
            for system in systems:
                # The peer's better BLAS setting.
                time = min(statistics.median(times) for (b, s, _), times in found.items() if (b, s) == (batch, system))
                table.append(f"| {items} × {rank} | {batch} | {system} | {time:.0f} | {time / ours:.2f} | "
                             f"{time / floor:.2f} | {2 * items * rank / time / 1e3:.0f} |")
                print(table[-1], flush=True)
    (RESULTS / "topk.md").write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    sys.exit(main())
