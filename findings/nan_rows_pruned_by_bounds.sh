#!/usr/bin/env bash
# NaN, a row that a filter finds or loses depending on where the row lies
#
# Versions: duckdb 2.0.1, deltalake 1.6.6 (its QueryBuilder, which is DataFusion), pyarrow 26.0.1.
#
# One would guess: a filter gives the same rows whether they come from memory or from a Parquet file; statistics only make
# it faster. And `isnan(v)` finds NaN.
#
# What happens: DuckDB and DataFusion both sort NaN above all numbers, so that `v > 10` holds for it. But the Parquet
# specification tells writers to leave NaN out of the minimum and maximum, and pyarrow and delta-rs do. Both engines prune
# by these bounds as if they held for all rows. For a file with 1, 2, NaN, 3 DuckDB says that 0 rows are above 10 and that
# no row is NaN: `isnan(v)` becomes an empty result before the file is opened. The same rows in a table of DuckDB's own
# give 1 and 1. QueryBuilder gives 0 for `v > 10` and 1 for `v + 0 > 10`, which statistics say nothing about. So the
# usual check for broken numbers before a training run, "select count(*) where isnan(v)", says all is well.
#
# Output seen:
#   duckdb file:   v > 10: 0, isnan: 0
#   duckdb memory: v > 10: 1, isnan: 1
#   datafusion:    v > 10: 0, v + 0 > 10: 1
#
# Why it matters here: a table that several engines write may hold NaN in `value`. Look for it with something the bounds
# do not answer (`v + 0 > 10`, or Polars, which finds the row either way), or let the product's own reader look.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check duckdb==2.0.1 deltalake==1.6.6 pyarrow==26.0.1
cat >seen.py <<'PYTHON'
import deltalake, duckdb, pyarrow as pa, pyarrow.parquet as pq

rows = pa.table({"v": [1.0, 2.0, float("nan"), 3.0]})
pq.write_table(rows, "rows.parquet")
duckdb.sql("create table memory as select * from 'rows.parquet'")
for name, source in (("file:  ", "'rows.parquet'"), ("memory:", "memory")):
    above, nan = (duckdb.sql(f"select count(*) from {source} where {w}").fetchall()[0][0] for w in ("v > 10", "isnan(v)"))
    print(f"duckdb {name} v > 10: {above}, isnan: {nan}")

deltalake.write_deltalake("table", rows)


def ask(where):
    query = deltalake.QueryBuilder().register("t", deltalake.DeltaTable("table"))
    return pa.table(query.execute(f"select count(*) c from (select v + 0 w, v from t) where {where}").read_all())["c"][0]


print(f"datafusion:    v > 10: {ask('v > 10')}, v + 0 > 10: {ask('w > 10')}")
PYTHON
venv/bin/python seen.py | tee seen
diff - seen <<'EXPECTED'
duckdb file:   v > 10: 0, isnan: 0
duckdb memory: v > 10: 1, isnan: 1
datafusion:    v > 10: 0, v + 0 > 10: 1
EXPECTED
