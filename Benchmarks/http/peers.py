#!/usr/bin/env python3
"""First personal lists beside FastAPI + uvicorn + `implicit`, and the time of answers at half of saturation.

    python3 -m venv /tmp/peer && /tmp/peer/bin/pip install -r Benchmarks/http/requirements-peer.txt
    python3 Benchmarks/http/peers.py --films 10000 --peer /tmp/peer [--folder DIR] [--rounds 5] [--seconds 3]

`wrk` asks both in turns as fast as they answer, each time for users whom nobody asked for before. Then `pace.c` asks ours at
half of that rate, evenly, whether answers come or not: times count from when a request was due.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from lists import Users
from sample import PROGRAM, Sample, Server, machine

HERE = os.path.dirname(os.path.abspath(__file__))


class Peer:
    """The other service, with as many processes as there are cores."""

    def __init__(self, venv, port, sample):
        self.base = f"http://127.0.0.1:{port}"
        model = os.path.join(sample.models, open(os.path.join(sample.models, "current")).read().strip())
        self.process = subprocess.Popen(
            [os.path.join(venv, "bin", "uvicorn"), "--app-dir", HERE, "--workers", str(os.cpu_count()), "--port", str(port),
             "--no-access-log", "--log-level", "warning", "fastapi_peer:app"],
            env={**os.environ, "MODEL": model, "OPENBLAS_NUM_THREADS": "1"})
        for _ in range(300):
            try:
                urllib.request.urlopen(self.base + "/v1/users/u1/recommendations?n=10").read()
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit("the peer does not get ready")
        time.sleep(2)  # the other process

    def stop(self):
        self.process.terminate()
        self.process.wait()


def compared(options, sample, scratch, ours):
    """The lists a second of both, in turns, and which of our users comes next."""
    peer = Peer(options.peer, 8470, sample)
    try:
        sides = [(name, Users(os.path.join(scratch, name), options.users, "n=10"), server, [])
                 for name, server in [("marquee", ours), ("FastAPI", peer)]]
        for turn in range(options.rounds):
            for _, users, server, rates in sides if turn % 2 == 0 else sides[::-1]:
                rates.append(users.run(server, options.seconds)[0])
    finally:
        peer.stop()
    return {name: statistics.median(rates) for name, _, _, rates in sides}, sides[0][1].next


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--folder")
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--peer", required=True, help="the virtual environment with requirements-peer.txt")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        sample = Sample(
            options.folder or scratch, options.program, options.films, options.users, events=20 * options.users)
        pace = os.path.join(scratch, "pace")
        subprocess.run(["cc", "-O2", "-o", pace, os.path.join(HERE, "pace.c")], check=True)
        print(machine())
        ours = Server(options.program, 8471, sample)
        try:
            rates, first = compared(options, sample, scratch, ours)
            for name, rate in rates.items():
                print(f"{name:10} {rate:8.0f} lists/s")
            print(f"{rates['marquee'] / rates['FastAPI']:.1f} times as many")
            half, runs = rates["marquee"] / 2, []
            for _ in range(options.rounds):
                seconds = 2 * options.seconds
                output = subprocess.run(
                    [pace, "8471", str(half), str(seconds), "64", str(options.users), str(first), "n=10"],
                    capture_output=True, text=True, check=True).stdout
                first += int(half * seconds)
                runs.append(json.loads(output))
        finally:
            ours.stop()
    for name in runs[0]:
        print(f"{name:5} {statistics.median(run[name] for run in runs):9.3f}  at worst {max(run[name] for run in runs):9.3f}")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
