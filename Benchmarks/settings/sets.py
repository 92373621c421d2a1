"""The six sets of different shape that training without flags is measured on, as CSV files of events.

    sets.py FOLDER [--scale 1.0]     # makes sparse.csv, dense.csv, short.csv, million.csv (needs numpy)

Users and items have planted tastes: vectors of eight numbers. A user meets items by their popularity, which falls by a
power law, and takes those that suit the taste; a tenth is taken at random. Times are spread evenly over a year, so that a
split by time leaves every user a past and a future. The other two sets are ml-latest-small and the simulator's history.
"""

import argparse
from pathlib import Path

import numpy as np

# users, items, events
SHAPES = {
    "sparse": (30_000, 40_000, 800_000),
    "million": (6_000, 4_000, 1_000_000),
    "dense": (2_000, 400, 100_000),
    "short": (40_000, 3_000, 120_000),
}


def events(users, items, count, seed):
    rng = np.random.default_rng(seed)
    factors = 8
    tastes = rng.normal(size=(users, factors))
    kinds = rng.normal(size=(items, factors))
    popularity = 1 / (10 + np.arange(items)) ** 0.8
    popularity /= popularity.sum()
    activity = rng.lognormal(0, 0.7, users)
    lengths = np.maximum(1, np.round(count * activity / activity.sum()).astype(int))
    lengths = np.minimum(lengths, items // 3)
    rows = []
    for user in range(users):
        n = lengths[user]
        met = np.unique(rng.choice(items, size=min(items, 12 * n + 50), p=popularity))
        chance = kinds[met] @ tastes[user] / np.sqrt(factors) * 1.5 + rng.gumbel(size=len(met))
        chance[rng.random(len(met)) < 0.1] += 2
        taken = met[np.argsort(-chance)[:n]]
        rows.append(np.stack([np.full(len(taken), user), taken], axis=1))
    pairs = np.concatenate(rows)
    times = rng.integers(1_700_000_000, 1_731_536_000, len(pairs))
    order = np.argsort(times, kind="stable")
    return pairs[order], times[order]


def write(path, users, items, count, seed=1):
    pairs, times = events(users, items, count, seed)
    with open(path, "w") as file:
        file.write("user,item,at\n")
        file.writelines(f"u{u},i{i},{t}\n" for (u, i), t in zip(pairs.tolist(), times.tolist()))
    return len(pairs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="of users and events; items stay")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, (users, items, count) in SHAPES.items():
        made = write(
            options.folder / f"{name}.csv", int(users * options.scale), items, int(count * options.scale))
        print(f"{name}: {made} events")
