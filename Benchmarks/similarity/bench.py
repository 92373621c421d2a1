"""Times the embedded content index and Elasticsearch over the same films, in turns by question.

bench.py [--copies N]    needs ../shared/data/tmdb; Elasticsearch only where ../shared/servers is.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
shared = root.parent / "shared"
parser = argparse.ArgumentParser()
parser.add_argument("--copies", default="1", help="multiplies the 4,803 films")
arguments = parser.parse_args()
films = shared / "data/tmdb/tmdb_5000_movies.csv"
if not films.exists():
    sys.exit(f"bench: {films} is not there")
command = [root / ".build/release/bench-similarity", films, arguments.copies]
start = shared / "servers/elasticsearch/start"
if not start.exists():
    sys.exit(subprocess.run(command).returncode)
with tempfile.TemporaryDirectory() as data, tempfile.NamedTemporaryFile("r") as output:
    # Through a file: the server keeps the script's pipe open.
    with open(output.name, "w") as sink:
        subprocess.run([start, "--data", data], check=True, stdout=sink)
    url = output.read().strip().removeprefix("url=")
    try:
        sys.exit(subprocess.run(command + [url]).returncode)
    finally:
        subprocess.run([shared / "servers/stop", data, "-9"])
