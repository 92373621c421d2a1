"""Tables and Parquet files, ours and those of others."""

import datetime
import json
import os
import pathlib
import shutil

from harness import count, expect, probe, refused, rows, versions


@probe("nan-bounds")
def nan_bounds(options):
    """Bounds in a footer leave NaN out; DuckDB and DataFusion sort it above all numbers and prune by the bounds."""
    import deltalake, duckdb, polars, pyarrow, pyarrow.parquet

    versions("duckdb", "deltalake", "polars")
    table = pyarrow.table({"v": [1.0, 2.0, float("nan"), 3.0]})
    pyarrow.parquet.write_table(table, "nan.parquet")
    deltalake.write_deltalake("nan", table)
    duckdb.sql("create or replace table nan as select * from 'nan.parquet'")
    for where, file, memory in (("v > 10", 0, 1), ("isnan(v)", 0, 1)):
        expect(f"DuckDB, file, {where}", count(duckdb, f"'nan.parquet' where {where}"), file)
        expect(f"DuckDB, memory, {where}", count(duckdb, f"nan where {where}"), memory)
    ours = deltalake.DeltaTable("nan")
    expect("QueryBuilder, v > 10", rows(ours, "select count(*) c from t where v > 10")[0]["c"], 0)
    expect("QueryBuilder, v + 0 > 10", rows(ours, "select count(*) c from (select v + 0 v from t) where v > 10")[0]["c"], 1)
    expect("QueryBuilder, isnan(v)", rows(ours, "select count(*) c from t where isnan(v)")[0]["c"], 1)
    expect("Polars, v > 10", polars.scan_delta("nan").filter(polars.col("v") > 10).collect().height, 1)


@probe("int96")
def int96(options):
    """INT96 holds any day; readers that make nanoseconds of it do not."""
    import duckdb, polars, pyarrow, pyarrow.parquet

    versions("pyarrow", "polars", "duckdb")
    days = [datetime.datetime(y, 1, 1) for y in (2026, 2500, 1600)]
    pyarrow.parquet.write_table(
        pyarrow.table({"t": pyarrow.array(days, pyarrow.timestamp("us"))}), "int96.parquet",
        use_deprecated_int96_timestamps=True, store_schema=False)
    years = lambda values: [value.year for value in values]
    # Nanoseconds as Python's dates would want pandas.
    nanos = pyarrow.parquet.read_table("int96.parquet")["t"].cast(pyarrow.timestamp("us"), safe=False)
    expect("pyarrow", years(nanos.to_pylist()), [2026, 1915, 2184])
    micros = pyarrow.parquet.read_table("int96.parquet", coerce_int96_timestamp_unit="us")
    expect("pyarrow, coerce_int96_timestamp_unit='us'", years(micros["t"].to_pylist()), [2026, 2500, 1600])
    expect("Polars", years(polars.read_parquet("int96.parquet")["t"].to_list()), [2026, 2262, 2262])
    schema = {"t": polars.Datetime("us")}
    expect("Polars, schema in µs", years(polars.scan_parquet("int96.parquet", schema=schema).collect()["t"]), [2026, 2500, 1600])
    expect("DuckDB", years(r[0] for r in duckdb.sql("from 'int96.parquet'").fetchall()), [2026, 2500, 1600])


def mapped_table(folder):
    """A table with column mapping by name, as Spark writes it: other names in the files than in the schema."""
    import pyarrow, pyarrow.parquet

    os.makedirs(f"{folder}/_delta_log")
    pyarrow.parquet.write_table(pyarrow.table({"col-1": ["u1", "u2"]}), f"{folder}/part-0.parquet")
    field = {"name": "user_id", "type": "string", "nullable": True,
             "metadata": {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}}
    actions = [
        {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}},
        {"metaData": {
            "id": "6f1c0a6e-5d9e-4a53-9d2b-2a3b6f0b7f11", "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps({"type": "struct", "fields": [field]}), "partitionColumns": [],
            "configuration": {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "1"}}},
        {"add": {"path": "part-0.parquet", "partitionValues": {}, "size": os.path.getsize(f"{folder}/part-0.parquet"),
                 "modificationTime": 0, "dataChange": True}}]
    with open(f"{folder}/_delta_log/{0:020}.json", "w") as log:
        log.writelines(json.dumps(action) + "\n" for action in actions)


@probe("column-mapping")
def column_mapping(options):
    """deltalake has two readers; one of them does not know of column mapping, and does not say so."""
    import deltalake, polars

    versions("deltalake", "polars")
    mapped_table("mapped")
    table = deltalake.DeltaTable("mapped")
    expect("to_pyarrow_table", table.to_pyarrow_table()["user_id"].to_pylist(), [None, None])
    expect("QueryBuilder", [row["user_id"] for row in rows(table, "select user_id from t order by 1")], ["u1", "u2"])
    expect("Polars", refused(lambda: polars.read_delta("mapped")), "DeltaProtocolError")


