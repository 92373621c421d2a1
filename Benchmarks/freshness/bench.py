"""Times how long it takes from the sending of an event to the changed list of its user, while other events come.

bench.py [--rate 2000] [--probes 300] [--marquee FILE] [--bootstrap-servers HOST:PORT]

Two servers share a broker. An event is sent to one of them, and the other, which can hear of it through Kafka only, is asked
for the user's list until that has changed. Without --bootstrap-servers the broker is the embedded one.
"""
import argparse
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

root = pathlib.Path(__file__).resolve().parents[2]
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=int, default=2000, help="other events a second")
parser.add_argument("--probes", type=int, default=300)
parser.add_argument("--marquee", default=str(root / ".build/release/marquee"))
parser.add_argument("--bootstrap-servers")
arguments = parser.parse_args()
running = []


def begin(*words, after=None):
    process = subprocess.Popen([arguments.marquee, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    running.append(process)
    if after is None:
        return process
    for line in process.stdout:
        if line.startswith(after):
            return line[len(after):].strip()
    sys.exit(f"bench: marquee {words[0]} ended")


def run(*words):
    subprocess.run([arguments.marquee, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def connect(address):
    return http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=30)


def ask(connection, method, path, body=None):
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"bench: {path}: {answer.status} {text[:300]}")
    return json.loads(text)


with tempfile.TemporaryDirectory() as folder:
    os.environ["MARQUEE_STATE"] = f"{folder}/state"
    try:
        servers = arguments.bootstrap_servers or begin("broker", after="bootstrap.servers=")
        kafka = ["--bootstrap-servers", servers]
        store = ["--store", f"{folder}/data"]
        models = ["--models", f"{folder}/models"]
        run("simulate", "--count", "20000", "--days", "60", *kafka)
        run("ingest", "--until-end", *store, *kafka)
        run("train", "--rank", "32", "--epochs", "4", *store, *models)
        serve = ["serve", "--port", "0", *store, *models, *kafka]
        sender = connect(begin(*serve, after="serving on "))
        asked = connect(begin(*serve, after="serving on "))
        begin("ingest", *store, *kafka)
        begin("simulate", "--rate", str(arguments.rate), *kafka)
        item = ask(sender, "GET", "/v1/items/popular?n=1")["items"][0]["id"]
        time.sleep(5)
        seconds = []
        for number in range(arguments.probes):
            user = f"probe-{os.getpid()}-{number}"
            path = f"/v1/users/{user}/recommendations?n=10"
            if ask(asked, "GET", path)["user_state"] != "new":
                sys.exit("bench: the user was known before")
            event = {"user_id": user, "item_id": item, "kind": "like", "value": 1}
            start = time.perf_counter()
            ask(sender, "POST", "/v1/events", json.dumps(event))
            while ask(asked, "GET", path)["user_state"] != "folded_in":
                time.sleep(0.001)
            seconds.append(time.perf_counter() - start)
        seconds.sort()
        fresh = ask(asked, "GET", "/v1/freshness")
        served = fresh["event_to_visible_seconds"]
        print(f"{len(seconds)} events sent beside {arguments.rate} events/s, until the list changed at another server:")
        for share in (0.5, 0.9, 0.99, 1):
            print(f"  p{share * 100:<4g} {seconds[int((len(seconds) - 1) * share)] * 1000:8.1f} ms")
        print(f"/v1/freshness: p50 {served['p50'] * 1000:.0f} ms, p99 {served['p99'] * 1000:.0f} ms, "
              f"lag {fresh['event_lag']} events")
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            process.wait(timeout=60)
