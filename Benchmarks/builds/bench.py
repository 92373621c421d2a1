#!/usr/bin/env python3
"""This build beside an earlier one, in turns on the same data: ingest, scan, training and REST. Prints medians and ratios.

    python3 Benchmarks/builds/bench.py --before COMMIT_OR_PROGRAM [--rounds 5] [--events 1000000]

A commit is cloned and built in a temporary folder first. Every stage runs the two programs in turns, before first in
one round and after first in the next, so that a busy machine hurts both alike.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
AFTER = os.path.join(ROOT, ".build", "release", "marquee")


def build(commit, folder):
    """The program as it was at a commit."""
    clone = os.path.join(folder, "before")
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    subprocess.run(["git", "-C", clone, "checkout", "--quiet", commit], check=True)
    command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "marquee"]
    subprocess.run(command, cwd=clone, check=True, stdout=sys.stderr)
    return os.path.join(clone, ".build", "release", "marquee")


# The gate kept the model in service, or refused the new one: it was trained all the same.
DONE = (0, 10, 11)
# By program, the folder of its keys and kept answers: of another build's it may know nothing, and full of old ones it is slower.
STATES = {}


def environment(program):
    return {**os.environ, "MARQUEE_STATE": STATES[program]}


def run(*command):
    """Seconds that a command takes as a whole process."""
    start = time.monotonic()
    done = subprocess.run(
        command, env=environment(command[0]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in DONE:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return time.monotonic() - start


def wrk(url, seconds, script=None):
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s"] + (["-s", script] if script else []) + [url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"{url} failed:\n{output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])


class Server:
    """`marquee serve` of one build on a port of its own."""

    def __init__(self, program, port, data, models):
        self.base = f"http://127.0.0.1:{port}"
        command = [program, "serve", "--store", data, "--models", models, "--port", str(port)]
        self.process = subprocess.Popen(
            command, env=environment(program), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(self.base + "/healthz/ready").read()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{program} serve does not get ready")

    def processor(self):
        """Seconds of processor time so far, all threads."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def in_turns(rounds, programs, measure):
    """By program, what `measure(which)` gave in each round."""
    results = [[], []]
    for turn in range(rounds):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            results[which].append(measure(programs[which]))
    return results


def report(name, results, unit, more_is_better):
    before, after = (statistics.median(values) for values in results)
    speed = after / before if more_is_better else before / after
    print(f"{name:34} {before:12.3f} {after:12.3f} {unit:7} {speed:5.2f}", flush=True)
    line = {"case": name, "unit": unit, "before": results[0], "after": results[1], "speed": round(speed, 3)}
    print(json.dumps(line), file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", help="a commit, or a built program")
    parser.add_argument("--after", default=AFTER, help="a built program; this checkout's if not given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=3, help="of each run of wrk")
    options = parser.parse_args()
    if not options.before:
        print("skipped: --before names no commit to compare with")
        return
    with tempfile.TemporaryDirectory() as folder:
        before = options.before
        if not os.path.isfile(before):
            before = build(before, folder)
        programs = [os.path.abspath(before), os.path.abspath(options.after)]
        compare(programs, options, folder)


def compare(programs, options, folder):
    path = lambda name: os.path.join(folder, name)
    for number, program in enumerate(programs):
        STATES[program] = path(f"state{number}")
    processor = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    print(f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}")
    print(f"{options.rounds} rounds in turns, {options.events:,} events; the last column is how many times as fast\n")
    print(f"{'':34} {'before':>12} {'after':>12}")

    # One broker, of the earlier build, for both.
    broker = subprocess.Popen([programs[0], "broker", "--bootstrap-file", path("broker")], stdout=subprocess.DEVNULL)
    try:
        while not os.path.exists(path("broker")) or not open(path("broker")).read().strip():
            time.sleep(0.1)
        servers = open(path("broker")).read().strip()
        run(programs[0], "simulate", "--bootstrap-servers", servers, "--count", str(options.events))
        stores = iter(range(1000))

        def ingest(program):
            store = path(f"store{next(stores)}")
            seconds = run(program, "ingest", "--bootstrap-servers", servers, "--store", store, "--until-end")
            shutil.rmtree(path("data"), ignore_errors=True)
            os.rename(store, path("data"))
            return seconds

        report("ingest", in_turns(options.rounds, programs, ingest), "s", False)
        # What follows reads a store and a model that the earlier build made.
        ingest(programs[0])
    finally:
        broker.terminate()
        broker.wait()
    data, events = path("data"), path("data/events")
    report("store cat, all rows as JSON",
           in_turns(options.rounds, programs, lambda p: run(p, "store", "cat", events)), "s", False)
    seeds = iter(range(1, 1000))  # one recipe and version is published once
    train = lambda p: run(p, "train", "--store", data, "--models", path("trained"), "--rank", "64",
                          "--seed", str(next(seeds)),
                          "--alpha0", "0.1", "--lambda", "0.01", "--promote", "never")
    report("train, rank 64, with evaluation", in_turns(options.rounds, programs, train), "s", False)

    run(programs[0], "train", "--store", data, "--models", path("models"), "--rank", "64", "--promote", "always")
    users = path("users.lua")
    with open(users, "w") as script:
        script.write('local n = 0\nrequest = function()\n  n = (n + 7919) % 5000\n'
                     '  return wrk.format("GET", "/v1/users/u" .. n .. "/recommendations?n=20")\nend\n')
    servers = {p: Server(p, 8190 + i, data, path("models")) for i, p in enumerate(programs)}
    try:
        for name, route, script in [
            ("GET /healthz/live", "/healthz/live", None),
            ("GET /v1/items/popular?n=20", "/v1/items/popular?n=20", None),
            ("GET /v1/users/{u}/recommendations", "/", users),
        ]:
            def ask(program):
                server = servers[program]
                before = server.processor()
                speed = wrk(server.base + route, options.seconds, script)
                return speed, (server.processor() - before) * 1e6 / (speed * options.seconds)

            in_turns(1, programs, ask)  # answers of content similarity get remembered
            rounds = in_turns(options.rounds, programs, ask)
            report(name, [[speed for speed, _ in each] for each in rounds], "req/s", True)
            report("  processor time a request", [[time for _, time in each] for each in rounds], "us", False)
    finally:
        for server in servers.values():
            server.stop()


main()
