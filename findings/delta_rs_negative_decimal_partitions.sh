#!/usr/bin/env bash
# delta-rs: a negative decimal as a partition value, an append that fails and stays
#
# Version: deltalake 1.6.6 (pyarrow 26.0.1).
#
# One would guess: a column that can be stored can be partitioned by, and a write that raises has left the table as it was:
# that is what a transaction log is for.
#
# What happens: the text of a partition value is put together from the whole part and the fraction, and the minus sign comes
# out in front of the fraction: -1.50 is written as `-1.-50`, -0.05 as `0.-5` (its zero is gone as well). No reader can parse
# that, delta-rs's own included. The writer finds out when it loads what it has just committed, and raises an error. But the
# commit is in the log. From then on the whole table can't be opened, its older rows included; only an older version can.
# Whoever retries the write, as one does, adds another such commit.
#
# Output seen:
#   append: DeltaError
#   commits: 2, partition value: -1.-50
#   newest version: DeltaError
#   version 0: 2 rows
#   without partitions: 3 rows
#
# Why it matters here: tables partitioned by an amount, a rating's deviation or a latitude come from other people's jobs.
# The value is known from the sign before the fraction, but a reader that repairs it alone reads what no other engine
# does; `store restore` to the version before mends the table for all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
cat >seen.py <<'PYTHON'
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def rows(*amounts):
    return pa.table({
        "amount": pa.array([Decimal(a) for a in amounts], pa.decimal128(7, 2)), "n": pa.array(range(len(amounts)))})


def opened(**version):
    try:
        return f"{len(DeltaTable('table', **version).to_pyarrow_table())} rows"
    except Exception as error:
        return type(error).__name__


write_deltalake("table", rows("1.00", "2.50"), partition_by=["amount"])
try:
    write_deltalake("table", rows("-1.50"), partition_by=["amount"], mode="append")
    print("append: done")
except Exception as error:
    print("append:", type(error).__name__)
commits = sorted(Path("table/_delta_log").glob("*.json"))
actions = [json.loads(line) for line in commits[-1].read_text().splitlines()]
value = next(a["add"]["partitionValues"]["amount"] for a in actions if "add" in a)
print(f"commits: {len(commits)}, partition value: {value}")
print("newest version:", opened())
print("version 0:", opened(version=0))
write_deltalake("plain", rows("1.00", "2.50", "-1.50"))
print(f"without partitions: {len(DeltaTable('plain').to_pyarrow_table())} rows")
PYTHON
venv/bin/python seen.py | tee seen.txt
diff - seen.txt <<'SEEN'
append: DeltaError
commits: 2, partition value: -1.-50
newest version: DeltaError
version 0: 2 rows
without partitions: 3 rows
SEEN