@probe("before-the-first", "store")
def before_the_first(options):
    """Time travel to before the first commit: an error, or the first version."""
    import deltalake

    versions("deltalake")
    table = deltalake.DeltaTable(f"{options.store}/events")
    table.load_as_version(datetime.datetime(1999, 1, 1, tzinfo=datetime.timezone.utc))
    expect("deltalake, as of 1999, version", table.version(), 0)
    whole = deltalake.DeltaTable(f"{options.store}/events")
    newest = whole.history(1)[0]["timestamp"]
    shutil.copytree(f"{options.store}/events", "copy", copy_function=shutil.copyfile)
    # The files' times say when they were copied. An hour later, as a restored backup is: a quick machine copies in the same second.
    for file in pathlib.Path("copy").rglob("*"):
        os.utime(file, (newest / 1000 + 3600,) * 2)
    copy = deltalake.DeltaTable("copy")
    copy.load_as_version(datetime.datetime.fromtimestamp(newest / 1000 + 1, datetime.timezone.utc))
    expect("the same table copied without its times, as of its newest commit", copy.version(), 0)


@probe("duckdb-keywords", "store")
def duckdb_keywords(options):
    """`at` and `offset`, columns of the events table, are keywords of DuckDB."""
    import duckdb

    versions("duckdb")
    files = f"read_parquet('{options.store}/events/*.parquet')"
    for column in ("at", "offset"):
        expect(f"max({column})", refused(lambda: duckdb.sql(f"select max({column})::varchar from {files}")), "ParserException")
        # As a text: instants as Python's would want pytz.
        quoted = f'select max("{column}")::varchar from {files}'
        expect(f'max("{column}")', refused(lambda: duckdb.sql(quoted).fetchall()), "accepted")


@probe("removed-files", "store")
def removed_files(options):
    """A glob reads files that the log has removed; a reader of the log does not."""
    import deltalake, duckdb, polars

    versions("duckdb", "polars", "deltalake")
    shutil.copytree(f"{options.store}/events", "removed")
    table = deltalake.DeltaTable("removed")
    before = polars.scan_delta("removed").select(polars.len()).collect().item()
    table.delete("kind = 'like'")
    after = polars.scan_delta("removed").select(polars.len()).collect().item()
    files = count(duckdb, "read_parquet('removed/*.parquet')")
    print(f"  rows before and after a delete: {before}, {after}; by a glob after it: {files}")
    if not after < before <= files:
        raise SystemExit("docs/interoperability.md says that a glob still has the deleted rows")


@probe("narrowing", "store")
def narrowing(options):
    """What delta-rs accepts into our events table, and what it refuses."""
    import deltalake, polars

    versions("deltalake", "polars")
    shutil.copytree(f"{options.store}/events", "narrow")
    row = polars.scan_delta("narrow").head(1).collect()
    append = lambda frame: refused(lambda: deltalake.write_deltalake("narrow", frame.to_arrow(), mode="append"))
    expect("value as double", append(row.with_columns(value=polars.lit(0.1, polars.Float64))), "accepted")
    expect("at without a zone", append(row.with_columns(at=polars.col("at").dt.replace_time_zone(None))), "CommitFailedError")
    expect("a column left out", append(row.drop("source")), "SchemaMismatchError")
    expect("event_date of another day", append(row.with_columns(event_date=datetime.date(2001, 1, 1))), "accepted")


@probe("duckdb-relations")
def duckdb_relations(options):
    """A relation of DuckDB 2 keeps no result: each call runs the query again."""
    import duckdb

    versions("duckdb")
    relation = duckdb.sql("select random()")
    expect("two calls of fetchall() give the same", relation.fetchall() == relation.fetchall(), False)
    expect("fetchone()", refused(lambda: relation.fetchone()), "AttributeError")


@probe("spark", "jars")
def spark(options):
    """Spark prunes NaN as well; and a table with checkpoints of version 2 for deltalake's two readers."""
    import deltalake, polars, pyarrow, pyarrow.parquet
    from pyspark.sql import SparkSession

    versions("pyspark", "deltalake", "polars")
    session = (SparkSession.builder.master("local[1]").config("spark.jars", options.jars).config("spark.ui.enabled", "false")
               .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
               .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog").getOrCreate())
    session.sparkContext.setLogLevel("OFF")
    pyarrow.parquet.write_table(pyarrow.table({"v": [1.0, float("nan"), 3.0]}), "spark-nan.parquet")
    session.read.parquet(os.path.abspath("spark-nan.parquet")).createOrReplaceTempView("f")
    ask = lambda query: session.sql(query).collect()[0][0]
    expect("v > 10 in a file", ask("select count(*) from f where v > 10"), 0)
    expect("v > 10 in memory", ask("select count(*) from values (double('NaN')) m(v) where v > 10"), 1)
    folder = os.path.abspath("v2")
    session.sql(f"create table delta.`{folder}` (id bigint) using delta tblproperties "
                "('delta.checkpointPolicy' = 'v2', 'delta.checkpointInterval' = '1')")
    session.sql(f"insert into delta.`{folder}` values (1), (2)")
    table = deltalake.DeltaTable(folder)
    expect("v2 checkpoints, QueryBuilder", rows(table, "select count(*) c from t")[0]["c"], 2)
    expect("v2 checkpoints, to_pyarrow_table", refused(lambda: table.to_pyarrow_table()), "DeltaProtocolError")
    expect("v2 checkpoints, Polars", refused(lambda: polars.read_delta(folder)), "DeltaProtocolError")
    session.stop()
