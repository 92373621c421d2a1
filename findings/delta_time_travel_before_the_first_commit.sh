#!/usr/bin/env bash
# A Delta table that was copied answers questions about its past with its first version
#
# Versions: deltalake 1.6.6 (delta-rs), pyarrow 26.0.1.
#
# One would guess: `load_as_version(time)` goes by the time that each commit states about itself (commitInfo.timestamp, which
# `history()` shows), and a time before the first commit is an error.
#
# What happens: it goes by the modification times of the commit files, and where all of them are later than the time asked
# for, it loads version 0 without a word. Copy a table without its times (cp -r, a sync through an object store, an
# unpacked artefact, a restored backup) and every question about the time before the copy gets version 0: for a table that
# was made empty and then filled, no rows at all. history() of the copy still shows the old times, so that the
# answer looks right.
#
# Output seen:
#   original, after the second commit: version 1, 2 rows
#   original, in 1999: version 0, 1 rows
#   copy, after the second commit: version 0, 1 rows
#   copy, history says: the same times
#
# Why it matters here: training "as of" a time on a restored store would use another table without an error. Marquee
# goes by file times too, but refuses times before the earliest version. Note the version number, not the time, when a
# result must be repeated; copy with `cp -a`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
cat >seen.py <<'PYTHON'
import datetime, shutil, time
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

for v in (1, 2):
    write_deltalake("original", pa.table({"v": [v]}), mode="append")
    time.sleep(1.1)
between = datetime.datetime.now(datetime.timezone.utc)
time.sleep(1.1)
shutil.copytree("original", "copy", copy_function=shutil.copyfile)


def ask(folder, when):
    table = DeltaTable(folder)
    table.load_as_version(when)
    return f"version {table.version()}, {table.to_pyarrow_table().num_rows} rows"


print("original, after the second commit:", ask("original", between))
print("original, in 1999:", ask("original", datetime.datetime(1999, 1, 1, tzinfo=datetime.timezone.utc)))
print("copy, after the second commit:", ask("copy", between))
times = [[c["timestamp"] for c in DeltaTable(f).history()] for f in ("original", "copy")]
print("copy, history says:", "the same times" if times[0] == times[1] else "other times")
PYTHON
venv/bin/python seen.py | tee seen
diff - seen <<'EXPECTED'
original, after the second commit: version 1, 2 rows
original, in 1999: version 0, 1 rows
copy, after the second commit: version 0, 1 rows
copy, history says: the same times
EXPECTED
