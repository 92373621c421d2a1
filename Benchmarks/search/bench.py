"""Times search in this process beside Lucene, and our client of Elasticsearch beside the Python one, on the same films.

bench.py [--copies N]    needs ../shared/data/tmdb; Lucene where Java and liblucene8-java are; Elasticsearch where
                         ../shared/servers is; the Python client where `elasticsearch` can be imported (./setup).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[2]
here = pathlib.Path(__file__).resolve().parent
shared = root.parent / "shared"
parser = argparse.ArgumentParser()
parser.add_argument("--copies", default="21", help="multiplies the 4,803 films")
parser.add_argument("--server-copies", default="4", help="the same for the search service")
arguments = parser.parse_args()
source = shared / "data/tmdb/tmdb_5000_movies.csv"
if not source.exists():
    sys.exit(f"bench: {source} is not there")
bench = root / ".build/release/bench-search"
jars = [f"/usr/share/java/{name}-8.7.0.jar" for name in ("lucene-core", "lucene-queries", "lucene-analyzers-common")]

with tempfile.TemporaryDirectory() as folder:
    films = pathlib.Path(folder) / "films.jsonl"
    subprocess.run([bench, "films", source, arguments.copies, films], check=True)
    for _ in range(2):
        subprocess.run([bench, "embedded", source, arguments.copies], check=True)
        if all(pathlib.Path(jar).exists() for jar in jars):
            rows = pathlib.Path(folder) / "films.tsv"
            with open(rows, "w", encoding="utf-8") as out:
                for line in open(films, encoding="utf-8"):
                    film = json.loads(line)
                    cells = [film["item_id"], film["title"], film.get("overview", "")]
                    out.write("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in cells) + "\n")
            subprocess.run(["java", "-cp", ":".join(jars), here / "LuceneSearch.java", rows, f"{films}.questions"],
                           check=True)
    start = shared / "servers/elasticsearch/start"
    if start.exists():
        subprocess.run([bench, "films", source, arguments.server_copies, films], check=True)
        data = pathlib.Path(folder) / "server"
        with open(pathlib.Path(folder) / "url", "w+") as sink:
            # Through a file: the server keeps the script's pipe open.
            subprocess.run([start, "--data", data, "--nine"], check=True, stdout=sink)
            sink.seek(0)
            url = sink.read().strip().removeprefix("url=")
        try:
            for _ in range(2):
                subprocess.run([bench, "service", source, arguments.server_copies, url], check=True)
                subprocess.run([sys.executable, here / "client.py", url, films], check=False)
        finally:
            subprocess.run([shared / "servers/stop", data, "-9"])
