"""Stores and models of any size for the benchmarks of serving, and the servers that they ask."""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, ".build", "release", "marquee")


def run(*command, accept=(0,)):
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in accept:
        sys.exit(f"{' '.join(command)} failed with {done.returncode}:\n{done.stderr[-2000:]}")


def write_films(path, count):
    """Films as JSON Lines: synopses of 40 words whose frequencies fall as those of a language do, a tenth of them of
    1990 to 1999, two of twenty genres each."""
    chance = random.Random(1)
    words = ["w" + "".join(chance.choice("aeioulnrst") for _ in range(3 + n % 5)) + str(n) for n in range(30_000)]
    total, cumulative = 0.0, []
    for rank in range(len(words)):
        total += 1 / (rank + 3)
        cumulative.append(total)
    with open(path, "w") as file:
        for number in range(count):
            overview = " ".join(chance.choices(words, cum_weights=cumulative, k=40))
            title = " ".join(chance.choices(words, cum_weights=cumulative, k=3))
            genres = chance.sample(range(20), 2)
            film = {
                "id": f"f{number}", "title": f"{title} {number}", "year": 1920 + chance.randrange(100),
                "genres": [f"Genre {g}" for g in genres], "language": "en", "runtime": 60 + number % 120,
                "overview": overview, "keywords": [f"key{chance.randrange(2000)}" for _ in range(3)],
            }
            file.write(json.dumps(film) + "\n")


class Sample:
    """A store of `films` films and the events of `users` users in a folder, with models in it; made once."""

    def __init__(self, folder, program, films, users, events, rank=64, trainings=1):
        self.folder = folder
        self.data, self.models = os.path.join(folder, "data"), os.path.join(folder, "models")
        self.users = users
        done = os.path.join(folder, "done")
        if os.path.exists(done):
            return
        os.makedirs(folder, exist_ok=True)
        catalogue = os.path.join(folder, "films.jsonl")
        write_films(catalogue, films)
        address = os.path.join(folder, "broker")
        broker = subprocess.Popen([program, "broker", "--bootstrap-file", address], stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(address) or not open(address).read().strip():
                time.sleep(0.1)
            servers = ["--bootstrap-servers", open(address).read().strip()]
            # The embedded broker forgets what nobody reads in time.
            ingest = subprocess.Popen(
                [program, "ingest", *servers, "--store", self.data, "--group", "bench", "--commit-interval", "2s"],
                stderr=subprocess.DEVNULL)
            run(program, "simulate", *servers, "--catalog", catalogue, "--users", str(users), "--count", str(events),
                "--days", "90", "--follow-group", "bench")
            ingest.terminate()
            ingest.wait()
            run(program, "ingest", *servers, "--store", self.data, "--group", "bench", "--until-end")
        finally:
            broker.terminate()
            broker.wait()
        for seed in range(1, trainings + 1):
            run(program, "train", "--store", self.data, "--models", self.models, "--rank", str(rank), "--epochs", "4",
                "--seed", str(seed), "--promote", "always" if seed == 1 else "never", accept=(0, 10, 11))
        open(done, "w").close()


class Server:
    """`marquee serve` of one build on a port of its own."""

    def __init__(self, program, port, sample, *options):
        self.base = f"http://127.0.0.1:{port}"
        command = [os.path.abspath(program), "serve", "--store", sample.data, "--models", sample.models, "--port", str(port), *options]
        # A state of its own, and empty: full of what was answered before it is slower.
        state = os.path.join(sample.folder, f"state-{port}")
        shutil.rmtree(state, ignore_errors=True)
        self.process = subprocess.Popen(
            command, cwd=sample.folder, env={**os.environ, "MARQUEE_STATE": state}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                urllib.request.urlopen(self.base + "/healthz/ready").read()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{program} serve does not get ready")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def wrk(url, seconds, script=None, connections=32, headers=()):
    """Requests a second, median and 99th percentile in ms."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += [word for header in headers for word in ("-H", header)]
    output = subprocess.run(
        command + (["-s", script] if script else []) + [url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"{url} failed:\n{output}")

    def share(name):
        value, unit = re.search(rf"{name}%\s+([\d.]+)(us|ms|s)", output).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]), share(50), share(99)


def machine():
    processor = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    return (f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
            f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}")
