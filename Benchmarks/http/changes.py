#!/usr/bin/env python3
"""How long changes take to be in service: a promotion, a rollback, an edit of the catalogue, while lists are asked for.

    python3 Benchmarks/http/changes.py [--films 100000] [--rounds 5] [--folder DIR] [--program FILE …]

Times are from the sending of the request to the first list that shows the change. The store and the models are made in
the folder once; several programs are measured one after the other.
"""
import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from sample import PROGRAM, Sample, Server, machine, run


class Client:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.base.removeprefix("http://"), timeout=60)

    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)


class Load:
    """Somebody who asks for lists all the time, and counts those that took long."""

    def __init__(self, server):
        self.client, self.ended, self.seconds = Client(server), False, []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        number = 0
        while not self.ended:
            number += 1
            start = time.perf_counter()
            self.client.ask("GET", f"/v1/users/u{number % 5000}/recommendations?n=10")
            self.seconds.append(time.perf_counter() - start)
            time.sleep(0.002)

    def stop(self):
        self.ended = True
        self.thread.join()
        return max(self.seconds)


def until(condition):
    while not condition():
        time.sleep(0.002)


def measure(program, sample, port, rounds):
    server = Server(program, port, sample, "--state", os.path.join(sample.folder, "state"))
    client, load = Client(server), Load(server)
    times = {}

    def note(name, start):
        times.setdefault(name, []).append(time.perf_counter() - start)

    def serving():
        return client.ask("GET", "/v1/items/popular?n=1")["model"]["id"]

    try:
        models = sorted(model["id"] for model in client.ask("GET", "/v1/models")["models"])[:3]
        for turn in range(rounds):
            # One that is not laid out: two are kept.
            target = next(model for model in models if model != serving())
            models = [model for model in models if model != target] + [target]
            start = time.perf_counter()
            run(program, "models", "promote", "--models", sample.models, target)
            note("promoted by command, to the first list", start)
            until(lambda: serving() == target)
            note("promoted by command, swapped", start)
            start = time.perf_counter()
            client.ask("POST", "/v1/models/rollback", {"reason": "bench"})
            until(lambda: serving() != target)
            note("rolled back by one call", start)
            run(program, "models", "unpin", "--models", sample.models)
        for turn in range(rounds):
            film = f"f{1000 + turn}"
            start = time.perf_counter()
            client.ask("PATCH", f"/v1/items/{film}", {"title": f"Title {start}"})
            note("an edit, to its answer", start)
            path = f"/v1/items/{film}"
            until(lambda: client.ask("GET", path)["title"] == f"Title {start}")
            note("an edit, visible", start)
            start = time.perf_counter()
            client.ask("PUT", f"/v1/items/new{start}", {"title": "New", "release_date": "2020-01-01", "overview": "new"})
            until(lambda: client.ask("GET", f"/v1/items/new{start}")["title"] == "New")
            note("a new film, visible", start)
    finally:
        slowest = load.stop()
        server.stop()
    print(f"\n{program}")
    for name, seconds in times.items():
        print(f"  {name:40} median {statistics.median(seconds) * 1000:8.0f} ms, most {max(seconds) * 1000:8.0f} ms")
    print(f"  {'a list meanwhile':40} most {slowest * 1000:8.0f} ms of {len(load.seconds)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="where the sample lies, or is made")
    parser.add_argument("--program", action="append", help="this checkout's if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sample = Sample(
            options.folder or folder, PROGRAM, options.films, users=20_000, events=500_000, trainings=3)
        print(machine())
        for port, program in enumerate(options.program or [PROGRAM], 8390):
            measure(program, sample, port, options.rounds)


main()
