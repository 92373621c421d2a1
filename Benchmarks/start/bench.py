#!/usr/bin/env python3
"""How long `serve` takes from the start of its process to its first list, and what memory it then has, with a large model.

    python3 Benchmarks/start/bench.py [--gigabytes 1] [--items 10000] [--rank 64] [--rounds 3] [--program FILE …] [--folder DIR]

The model has random factors of falling lengths and 20 liked items a user; it is written once. Each round starts the server,
asks for one user's list until it comes, and reads the process's memory; once with the files in the page cache, once after the
system was asked to drop them (needs root).
"""
import argparse
import hashlib
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Benchmarks", "http"))
from sample import PROGRAM, Sample, machine  # noqa: E402

NAMES = {"float32": "F32", "int64": "I64", "int32": "I32", "uint8": "U8"}
LIKED = 20


def write_tensors(folder, name, tensors):
    """A safetensors file: the length of the head, the head, the tensors. Says its entry in the manifest."""
    head, end = {}, 0
    for key, tensor in tensors.items():
        head[key] = {
            "dtype": NAMES[str(tensor.dtype)], "shape": list(tensor.shape), "data_offsets": [end, end + tensor.nbytes]}
        end += tensor.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    digest = hashlib.sha256(struct.pack("<Q", len(text)) + text)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            digest.update(memoryview(numpy.ascontiguousarray(tensor)).cast("B"))
            tensor.tofile(file)
    return {"bytes": 8 + len(text) + end, "sha256": digest.hexdigest()}


def identifiers(what, prefix, count):
    texts = [f"{prefix}{n}".encode() for n in range(count)]
    starts = numpy.zeros(count + 1, numpy.int64)
    numpy.cumsum([len(text) for text in texts], out=starts[1:])
    order = sorted(range(count), key=texts.__getitem__)
    return {
        f"{what}_starts": starts, f"{what}_order": numpy.array(order, numpy.int32),
        f"{what}_bytes": numpy.frombuffer(b"".join(texts), numpy.uint8)}


def write_model(models, manifest, items, users, rank):
    """Random factors, the items' lengths falling as 1/sqrt(n), in the place of the model that the manifest is of."""
    written = os.path.join(models, "written")
    os.makedirs(written)
    chance = numpy.random.default_rng(1)
    lengths = (1 / numpy.sqrt(1 + numpy.arange(items)))[:, None]
    q = (chance.standard_normal((items, rank), numpy.float32) * lengths).astype(numpy.float32)
    files = {"factors.safetensors": write_tensors(written, "factors.safetensors", {
        "user_factors": chance.standard_normal((users, rank), numpy.float32), "item_factors": q,
        "item_norms": numpy.linalg.norm(q, axis=1).astype(numpy.float32)})}
    ids = identifiers("user", "u", users) | identifiers("item", "f", items)
    # What needs to be aligned comes first.
    files["ids.safetensors"] = write_tensors(
        written, "ids.safetensors", dict(sorted(ids.items(), key=lambda entry: -entry[1].itemsize)))
    step = items // LIKED
    liked = (numpy.arange(LIKED) * step)[None, :] + chance.integers(0, step, (users, LIKED))
    liked = liked.reshape(-1).astype(numpy.int32)
    files["history.safetensors"] = write_tensors(written, "history.safetensors", {
        "user_starts": numpy.arange(users + 1, dtype=numpy.int64) * LIKED,
        "user_last_at": numpy.full(users, 1_700_000_000_000_000, numpy.int64), "items": liked,
        "confidences": numpy.ones(len(liked), numpy.float32),
        "item_users": numpy.bincount(liked, minlength=items).astype(numpy.int32)})
    digest = files["factors.safetensors"]["sha256"]
    name = manifest["id"].split("-")[0] + "-" + digest[:8]
    manifest |= {"id": name, "factors_sha256": digest, "files": files}
    manifest["parameters"]["rank"] = rank
    manifest["data"] |= {"users": users, "items": items, "interactions": len(liked), "liked": len(liked)}
    for key in ("blend", "content", "drift"):
        manifest.pop(key, None)
    with open(os.path.join(written, "manifest.json"), "w") as file:
        json.dump(manifest, file)
    os.rename(written, os.path.join(models, name))
    with open(os.path.join(models, "current"), "w") as file:
        file.write(name + "\n")
    return sum(entry["bytes"] for entry in files.values())


class Large:
    """A store with a catalogue, and a model of that many users in the place of the one trained from it."""

    def __init__(self, folder, program, items, users, rank):
        small = Sample(folder, program, items, 2_000, events=100_000, rank=rank)
        self.folder, self.data, self.models = folder, small.data, small.models
        if not os.path.exists(os.path.join(folder, "large")):
            current = open(os.path.join(self.models, "current")).read().strip()
            manifest = json.load(open(os.path.join(self.models, current, "manifest.json")))
            write_model(self.models, manifest, items, users, rank)
            open(os.path.join(folder, "large"), "w").close()


def drop_cache():
    try:
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3")
        return True
    except OSError:
        return False


def start(program, large, port=8475):
    """Seconds until the first list, and resident MB: of its own, and of files, when it came and after 200 lists."""
    state = os.path.join(large.folder, "state")
    shutil.rmtree(state, ignore_errors=True)
    began = time.monotonic()
    process = subprocess.Popen(
        [os.path.abspath(program), "serve", "--store", large.data, "--models", large.models, "--port", str(port)],
        cwd=large.folder, env={**os.environ, "MARQUEE_STATE": state}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(user):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/users/u{user}/recommendations?n=10") as answer:
            return json.load(answer)

    def resident():
        lines = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status"))
        return [int(lines[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")]

    try:
        while True:
            try:
                ask(1)
                break
            except (OSError, urllib.error.HTTPError):
                if process.poll() is not None or time.monotonic() - began > 120:
                    sys.exit(f"{program} serve does not answer")
                time.sleep(0.005)
        seconds, first = time.monotonic() - began, resident()
        for user in range(200):
            ask(user * 7919)
        return [seconds, *first, *resident()]
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rank", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", action="append")
    parser.add_argument("--folder")
    options = parser.parse_args()
    programs = options.program or [PROGRAM]
    users = int(options.gigabytes * 1e9 / 4 / options.rank) - options.items
    print(machine())
    print(f"{options.items} items and {users} users at rank {options.rank}: {options.gigabytes:g} GB of factors")
    with tempfile.TemporaryDirectory() as scratch:
        large = Large(options.folder or scratch, programs[0], options.items, users, options.rank)
        for cache, prepare in (("warm", lambda: True), ("cold", drop_cache)):
            if not prepare():
                print("cold: left out, the page cache cannot be dropped here")
                continue
            if cache == "warm":
                start(programs[0], large)
            figures = {program: [] for program in programs}
            for _ in range(options.rounds):
                for program in programs:
                    prepare()
                    figures[program].append(start(program, large))
            for program, rows in figures.items():
                seconds, own, files, own_later, files_later = map(statistics.median, zip(*rows))
                print(
                    f"{cache}  {seconds:6.2f} s to the first list; MB then {own:.0f} of its own, {files:.0f} of files; "
                    f"after 200 lists {own_later:.0f}, {files_later:.0f}  {program}")


if __name__ == "__main__":
    main()
