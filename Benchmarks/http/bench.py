#!/usr/bin/env python3
"""Requests a second of our server beside a bare libmicrohttpd, by wrk, interleaved; prints medians.

    swift build -c release --static-swift-stdlib --product bench-http
    python3 Benchmarks/http/bench.py [--rounds 5] [--seconds 4]

Server and wrk share the machine's cores, so figures compare with each other only.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = os.path.join(ROOT, ".build", "release", "bench-http")


def start(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line.startswith("listening"):
        sys.exit(f"{command[0]} did not start")
    return process


def wrk(url, connections, seconds, script=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    output = subprocess.run(
        command + (["-s", script] if script else []) + [url], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"{url} failed:\n{output}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bare = os.path.join(folder, "bare")
        subprocess.run(["cc", "-O2", "-o", bare, os.path.join(HERE, "bare.c"), "-lmicrohttpd"], check=True)
        users = os.path.join(folder, "users.lua")
        with open(users, "w") as script:
            script.write(
                'local n = 0\nrequest = function()\n  n = (n + 7919) % 5000\n'
                '  return wrk.format("GET", "/v1/users/u" .. n .. "/recommendations?n=20")\nend\n'
            )
        cases = [
            ("bare libmicrohttpd, C", [bare, "8190"], "http://127.0.0.1:8190/", None),
            ("HTTPServer, answered now", [OURS, "now", "8191"], "http://127.0.0.1:8191/", None),
            ("HTTPServer, answered later", [OURS, "later", "8192"], "http://127.0.0.1:8192/", None),
            ("recommendations, n=20", [OURS, "recommend", "8193"], "http://127.0.0.1:8193/", users),
            ("popular, n=20", None, "http://127.0.0.1:8193/v1/items/popular?n=20", None),
            ("liveness", None, "http://127.0.0.1:8193/healthz/live", None),
        ]
        processes = [start(command) for _, command, _, _ in cases if command]
        try:
            results = {name: [] for name, _, _, _ in cases}
            for _ in range(options.rounds):
                for name, _, url, script in cases:
                    results[name].append(wrk(url, options.connections, options.seconds, script))
        finally:
            for process in processes:
                process.terminate()
                process.wait()
    base = statistics.median(rate for rate, _ in results[cases[0][0]])
    for name, runs in results.items():
        rate = statistics.median(rate for rate, _ in runs)
        p99 = statistics.median(p99 for _, p99 in runs)
        print(f"{name:30} {rate:10.0f} req/s  {rate / base:5.2f} of bare  p99 {p99:7.2f} ms", file=sys.stderr)
        print(json.dumps({"case": name, "requests_per_second": rate, "of_bare": rate / base, "p99_ms": p99}))


main()
