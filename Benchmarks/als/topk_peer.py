"""Exact top-k by one peer on one thread: topk_peer.py SYSTEM ITEMS RANK BATCHES COUNT. JSON lines like bench-als topk."""

import json
import statistics
import sys
import time

import numpy as np

system, items, rank, batches, count = sys.argv[1], *map(int, sys.argv[2:4]), sys.argv[4], int(sys.argv[5])
random = np.random.default_rng(3)
scale = 0.1 / rank**0.5
factors = (random.standard_normal((items, rank), dtype=np.float32) * scale).astype(np.float32)
queries = (random.standard_normal((256, rank), dtype=np.float32) * scale).astype(np.float32)

if system == "faiss":
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(rank)
    index.add(factors)

    def search(batch):
        return index.search(batch, count)

elif system == "implicit":
    from implicit.cpu.topk import topk

    def search(batch):
        return topk(factors, batch, count, num_threads=1)

for batch in map(int, batches.split(",")):
    times = []
    for repetition in range(11 if items * batch > 4_000_000 else 61):
        first = repetition % 256 if batch == 1 else 0
        # Processor time of all threads: both run on one, and some of implicit's work is on a thread of its own.
        start = time.process_time()
        search(queries[first : first + batch])
        times.append(time.process_time() - start)
    print(json.dumps({"system": system, "items": items, "rank": rank, "batch": batch,
                      "us_per_query": statistics.median(times) / batch * 1e6}))
