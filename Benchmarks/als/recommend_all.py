"""Every user's best items: `marquee recommend-all` against implicit's recommend on the same model, and the sgemm peak.

usage: recommend_all.py MARQUEE MODELS_DIR [N] [ROUNDS]

MARQUEE is a release build, MODELS_DIR a registry with an implicit model in service (`marquee train`). Both exclude what a
user has had to do with; ours also writes the lists as Parquet, the peer's stay in memory. The rounds alternate; the table
has the least processor time (user + system, all threads) and wall time of each. The peak is that of one numpy sgemm of
512 users against all items, the product that a ranking by scores computes for everybody.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit asks for it; its own threads do the work
import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402
from implicit.cpu.als import AlternatingLeastSquares  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

marquee, models = sys.argv[1], pathlib.Path(sys.argv[2])
n = int(sys.argv[3]) if len(sys.argv) > 3 else 100
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
folder = models / (models / "current").read_text().strip()
factors = load_file(folder / "factors.safetensors")
history = load_file(folder / "history.safetensors")
users, items = factors["user_factors"], factors["item_factors"]
seen = sp.csr_matrix(
    (np.ones(len(history["items"]), np.float32), history["items"], history["user_starts"]),
    shape=(len(users), len(items)))


def children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ours():
    with tempfile.TemporaryDirectory() as target:
        before, start = children(), time.perf_counter()
        subprocess.run(
            [marquee, "recommend-all", "--models", str(models), "-n", str(n), "--out", f"{target}/lists.parquet"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return children() - before, time.perf_counter() - start


def peer():
    model = AlternatingLeastSquares(factors=users.shape[1])
    model.user_factors, model.item_factors = users, items
    before, start = time.process_time(), time.perf_counter()
    for first in range(0, len(users), 4096):
        ids = np.arange(first, min(first + 4096, len(users)))
        model.recommend(ids, seen[ids], N=n, filter_already_liked_items=True)
    return time.process_time() - before, time.perf_counter() - start


def peak():
    best = 0.0
    for _ in range(5):
        start = time.process_time()
        users[:512] @ items.T
        best = max(best, 2 * 512 * items.size / (time.process_time() - start) / 1e9)
    return best


results = {"marquee recommend-all": [], "implicit recommend": []}
for _ in range(rounds):
    results["marquee recommend-all"].append(ours())
    results["implicit recommend"].append(peer())
work = 2 * len(users) * items.size / 1e9
top = peak()
print(f"{len(users):,} users × {len(items):,} items × {users.shape[1]}, n = {n}; sgemm {top:.0f} GFLOP/s a core")
for name, times in results.items():
    cpu, wall = min(t[0] for t in times), min(t[1] for t in times)
    print(json.dumps({
        "system": name, "cpu_seconds": round(cpu, 2), "wall_seconds": round(wall, 2),
        "users_per_cpu_second": round(len(users) / cpu), "gflops": round(work / cpu, 1),
        "share_of_sgemm": round(work / cpu / top, 3)}))
