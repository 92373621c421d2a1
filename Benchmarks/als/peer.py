"""One peer, one training, as JSON lines like those of bench-als.

    peer.py SYSTEM SOLVER DATA START RANK EPOCHS

The loss is the same for all: confidence 10 for an observed pair, 1 for every other, plain L2 with λ = 10. implicit and
irspack start from the factors in START. cmfrec and Spark draw their own; Spark weighs λ by a row's count besides, so
that its loss, though of the same order, is that of another model.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sparse

CONFIDENCE, LAMBDA = 10.0, 10.0


def load(data):
    data = Path(data)
    shape = json.loads((data / "shape.json").read_text())
    return sparse.csr_matrix(
        (
            np.fromfile(data / "values.f32", "<f4") * np.float32(CONFIDENCE),
            np.fromfile(data / "columns.i32", "<i4"),
            np.fromfile(data / "starts.i64", "<i8").astype(np.int32),
        ),
        shape=(shape["users"], shape["items"]),
    )


def load_start(start, rank):
    return [np.fromfile(Path(start) / name, "<f4").reshape(-1, rank) for name in ("users.f32", "items.f32")]


def line(**values):
    print(json.dumps(values), flush=True)


class Stopwatch:
    def start(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def lap(self):
        return {"seconds": time.perf_counter() - self.wall, "cpu_seconds": time.process_time() - self.cpu}


def loss(matrix, users, items):
    """implicit's own native loss, freed of its scale: the same figure for every system."""
    from implicit.cpu import _als

    cells = matrix.shape[0] * matrix.shape[1] - matrix.nnz
    scale = float(matrix.data.sum(dtype=np.float64)) + cells
    users, items = (np.ascontiguousarray(side, dtype=np.float32) for side in (users, items))
    return float(_als.calculate_loss(matrix, users, items, LAMBDA, num_threads=0)) * scale


def run_implicit(solver, matrix, start, rank, epochs):
    from implicit.cpu import _als

    users, items = load_start(start, rank)
    step = _als.least_squares_cg if solver == "cg" else _als.least_squares
    watch, total = Stopwatch(), 0.0
    watch.start()
    transposed = matrix.T.tocsr()
    total += watch.lap()["seconds"]
    for epoch in range(1, epochs + 1):
        watch.start()
        step(matrix, users, items, LAMBDA, num_threads=0)
        step(transposed, items, users, LAMBDA, num_threads=0)
        lap = watch.lap()
        total += lap["seconds"]
        line(epoch=epoch, loss=loss(matrix, users, items), total_seconds=total, **lap)


def run_irspack(solver, matrix, start, rank, epochs):
    from irspack.recommenders import ials

    users, items = load_start(start, rank)
    # Its ORIGINAL loss gives an observed pair alpha0 + x.
    shifted = matrix.copy()
    shifted.data -= 1
    kind = ials.str_to_solver_type({"cg": "CG", "exact": "CHOLESKY", "ials++": "IALSPP"}[solver])
    watch, total = Stopwatch(), 0.0
    watch.start()
    trainer = ials.IALSTrainer(
        shifted, rank, 1.0, LAMBDA, 0.0, 0.1, kind, 3, 64, ials.str_to_loss_type("ORIGINAL"), 42, os.cpu_count(), 5, 5,
    )
    total += watch.lap()["seconds"]
    core = trainer.core_trainer
    core.user, core.item = users, items
    for epoch in range(1, epochs + 1):
        watch.start()
        trainer.run_epoch()
        lap = watch.lap()
        total += lap["seconds"]
        line(epoch=epoch, loss=loss(matrix, core.user, core.item), total_seconds=total, **lap)


def run_cmfrec(solver, matrix, start, rank, epochs):
    """It tells nothing of single epochs: a fit of one and a fit of many, and the difference shared out."""
    from cmfrec import CMF_implicit

    ones = matrix.tocoo()
    ones.data = np.ones_like(ones.data)
    watch, first = Stopwatch(), None
    for count in (1, max(epochs, 2)):
        model = CMF_implicit(
            k=rank, lambda_=LAMBDA, alpha=CONFIDENCE - 1, use_cg=solver == "cg", finalize_chol=False, niter=count,
            use_float=True, precompute_for_predictions=False, nthreads=os.cpu_count(), verbose=False,
        )
        watch.start()
        model.fit(ones)
        lap = watch.lap()
        if first is None:
            first = lap
    each = {key: (lap[key] - first[key]) / (count - 1) for key in lap}
    line(epoch=count, loss=loss(matrix, model.A_, model.B_), total_seconds=lap["seconds"], **each)


def run_spark(solver, matrix, start, rank, epochs):
    import spark_peer

    for answer in spark_peer.train(matrix, rank, epochs, CONFIDENCE, LAMBDA):
        users, items = answer.pop("factors", (None, None))
        line(**answer, **({} if users is None else {"loss": loss(matrix, users, items)}))


if __name__ == "__main__":
    system, solver, data, start, rank, epochs = sys.argv[1:]
    run = {"implicit": run_implicit, "irspack": run_irspack, "cmfrec": run_cmfrec, "spark": run_spark}[system]
    run(solver, load(data), start, int(rank), int(epochs))
    line(peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
