#!/usr/bin/env python3
"""Seconds from the start of `marquee demo` in an empty folder to the line with its dashboard's address, which is its last.

    python3 Benchmarks/demo/bench.py [--movielens DIR] [--before PROGRAM] [--rounds 5]
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.join(ROOT, ".build", "release", "marquee")


def seconds(program, arguments):
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        process = subprocess.Popen(
            [program, "demo", "--port", "0", *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output = []
        try:
            for line in process.stdout:
                output.append(line)
                if line.startswith("Dashboard"):
                    return time.monotonic() - start
            sys.exit(f"{program} demo ended early:\n{''.join(output)}")
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movielens", help="a folder such as ml-latest-small")
    parser.add_argument("--before", help="an earlier build")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    processor = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    print(f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
          f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'not set')}, {options.rounds} rounds in turns")
    programs = ([("before", os.path.abspath(options.before))] if options.before else []) + [("this build", PROGRAM)]
    audiences = [("its own audience", ["--catalog", os.path.join(ROOT, "data", "films.jsonl")])]
    if options.movielens:
        audiences.append((os.path.basename(options.movielens.rstrip("/")), ["--movielens", os.path.abspath(options.movielens)]))
    for audience, arguments in audiences:
        results = {name: [] for name, _ in programs}
        for turn in range(options.rounds):
            for name, program in programs if turn % 2 == 0 else programs[::-1]:
                results[name].append(seconds(program, arguments))
        for name, values in results.items():
            print(f"{audience:20} {name:12} {statistics.median(values):6.2f} s   ({min(values):.2f} to {max(values):.2f})",
                  flush=True)


main()
