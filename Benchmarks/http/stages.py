#!/usr/bin/env python3
"""Where the processor's time of a personal list goes, stage by stage: wrk asks, perf looks.

    python3 Benchmarks/http/stages.py [--films 10000] [--folder DIR] [--program FILE] [--seconds 6] [--remembered]

Each request is for another user, so that no answer is remembered; with --remembered for one of a thousand, asked before.
A sample of the server's threads belongs to the innermost stage on its stack. Needs Debian's linux-perf.
"""
import argparse
import collections
import os
import subprocess
import sys
import tempfile

from lists import Users
from sample import PROGRAM, Sample, Server, machine, wrk

# Of the function names on a stack, from the inside out, the first that has one of these names the stage.
STAGES = [
    ("kept for replay", ["KeptAnswers"]),
    ("cursor", ["ListCursor", "ListPage"]),
    ("JSON", ["6AnswerO", "JSONWriter"]),
    ("page and order", ["Arrangement", "11ExplanationV"]),
    ("blend", ["5BlendV"]),
    ("factors: exact top-k", ["PackedItems", "coded_topk"]),
    ("popular ones", ["CandidatesV"]),
    ("content: words chosen", ["TermChooser"]),
    ("content: bounds and scores", ["7ScratchC", "ScoreBounds", "FilmScores", "MarkedNumbers", "BoundedBest", "LuceneQueue", "SmallSums",
                                    "ContentIndex"]),
    ("content: memory of answers, places", ["ContentLookup", "ContentPlaces"]),
    ("what may come back", ["Eligibility", "ListRules"]),
    ("the user's row and history", ["UserProfile", "EventOverlay"]),
    ("rest of the list", ["7Serving"]),
    ("keys and rates", ["AccessControl", "AccessTable"]),
    ("routing, checks, metrics, trace", ["HTTPRouter", "RouteCheck", "MeasuredHandler", "5RouteV", "RequestTrace"]),
    ("request read, answer queued", ["10HTTPServer", "MHD_", "marquee_mhd"]),
]


def stage(stack):
    for function in stack:
        for name, marks in STAGES:
            if any(mark in function for mark in marks):
                return name
    return "sockets: kernel and libmicrohttpd"


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--folder")
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--remembered", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        sample = Sample(
            options.folder or scratch, options.program, options.films, options.users, events=20 * options.users)
        server = Server(options.program, 8490, sample)
        users = Users(os.path.join(scratch, "u.lua"), 1000 if options.remembered else options.users, "n=10")
        try:
            users.run(server, 2)
            pid, data = server.process.pid, os.path.join(scratch, "perf.data")
            perf = subprocess.Popen(
                ["perf", "record", "-q", "-g", "-F", "999", "-o", data, "-p", str(pid)], stderr=subprocess.DEVNULL)
            before = processor_seconds(pid)
            rate, median, tail = users.run(server, options.seconds)
            spent = processor_seconds(pid) - before
            perf.terminate()
            perf.wait()
        finally:
            server.stop()
        script = subprocess.run(
            ["perf", "script", "-i", data, "-F", "comm,ip,sym"], capture_output=True, text=True).stdout
    counts, stack = collections.Counter(), []
    for line in script.splitlines() + [""]:
        if line.startswith("\t") or line.startswith(" " * 8):
            stack.append(line.strip())
        elif not line.strip() and stack:
            counts[stage(stack)] += 1
            stack = []
    micros = spent / (rate * options.seconds) * 1e6
    total = sum(counts.values())
    print(f"{machine()}\n{rate:.0f} lists/s, p50 {median:.2f} ms, p99 {tail:.2f} ms; {micros:.1f} µs of processor a list\n")
    print("| stage | µs | share |\n|---|---|---|")
    for name, count in counts.most_common():
        print(f"| {name} | {micros * count / total:.1f} | {100 * count / total:.0f} % |")


main()
