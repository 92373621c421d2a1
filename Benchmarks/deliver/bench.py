#!/usr/bin/env python3
"""Events to PostgreSQL: `marquee` beside a Python consumer, in turns, on one server.

    python3 Benchmarks/deliver/bench.py [--events 200000] [--peer-events 20000] [--rounds 3]

Two jobs: events alone (`marquee ingest --mirror-postgres`, which writes the Delta table too), and events with a fresh list
for each user of a second (`marquee deliver`; the peer asks a running `marquee serve`). Prints medians and ratios.
"""

import argparse
import json
import os
import pwd
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MARQUEE = os.environ.get("MARQUEE", os.path.join(ROOT, ".build", "release", "marquee"))


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Postgres:
    """A server with the settings of the distribution, but for its folder and port; it syncs its commits."""

    def __init__(self, folder):
        versions = sorted(os.listdir("/usr/lib/postgresql"), key=int)
        self.programs = f"/usr/lib/postgresql/{versions[-1]}/bin"
        self.folder, self.port = folder, free_port()
        os.mkdir(folder)
        self.user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        self.run("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8")
        self.run("pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log",
                 "-o", f"-p {self.port} -k {folder} -h 127.0.0.1", "start")

    def run(self, program, *arguments):
        options = {"user": self.user.pw_uid, "group": self.user.pw_gid} if self.user else {}
        subprocess.run([f"{self.programs}/{program}", *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/", **options)

    def database(self, name):
        """The address of a new database."""
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name)
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def count(self, address, table):
        text = subprocess.run([f"{self.programs}/psql", address, "-Atc", f"SELECT count(*) FROM {table}"],
                              check=True, capture_output=True, text=True).stdout
        return int(text)

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")


def marquee(*arguments, **options):
    done = subprocess.run([MARQUEE, *arguments], capture_output=True, text=True, **options)
    if done.returncode not in (0, 10, 11):
        sys.exit(f"marquee {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


class Broker:
    """The embedded broker with `count` simulated events."""

    def __init__(self, folder, count):
        self.file = os.path.join(folder, f"broker-{count}")
        self.process = subprocess.Popen([MARQUEE, "broker", "--bootstrap-file", self.file], stdout=subprocess.DEVNULL)
        while not (os.path.exists(self.file) and open(self.file).read().strip()):
            time.sleep(0.05)
        self.servers = open(self.file).read().strip().split("=")[-1]
        marquee("simulate", "--bootstrap-servers", self.servers, "--count", str(count), cwd=ROOT)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--peer-events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    python = os.path.join(ROOT, ".venv", "bin", "python")
    has_peer = subprocess.run(
        [python, "-c", "import confluent_kafka, psycopg"], stderr=subprocess.DEVNULL).returncode == 0
    if not os.path.isdir("/usr/lib/postgresql"):
        print("skipped: needs a PostgreSQL server (apt-get install postgresql)")
        return
    processor = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    print(f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}")
    print(f"{options.rounds} rounds in turns; {options.events:,} events for marquee, {options.peer_events:,} for Python\n")
    folder = tempfile.mkdtemp(prefix="bench-deliver-", dir="/tmp")
    os.chmod(folder, 0o755)
    stop = []
    try:
        compare(folder, options, python if has_peer else None, stop)
    finally:
        for thing in reversed(stop):
            thing.stop()
        shutil.rmtree(folder, ignore_errors=True)


def compare(folder, options, python, stop):
    postgres = Postgres(f"{folder}/postgres")
    stop.append(postgres)
    large, small = Broker(folder, options.events), Broker(folder, options.peer_events)
    stop += [large, small]
    # What lists are made of: earlier events of the same people, and the films.
    data, models = f"{folder}/data", f"{folder}/models"
    history = Broker(folder, 100_000)
    marquee("ingest", "--bootstrap-servers", history.servers, "--store", data, "--until-end")
    history.stop()
    marquee("train", "--store", data, "--models", models, "--promote", "always")
    port = free_port()
    server = subprocess.Popen(
        [MARQUEE, "serve", "--store", data, "--models", models, "--port", str(port), "--state", f"{folder}/state"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stop.append(type("Server", (), {"stop": lambda self: (server.terminate(), server.wait())})())
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/ready").read()
            break
        except OSError:
            time.sleep(0.1)

    numbers = iter(range(1000))

    def alone():
        address, store = postgres.database(f"d{next(numbers)}"), f"{folder}/mirror{next(numbers)}"
        marquee("deliver", "--postgres", address, "--migrate")
        start = time.monotonic()
        marquee("ingest", "--bootstrap-servers", large.servers, "--store", store, "--mirror-postgres", address, "--until-end")
        seconds = time.monotonic() - start
        return postgres.count(address, "marquee.events") / seconds, None

    def delivered():
        address = postgres.database(f"d{next(numbers)}")
        marquee("deliver", "--postgres", address, "--migrate")
        start = time.monotonic()
        marquee("deliver", "--postgres", address, "--models", models, "--store", data, "--bootstrap-servers", large.servers,
                "--until-end")
        seconds = time.monotonic() - start
        lists = postgres.count(address, "(SELECT DISTINCT recommendation_id FROM marquee.recommendations) AS lists")
        return postgres.count(address, "marquee.events") / seconds, lists / seconds

    def peer(rest):
        address = postgres.database(f"d{next(numbers)}")
        marquee("deliver", "--postgres", address, "--migrate")
        done = subprocess.run(
            [python, os.path.join(HERE, "peer.py"), small.servers, address, str(options.peer_events), rest],
            check=True, capture_output=True, text=True)
        figures = json.loads(done.stdout)
        return figures["events"] / figures["seconds"], figures["lists"] / figures["seconds"]

    print(f"{'':34} {'events/s':>10} {'lists/s':>10}  times Python's events/s")
    for name, ours, rest in [("events alone", alone, "-"), ("events and fresh lists", delivered, f"127.0.0.1:{port}")]:
        results = {"marquee": [], "Python": []}
        for turn in range(options.rounds):
            jobs = [("marquee", ours)] + ([("Python", lambda: peer(rest))] if python else [])
            for which, job in jobs if turn % 2 == 0 else jobs[::-1]:
                results[which].append(job())
        base = statistics.median(r[0] for r in results["Python"]) if python else None
        for which, values in results.items():
            if not values:
                print(f"{name}, {which}: skipped, its libraries are not installed")
                continue
            events = statistics.median(v[0] for v in values)
            lists = [v[1] for v in values if v[1]]
            ratio = f"{events / base:6.1f}" if base else ""
            print(f"{name + ', ' + which:34} {events:10,.0f} {statistics.median(lists) if lists else 0:10,.0f}  {ratio}",
                  flush=True)


main()
