"""ALS by others, for the tests of Sources/Trainer/ALS.

    reference.py implicit FOLDER   epochs of the PyPI library `implicit`, both solvers
    reference.py numpy FOLDER      epochs by numpy.linalg.solve, from the equations of ALSParameters

FOLDER holds problem.json {users, items, rank, epochs, alpha0, lambda, nu} and, little-endian and without headers:
starts.i64, columns.i32, values.f32 (the interactions by user), users.f32 and items.f32 (start factors, row-major).
Writes one JSON object to stdout; numpy also leaves its final factors in FOLDER.
"""

import json
import sys
from pathlib import Path

import numpy as np
import scipy.sparse as sparse


class Problem:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.settings = json.loads((self.folder / "problem.json").read_text())
        s = self.settings
        self.interactions = sparse.csr_matrix(
            (self.read("values.f32"), self.read("columns.i32"), self.read("starts.i64")),
            shape=(s["users"], s["items"]),
        )
        self.users = self.read("users.f32").reshape(s["users"], s["rank"])
        self.items = self.read("items.f32").reshape(s["items"], s["rank"])

    def read(self, name):
        kind = {".i64": "<i8", ".i32": "<i4", ".f32": "<f4"}[Path(name).suffix]
        return np.fromfile(self.folder / name, dtype=kind)

    def loss(self, P, Q, additive):
        """The loss of ALSParameters, dense and in float64: the definition, not an algorithm."""
        s = self.settings
        P, Q = P.astype(np.float64), Q.astype(np.float64)
        scores = P @ Q.T
        C = self.interactions.toarray().astype(np.float64)
        seen = self.interactions.astype(bool).toarray()
        unobserved = s["alpha0"] * np.square(scores)
        if not additive:
            unobserved = unobserved * ~seen
        counts = [seen.sum(axis=1), seen.sum(axis=0)]
        ridges = [
            s["lambda"] * (count + s["alpha0"] * others) ** s["nu"]
            for count, others in zip(counts, (s["items"], s["users"]))
        ]
        return float(
            np.sum(np.abs(C) * np.square((C > 0) - scores))
            + unobserved.sum()
            + ridges[0] @ np.square(P).sum(axis=1)
            + ridges[1] @ np.square(Q).sum(axis=1)
        )


def run_implicit(problem):
    from implicit.cpu import _als
    from implicit.cpu.als import AlternatingLeastSquares

    s = problem.settings
    result = {}
    for name, use_cg in (("cg", True), ("exact", False)):
        model = AlternatingLeastSquares(
            factors=s["rank"], regularization=s["lambda"], iterations=s["epochs"], use_cg=use_cg,
            num_threads=1, calculate_training_loss=True,
        )
        model.user_factors = problem.users.copy()
        model.item_factors = problem.items.copy()
        losses, reported = [], []
        # implicit divides its loss by this.
        scale = np.abs(problem.interactions.data.astype(np.float64)).sum() + (
            s["users"] * s["items"] - problem.interactions.nnz
        )

        def remember(iteration, elapsed, loss):
            losses.append(problem.loss(model.user_factors, model.item_factors, additive=False))
            reported.append(float(loss) * float(scale))

        model.fit(problem.interactions, show_progress=False, callback=remember)
        result[name] = {"losses": losses, "reported": reported}
    return result


def run_numpy(problem):
    s = problem.settings
    P, Q = problem.users.astype(np.float64), problem.items.astype(np.float64)
    losses = []

    def solve(rows, Y):
        gramian = s["alpha0"] * Y.T @ Y
        X = np.zeros((rows.shape[0], s["rank"]))
        for u in range(rows.shape[0]):
            entries = slice(rows.indptr[u], rows.indptr[u + 1])
            y, c = Y[rows.indices[entries]], rows.data[entries].astype(np.float64)
            if len(c) == 0:
                continue
            ridge = s["lambda"] * (len(c) + s["alpha0"] * rows.shape[1]) ** s["nu"]
            A = gramian + (y.T * np.abs(c)) @ y + ridge * np.eye(s["rank"])
            X[u] = np.linalg.solve(A, y.T @ np.maximum(c, 0))
        return X

    by_user = problem.interactions
    by_item = by_user.T.tocsr()
    for _ in range(s["epochs"]):
        P = solve(by_user, Q)
        Q = solve(by_item, P)
        losses.append(problem.loss(P, Q, additive=True))
    P.astype("<f4").tofile(problem.folder / "users.out.f32")
    Q.astype("<f4").tofile(problem.folder / "items.out.f32")
    return {"losses": losses}


if __name__ == "__main__":
    run = {"implicit": run_implicit, "numpy": run_numpy}[sys.argv[1]]
    print(json.dumps(run(Problem(sys.argv[2]))))
