"""What open dashboards cost: the processor time of a server whose stream of figures many read.

Usage: bench.py [--marquee PATH] [--streams 500] [--seconds 20]

Starts `marquee demo` on a free port in a temporary folder, measures its processor time over some seconds without and then with the
streams open, and prints both as shares of a core. The demo's own events, five a second, go on in both.
"""

import argparse
import os
import re
import selectors
import signal
import socket
import subprocess
import tempfile
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--marquee", default=".build/release/marquee")
arguments.add_argument("--streams", type=int, default=500)
arguments.add_argument("--seconds", type=float, default=20)
given = arguments.parse_args()


def processor_seconds(pid: int) -> float:
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share(pid: int, seconds: float, read) -> float:
    start, used = time.monotonic(), processor_seconds(pid)
    while time.monotonic() - start < seconds:
        read()
    return (processor_seconds(pid) - used) / (time.monotonic() - start)


with tempfile.TemporaryDirectory() as folder:
    demo = subprocess.Popen(
        [given.marquee, "demo", "--port", "0", "--events", "20000", "--data", f"{folder}/data", "--models", f"{folder}/models"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = None
        for line in demo.stdout:
            if found := re.search(r"serve +http://localhost:(\d+)", line):
                port = int(found[1])
            if line.startswith("Ctrl-C"):
                break
        time.sleep(5)
        quiet = share(demo.pid, given.seconds, lambda: time.sleep(0.2))
        selector = selectors.DefaultSelector()
        received = 0
        for _ in range(given.streams):
            stream = socket.create_connection(("127.0.0.1", port))
            stream.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            stream.setblocking(False)
            selector.register(stream, selectors.EVENT_READ)

        def read():
            global received
            for key, _ in selector.select(0.2):
                received += key.fileobj.recv(1 << 16).count(b"data: ")

        time.sleep(2)
        read()
        received = 0
        watched = share(demo.pid, given.seconds, read)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait()

print(f"{given.streams} streams, {received / given.seconds:.0f} frames/s received; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
print(f"without  {quiet * 100:5.2f} % of a core")
print(f"with     {watched * 100:5.2f} % of a core")
print(f"streams  {(watched - quiet) * 100:5.2f} % of a core")
