"""Times content lists of two builds in turns, and Lucene's own time for the same questions in a process of its own.

compare.py BEFORE AFTER [--copies N] [--rounds N] [--lucene FOLDER]
    BEFORE, AFTER   builds of bench-similarity; that of an older commit with this folder's main.swift put into it
    FOLDER          has lucene-core and lucene-analysis-common of version 9.5 or newer, and JAVA, or java, can run it

Times are processor time of one thread, medians over the rounds of the median of 1,000 questions.
"""
import argparse
import collections
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

here = pathlib.Path(__file__).resolve().parent
films = here.parents[2] / "shared/data/tmdb/tmdb_5000_movies.csv"
parser = argparse.ArgumentParser()
parser.add_argument("before")
parser.add_argument("after")
parser.add_argument("--copies", default="2", help="multiplies the 4,803 films")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--lucene")
arguments = parser.parse_args()
found = collections.defaultdict(lambda: collections.defaultdict(list))
checksums = collections.defaultdict(set)


def note(name, command):
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        if match := re.search(r"(\d+) liked: median ([\d.]+)", line):
            found[int(match[1])][name].append(float(match[2]))
        if line.startswith("checksum"):
            checksums[name].add(line.split()[1])


with tempfile.TemporaryDirectory() as folder:
    if arguments.lucene:
        subprocess.run([arguments.after, films, arguments.copies, "write", folder], check=True)
    for _ in range(arguments.rounds):
        note("before", [arguments.before, films, arguments.copies])
        note("after", [arguments.after, films, arguments.copies])
        if arguments.lucene:
            note("lucene", [os.environ.get("JAVA", "java"), "-XX:+UseSerialGC", "-cp", f"{arguments.lucene}/*", here / "LuceneSimilarity.java", folder])
print(f"load {os.getloadavg()[0]:.1f}, checksums {dict(checksums)}")
for liked, times in sorted(found.items()):
    medians = {name: statistics.median(each) for name, each in times.items()}
    print(f"{liked} liked:", ", ".join(f"{name} {each:.1f} µs" for name, each in medians.items()),
          f"; {medians['before'] / medians['after']:.1f}×")
