"""Imports a generated data set of MovieLens' shape twice: into an empty store, and into the one that has it all.

Usage: bench.py [RATINGS]    (5,000,000 by default; MARQUEE names another binary)
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MARQUEE = os.environ.get("MARQUEE", str(Path(__file__).parents[2] / ".build/release/marquee"))


def generate(folder: Path, count: int) -> None:
    """Users one after the other, each with some sessions in 24 years; their ratings by film, as GroupLens sorts them."""
    chance = random.Random(5)
    with open(folder / "ratings.csv", "w") as file:
        file.write("userId,movieId,rating,timestamp\n")
        user = rows = 0
        while rows < count:
            user += 1
            size = min(count - rows, max(20, int(chance.lognormvariate(4.3, 1.1))))
            start = int(820e6 + chance.random() * 750e6)
            sessions = [start] + [start + int(chance.random() * 30e6) for _ in range(size // 100)]
            films = sorted({int(60000 ** chance.random()) for _ in range(size)})
            for film in films:
                stars = (int(chance.random() * 10) + 1) / 2
                at = sessions[int(chance.random() * len(sessions))] + int(chance.random() * 7200)
                file.write(f"{user},{film},{stars},{at}\n")
            rows += len(films)
    with open(folder / "movies.csv", "w") as file:
        file.write("movieId,title,genres\n")
        for film in range(1, 60001):
            file.write(f'{film},"Film {film}, The ({1950 + film % 70})",Drama|War\n')


def run(data: Path, store: Path) -> str:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    command = [MARQUEE, "import", "movielens", str(data), "--store", str(store)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    files = sum(1 for _ in (store / "events").rglob("*.parquet"))
    lines = ", ".join(output.splitlines()[:2])
    return f"{seconds:.1f} s, {processor:.1f} s of processor time, {after.ru_maxrss / 1024:.0f} MiB, {files} files: {lines}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    with tempfile.TemporaryDirectory() as folder:
        data, store = Path(folder) / "data", Path(folder) / "store"
        data.mkdir()
        generate(data, count)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {count} ratings")
        for title in ["first", "again"]:
            print(f"{title}: {run(data, store)}", flush=True)


main()
