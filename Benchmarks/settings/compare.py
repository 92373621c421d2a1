"""Training without flags, with --auto, and a search of many trials, on sets of different shape.

    compare.py MARQUEE FOLDER [--sets dense,short,…] [--trials 200] [--threads 2]

FOLDER has an event store for each set, such as FOLDER/dense: made by `sets.py` and `marquee import csv --map
user=user,item=item,at=at --kind like`, by `marquee import movielens`, or by `simulate` and `ingest`. For each set it prints
NDCG@20 on the test window (the latest tenth of the events) with the plain defaults, with --auto, and with the best of
`marquee tune`, the ratios to the last, and the search's time as a multiple of the fits' with the plain defaults. `tune` and
--auto look at the validation window only. Figures of one seed.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def train(options, name, *words):
    with tempfile.TemporaryDirectory() as models:
        line = [options.marquee, "train", "--store", options.folder / name, "--models", models, "--promote", "never"]
        line += ["--split", "time:0.9", "--threads", options.threads, *words]
        begin = time.monotonic()
        done = subprocess.run([str(word) for word in line], capture_output=True, text=True)
        seconds = time.monotonic() - begin
        if done.returncode != 0:
            raise SystemExit(f"{name}: {done.stderr}")
        (manifest,) = [json.loads(path.read_text()) for path in Path(models).glob("*/manifest.json")]
    return manifest, seconds


def ndcg(manifest):
    return manifest["evaluation"]["metrics"]["ndcg"]["20"]["value"]


def tuned(options, name):
    line = [options.marquee, "tune", "--store", options.folder / name, "--trials", options.trials]
    line += ["--threads", options.threads, "--log-level", "error"]
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=True)
    # The line to run comes last, broken where the terminal's width asks for it.
    words = shlex.split(done.stdout[done.stdout.rindex("marquee train "):].replace("\\\n", " "))
    kept = words[words.index("--models") + 2:]
    if not kept:
        raise SystemExit(f"{name}: no settings in what tune printed:\n{done.stdout}")
    if "--threads" in kept:
        place = kept.index("--threads")
        del kept[place : place + 2]
    print(f"  {name}: the search chose {' '.join(kept)}", file=sys.stderr, flush=True)
    return train(options, name, *kept)[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("marquee", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", default="ml,sim,dense,short,million,sparse")
    parser.add_argument("--trials", default=200, type=int, help="0 leaves the long search out")
    parser.add_argument("--threads", default=2, type=int)
    options = parser.parse_args()
    print("set       defaults    auto   search  defaults/search  auto/search  search's time in fits  chosen", flush=True)
    for name in options.sets.split(","):
        plain, _ = train(options, name)
        auto, _ = train(options, name, "--auto")
        best = ndcg(tuned(options, name)) if options.trials else float("nan")
        search = auto["chosen_settings"].get("search")
        fit = plain["training"]["seconds"]
        p = auto["parameters"]
        chosen = f"rank {p['rank']}, {p['epochs']} epochs, c {auto['chosen_settings']['strength']:.3g}"
        half_life = auto["weights"].get("half_life_days")
        chosen += f", half-life {half_life:g} days" if half_life else ""
        took = f"{search['seconds'] / fit:.1f} ({search['fits']:.1f} by work)" if search else "no search"
        print(
            f"{name:9} {ndcg(plain):8.4f} {ndcg(auto):8.4f} {best:8.4f} {ndcg(plain) / best:16.3f} {ndcg(auto) / best:12.3f}"
            f"  {took:>21}  {chosen}",
            flush=True,
        )
