#!/usr/bin/env python3
"""Personal lists of users who were not asked for before, plain, filtered and with a key, of several builds in turns.

    python3 Benchmarks/http/lists.py [--films 100000] [--program FILE …] [--rounds 5] [--seconds 3] [--folder DIR]

Each request is for another user, so that no answer is remembered. The filter leaves a tenth of the films. The store and
the model are made in the folder once, by the first program: name the earliest build first, later ones read what it wrote.
A program that does not know a case (filters, keys) is left out of it.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from sample import PROGRAM, Sample, Server, machine, wrk

HERE = os.path.dirname(os.path.abspath(__file__))
FILTER = urllib.parse.quote("year >= 1990 and year < 2000")


class Users:
    """A script for wrk that asks for one user after the other, going on where the last run ended."""

    def __init__(self, path, count, query):
        self.path, self.count, self.query, self.next = path, count, query, 1

    def run(self, server, seconds, headers=()):
        with open(self.path, "w") as script:
            script.write(
                f"local n = {self.next}\nrequest = function()\n  n = n + 1\n"
                f"  return wrk.format('GET', '/v1/users/u' .. (n * 7919 % {self.count}) .. '/recommendations?{self.query}')\n"
                "end\n")
        rate, median, tail = wrk(server.base, seconds, self.path, headers=headers)
        self.next += int(rate * seconds)
        return rate, median, tail


def supports(server, path):
    try:
        urllib.request.urlopen(server.base + path).read()
        return True
    except urllib.error.HTTPError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--folder", help="where the sample lies, or is made")
    parser.add_argument("--program", action="append", help="this checkout's if not given")
    options = parser.parse_args()
    programs = options.program or [PROGRAM]
    with tempfile.TemporaryDirectory() as scratch:
        sample = Sample(
            options.folder or scratch, programs[0], options.films, options.users, events=20 * options.users)
        compare(programs, sample, options, scratch)


def compare(programs, sample, options, scratch):
    bare = os.path.join(scratch, "bare")
    subprocess.run(["cc", "-O2", "-o", bare, os.path.join(HERE, "bare.c"), "-lmicrohttpd"], check=True)
    floor = subprocess.Popen([bare, "8480"], stdout=subprocess.DEVNULL)
    servers = [Server(program, 8481 + i, sample) for i, program in enumerate(programs)]
    state = os.path.join(scratch, "state")
    create = subprocess.run(
        [programs[-1], "keys", "create", "bench", "--scopes", "read", "--rate", "1000000/s", "--state", state, "--format", "json"],
        capture_output=True, text=True)
    guarded = secret = None
    if create.returncode == 0:
        secret = json.loads(create.stdout)["secret"]
        guarded = Server(programs[-1], 8479, sample, "--state", state)
    try:
        cases = []
        for i, server in enumerate(servers):
            cases.append((programs[i], "popular", lambda s=server: wrk(
                s.base + "/v1/items/popular?n=20", options.seconds)))
            for name, query in [("first list", "n=10"), ("first list, a tenth", "n=10&filter=" + FILTER)]:
                if not supports(server, f"/v1/users/u0/recommendations?{query}"):
                    continue
                users = Users(os.path.join(scratch, f"{i}.lua"), options.users, query)
                cases.append((programs[i], name, lambda s=server, u=users: u.run(s, options.seconds)))
        if guarded:
            header = [f"Authorization: Bearer {secret}"]
            cases.append((programs[-1], "popular, with a key", lambda: wrk(
                guarded.base + "/v1/items/popular?n=20", options.seconds, headers=header)))
            users = Users(os.path.join(scratch, "key.lua"), options.users, "n=10")
            cases.append((programs[-1], "first list, with a key", lambda: users.run(
                guarded, options.seconds, headers=header)))
        cases.append(("", "bare libmicrohttpd", lambda: wrk("http://127.0.0.1:8480/", options.seconds)))
        print(machine())
        results = [[] for _ in cases]
        for turn in range(options.rounds):
            order = range(len(cases)) if turn % 2 == 0 else reversed(range(len(cases)))
            for case in order:
                results[case].append(cases[case][2]())
    finally:
        for server in servers + ([guarded] if guarded else []):
            server.stop()
        floor.terminate()
        floor.wait()
    base = statistics.median(rate for rate, _, _ in results[-1])
    for (program, name, _), runs in zip(cases, results):
        rate, median, tail = (statistics.median(values) for values in zip(*runs))
        print(f"{os.path.basename(os.path.dirname(program)):10} {name:24} {rate:9.0f} req/s {rate / base:6.3f} of bare"
              f"  p50 {median:6.2f} ms  p99 {tail:6.2f} ms")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
