"""Held-out RMSE of explicit ratings on ml-latest-small: marquee, Spark MLlib and cmfrec on the same splits and grid.

    explicit.py [--splits 3] [--ranks 16,32,64] [--lambdas 0.05,0.08,0.1,0.12,0.15] [--epochs 15]

A split holds out a fifth of the ratings by seed; a held-out rating whose film or user has no other is dropped, for all
alike. λ weighs a row's squares by its number of ratings, in Spark always and in cmfrec by `scale_lam`; cmfrec's plain λ is
tried besides, on the same grid times the mean count of a row. MLlib has no biases of its own.
"""

import argparse
import csv
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent / "results/venv/bin/python"


def read():
    import numpy as np

    sys.path.insert(0, str(HERE))
    from bench import SMALL

    users, films, rows = {}, {}, []
    with open(SMALL, newline="") as file:
        for one in csv.DictReader(file):
            user = users.setdefault(one["userId"], len(users))
            film = films.setdefault(one["movieId"], len(films))
            rows.append((user, film, float(one["rating"])))
    return np.array(rows), len(users), len(films)


def split(ratings, seed):
    import numpy as np

    held = np.random.default_rng(seed).random(len(ratings)) < 0.2
    train, test = ratings[~held], ratings[held]
    known = np.isin(test[:, 0], train[:, 0]) & np.isin(test[:, 1], train[:, 1])
    return train, test[known]


def write(folder, ratings, users, items):
    import numpy as np

    rows = ratings[np.lexsort((ratings[:, 1], ratings[:, 0]))]
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[:, 0].astype(int), minlength=users))])
    folder.mkdir()
    starts.astype("<i8").tofile(folder / "starts.i64")
    rows[:, 1].astype("<i4").tofile(folder / "columns.i32")
    rows[:, 2].astype("<f4").tofile(folder / "values.f32")
    (folder / "shape.json").write_text(json.dumps({"users": users, "items": items, "entries": len(rows)}))


def rmse(predicted, test):
    return float(((predicted - test[:, 2]) ** 2).mean() ** 0.5)


def marquee(train, test, users, items, grid, epochs):
    from bench import BENCH, lines

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "train"), train, users, items)
        write(Path(folder, "test"), test, users, items)
        for rank, penalty in grid:
            for one in lines([BENCH, "explicit", "--data", f"{folder}/train", "--test", f"{folder}/test", "--rank", rank,
                              "--lambda", penalty, "--epochs", epochs]):
                yield one["system"], rank, penalty, one["rmse"]


def cmfrec(train, test, users, items, grid, epochs):
    import scipy.sparse as sparse
    from cmfrec import CMF

    matrix = sparse.coo_matrix(
        (train[:, 2].astype("f4"), (train[:, 0].astype("i4"), train[:, 1].astype("i4"))), shape=(users, items))
    mean_count = len(train) / users
    for rank, penalty in grid:
        for name, settings in (("cmfrec", {"lambda_": penalty, "scale_lam": True}),
                               ("cmfrec, plain λ", {"lambda_": penalty * mean_count})):
            model = CMF(k=rank, niter=epochs, use_cg=False, nthreads=os.cpu_count(), verbose=False, random_state=1,
                        precompute_for_predictions=False, **settings)
            model.fit(matrix)
            yield name, rank, penalty, rmse(model.predict(test[:, 0].astype(int), test[:, 1].astype(int)), test)


def spark(train, test, users, items, grid, epochs):
    import numpy as np
    import pyarrow
    import pyarrow.parquet as parquet
    from pyspark.ml.recommendation import ALS
    from pyspark.sql import SparkSession

    session = (SparkSession.builder.master(f"local[{os.cpu_count()}]").config("spark.ui.enabled", "false")
               .config("spark.sql.shuffle.partitions", os.cpu_count()).getOrCreate())
    session.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        table = {"user": train[:, 0].astype("<i4"), "item": train[:, 1].astype("<i4"), "rating": train[:, 2].astype("<f4")}
        parquet.write_table(pyarrow.table(table), f"{folder}/train.parquet")
        frame = session.read.parquet(f"{folder}/train.parquet").cache()
        for rank, penalty in grid:
            for name, positive in (("Spark MLlib", False), ("Spark MLlib, non-negative", True)):
                model = ALS(rank=rank, maxIter=epochs, regParam=penalty, nonnegative=positive, userCol="user",
                            itemCol="item", ratingCol="rating", seed=1).fit(frame)
                factors = []
                for side, count in ((model.userFactors, users), (model.itemFactors, items)):
                    found = side.toPandas()
                    dense = np.zeros((count, rank))
                    dense[found["id"].to_numpy()] = np.stack(found["features"].to_numpy())
                    factors.append(dense)
                predicted = (factors[0][test[:, 0].astype(int)] * factors[1][test[:, 1].astype(int)]).sum(axis=1)
                yield name, rank, penalty, rmse(predicted, test)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--ranks", default="16,32,64")
    parser.add_argument("--lambdas", default="0.05,0.08,0.1,0.12,0.15")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--systems", default="marquee,cmfrec,spark")
    options = parser.parse_args()
    ratings, users, items = read()
    grid = [(int(rank), float(one)) for rank in options.ranks.split(",") for one in options.lambdas.split(",")]
    found = {}
    for seed in range(1, options.splits + 1):
        train, test = split(ratings, seed)
        for name in options.systems.split(","):
            run = {"marquee": marquee, "cmfrec": cmfrec, "spark": spark}[name]
            try:
                for system, rank, penalty, error in run(train, test, users, items, grid, options.epochs):
                    found.setdefault(system, {}).setdefault((rank, penalty), []).append(error)
            except ImportError as missing:
                print(f"explicit: without {name}: {missing}")
        print(f"explicit: split {seed} done", file=sys.stderr, flush=True)
    lambdas = [float(one) for one in options.lambdas.split(",")]
    lines = ["| system | rank | " + " | ".join(f"λ {one}" for one in lambdas) + " |", "|---|---" + "|---" * len(lambdas) + "|"]
    for system, cells in found.items():
        for rank in map(int, options.ranks.split(",")):
            lines.append(f"| {system} | {rank} | " + " | ".join(
                f"{statistics.mean(cells[rank, one]):.4f}" for one in lambdas) + " |")
    for system, cells in found.items():
        best = min(cells, key=lambda cell: statistics.mean(cells[cell]))
        lines.append(f"{system}: best {statistics.mean(cells[best]):.4f} at rank {best[0]}, λ {best[1]}")
    print("\n".join(lines))
    (HERE.parent / "results/explicit.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    # numpy, cmfrec and pyspark are in the peers' environment.
    if Path(sys.prefix) != PYTHON.parent.parent:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    main()
