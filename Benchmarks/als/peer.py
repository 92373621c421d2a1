"""One peer, one training, as JSON lines like those of bench-als.

    peer.py SYSTEM SOLVER DATA START RANK EPOCHS

Every system minimises the same loss from the same start factors: confidence 10 for an observed pair, 1 for every other,
plain L2 with λ = 10.
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


def load(data, start, rank):
    data, start = Path(data), Path(start)
    shape = json.loads((data / "shape.json").read_text())
    matrix = sparse.csr_matrix(
        (
            np.fromfile(data / "values.f32", "<f4") * np.float32(CONFIDENCE),
            np.fromfile(data / "columns.i32", "<i4"),
            np.fromfile(data / "starts.i64", "<i8").astype(np.int32),
        ),
        shape=(shape["users"], shape["items"]),
    )
    factors = [np.fromfile(start / name, "<f4").reshape(-1, rank) for name in ("users.f32", "items.f32")]
    return matrix, factors[0], factors[1]


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
    return float(_als.calculate_loss(matrix, users, items, LAMBDA, num_threads=0)) * scale


def run_implicit(solver, matrix, users, items, rank, epochs):
    from implicit.cpu import _als

    step = _als.least_squares_cg if solver == "cg" else _als.least_squares
    watch, total = Stopwatch(), 0.0
    watch.start()
    transposed = matrix.T.tocsr()
    total += watch.lap()["seconds"]
    users, items = users.copy(), items.copy()
    for epoch in range(1, epochs + 1):
        watch.start()
        step(matrix, users, items, LAMBDA, num_threads=0)
        step(transposed, items, users, LAMBDA, num_threads=0)
        lap = watch.lap()
        total += lap["seconds"]
        line(epoch=epoch, loss=loss(matrix, users, items), total_seconds=total, **lap)


def run_irspack(solver, matrix, users, items, rank, epochs):
    from irspack.recommenders import ials

    # Its ORIGINAL loss gives an observed pair alpha0 + x.
    shifted = matrix.copy()
    shifted.data -= 1
    watch, total = Stopwatch(), 0.0
    watch.start()
    trainer = ials.IALSTrainer(
        shifted, rank, 1.0, LAMBDA, 0.0, 0.1, ials.str_to_solver_type({"exact": "CHOLESKY"}.get(solver, solver.upper().replace("IALS++", "IALSPP"))),
        3, 64, ials.str_to_loss_type("ORIGINAL"), 42, os.cpu_count(), 5, 5,
    )
    total += watch.lap()["seconds"]
    trainer.core_trainer.user, trainer.core_trainer.item = users.copy(), items.copy()
    for epoch in range(1, epochs + 1):
        watch.start()
        trainer.run_epoch()
        lap = watch.lap()
        total += lap["seconds"]
        value = loss(matrix, np.ascontiguousarray(trainer.core_trainer.user), np.ascontiguousarray(trainer.core_trainer.item))
        line(epoch=epoch, loss=value, total_seconds=total, **lap)


if __name__ == "__main__":
    system, solver, data, start, rank, epochs = sys.argv[1:]
    matrix, users, items = load(data, start, int(rank))
    run = {"implicit": run_implicit, "irspack": run_irspack}[system]
    run(solver, matrix, users, items, int(rank), int(epochs))
    line(peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
