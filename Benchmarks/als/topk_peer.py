"""Top-k by one peer on one thread: topk_peer.py SYSTEM FOLDER RANK BATCHES COUNT. JSON lines like bench-als topk.

SYSTEM: "faiss flat", "faiss sq8", "faiss sq4" or "implicit". FOLDER has users.f32 and items.f32.
"""

import json
import pathlib
import statistics
import sys
import time

import numpy as np

system, folder, rank, batches, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
factors = np.fromfile(folder / "items.f32", "<f4").reshape(-1, rank)
users = np.fromfile(folder / "users.f32", "<f4").reshape(-1, rank)
queries = np.ascontiguousarray(users[np.random.default_rng(3).choice(len(users), 256, replace=False)])

if system.startswith("faiss"):
    import faiss

    faiss.omp_set_num_threads(1)
    kinds = {"sq8": faiss.ScalarQuantizer.QT_8bit, "sq4": faiss.ScalarQuantizer.QT_4bit}
    kind = system.split()[1]
    index = (faiss.IndexFlatIP(rank) if kind == "flat"
             else faiss.IndexScalarQuantizer(rank, kinds[kind], faiss.METRIC_INNER_PRODUCT))
    if not index.is_trained:
        index.train(factors)
    index.add(factors)

    def search(batch):
        return index.search(batch, count)[1]

elif system == "implicit":
    from implicit.cpu.topk import topk

    def search(batch):
        return topk(factors, batch, count, num_threads=1)[0]

exact = np.argpartition(-(queries[:64] @ factors.T), count, axis=1)[:, :count]
recall = float(np.mean([len(set(a) & set(b)) / count for a, b in zip(search(queries[:64]), exact)]))
for batch in map(int, batches.split(",")):
    times = []
    for repetition in range(11 if len(factors) * batch > 4_000_000 else 61):
        first = repetition % 256 if batch == 1 else 0
        # Processor time of all threads: both run on one, and some of implicit's work is on a thread of its own.
        start = time.process_time()
        search(queries[first : first + batch])
        times.append(time.process_time() - start)
    print(json.dumps({"system": system, "items": len(factors), "rank": rank, "batch": batch, "recall": recall,
                      "us_per_query": statistics.median(times) / batch * 1e6}))
