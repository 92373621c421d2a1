"""Imports a data set of MovieLens' shape twice: into an empty store, and into the one that has it all. Then reads the
columns that training reads, five times.

Usage: bench.py [RATINGS | FOLDER]    (5,000,000 generated ratings by default; MARQUEE names another binary)
"""

import os
import random
import resource
import statistics
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


def scan(store: Path) -> str:
    columns = "user_id,item_id,kind,value,at"
    times = []
    for _ in range(5):
        started = time.monotonic()
        command = [MARQUEE, "store", "cat", str(store / "events"), "--columns", columns, "--format", "csv"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - started)
    return f"{statistics.median(times):.2f} s, median of five"


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else "5000000"
    with tempfile.TemporaryDirectory() as folder:
        data, store = Path(folder) / "data", Path(folder) / "store"
        if given.isdigit():
            data.mkdir()
            generate(data, int(given))
        else:
            data = Path(given)
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {given}")
        for title in ["first", "again"]:
            print(f"{title}: {run(data, store)}", flush=True)
        print(f"scan of what training reads: {scan(store)}")


main()
