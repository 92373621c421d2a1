#!/usr/bin/env python3
"""What docs/interoperability.md says of other engines, run: probe.py NAME… [--store DIR] [--SERVER ADDRESS].

Without a NAME all that need no server run. Each probe prints what it saw and ends with an error if that is no longer what
the page says: then the page, and perhaps the product, wants a change. `make venv` has the packages; those that a probe
cannot find are named, and it is skipped. Probes marked "store" want a folder that `marquee ingest` made.
"""

import argparse
import os
import sys
import tempfile

from harness import PROBES

# Each has its probes in the list, in the order of the page.
import tables
import models
import servers


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROBES))
    for place in ("store", "jars", "elasticsearch", "registry", "kafka"):
        parser.add_argument(f"--{place}")
    options = parser.parse_args()
    if options.store:
        options.store = os.path.abspath(options.store)
    unknown = set(options.names) - set(PROBES)
    if unknown:
        raise SystemExit(f"no probe {', '.join(sorted(unknown))}; there are {', '.join(PROBES)}")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, (function, needs) in PROBES.items():
            if options.names and name not in options.names:
                continue
            print(f"{name}: {function.__doc__}")
            missing = [f"--{need}" for need in needs if not getattr(options, need)]
            if missing:
                print(f"  skipped: needs {', '.join(missing)}")
                continue
            try:
                function(options)
            except ModuleNotFoundError as error:
                print(f"  skipped: pip install {error.name}")
        os.chdir("/")


if __name__ == "__main__":
    status = main()
    # Engines with native threads may abort a process while the interpreter goes away.
    sys.stdout.flush()
    os._exit(status or 0)
