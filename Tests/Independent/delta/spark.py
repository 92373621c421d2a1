"""Spark with Delta Lake at work on a folder that SparkTests prepared; one session, because starting one costs most.

usage: spark.py FOLDER JARS

First part: reads our files and our table, works on the table, writes files and a table of its own, and makes
FOLDER/first-done. Then it waits for FOLDER/second, which the test makes after it has gone on with the tables, and
reads them again; FOLDER/stop ends the wait. Complaints are assertions.
"""
import datetime
import json
import os
import sys
import time

from session import UTC, note, open_session, plain
from pyspark.sql import functions as f  # noqa: E402

folder, jars = sys.argv[1:3]
spark = open_session(folder, jars, spark__databricks__delta__retentionDurationCheck__enabled="false")


def rows(frame):
    return sorted((plain(row) for row in frame.collect()), key=lambda row: row["id"])


def same(name, found, wanted):
    if found != wanted:
        pairs = [(a, b) for a, b in zip(found, wanted) if a != b][:2]
        raise AssertionError(f"{name}: {len(found)} rows for {len(wanted)}; {pairs}")
    note(f"{name}: {len(found)} rows")


def expected(name):
    return [json.loads(line) for line in open(f"{folder}/{name}.jsonl")]


def write_rows(name, found):
    with open(f"{folder}/{name}.jsonl", "w") as out:
        for row in found:
            out.write(json.dumps(row) + "\n")


def delta(path, **options):
    return spark.read.format("delta").options(**options).load(f"{folder}/{path}")


note("session")

# Our files.
for name in sorted(os.listdir(f"{folder}/files")):
    # Spark 3.5's vectorised reader does not know BYTE_STREAM_SPLIT, which we write on request; its other reader does.
    spark.conf.set("spark.sql.parquet.enableVectorizedReader", name != "split.parquet")
    same(name, rows(spark.read.parquet(f"{folder}/files/{name}")), expected("files"))
spark.conf.set("spark.sql.parquet.enableVectorizedReader", False)
pruned = spark.read.parquet(f"{folder}/files").filter("id = 77 and f is not null").count()
assert pruned == len(os.listdir(f"{folder}/files")) * sum(
    r["id"] == 77 and r["f"] is not None for r in expected("files")), pruned

for vectorised in (False, True):
    spark.conf.set("spark.sql.parquet.enableVectorizedReader", vectorised)
    same("names", rows(spark.read.parquet(f"{folder}/names.parquet")), expected("names"))

# Our table: rows, partitions with strange names, statistics, time travel, history.
ours = expected("ours")
same("our table", rows(delta("ours")), ours)
strange = sorted({r["source"] for r in ours if r["source"] is not None})
found = delta("ours").filter(f.col("source").isin(strange[::2]) | f.col("source").isNull()).select("id")
assert sorted(r["id"] for r in found.collect()) == [
    r["id"] for r in ours if r["source"] is None or r["source"] in strange[::2]]
same("our table by a range", rows(delta("ours").filter("id >= 70 and id < 75")), [r for r in ours if 70 <= r["id"] < 75])
instant = datetime.datetime(1970, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=ours[33]["at"])
same("our table by an instant", rows(delta("ours").filter(f.col("at") == f.lit(instant))), [ours[33]])
for version, count in [(1, 4), (10, 40), (11, 44)]:
    assert delta("ours", versionAsOf=version).count() == count, version
table = f"delta.`{folder}/ours`"
history = spark.sql(f"describe history {table}").collect()
assert len(history) == 26 and history[0]["operation"] == "WRITE" and history[0]["isBlindAppend"], history[0]

# What Spark does to it: append with a progress marker, delete, compact, add a column, checkpoint.
schema = delta("ours").schema
fresh = spark.createDataFrame(
    [(1000 + i, f"user-{i}", i / 2, datetime.datetime(2026, 1, 1, 0, 0, i, 123456), ["x", None][: i % 3],
      datetime.date(2030, 1, 2), source)
     for i, source in enumerate(strange + [None])], schema)
fresh.write.format("delta").mode("append").option("txnAppId", "spark").option("txnVersion", 5).save(f"{folder}/ours")
note("appended")
spark.sql(f"delete from {table} where id < 10")
note("deleted")
spark.sql(f"optimize {table}")
note("compacted")
spark.sql(f"alter table {table} add columns (extra double)")
log = spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, f"{folder}/ours")
none = spark._jvm.scala.Option.empty()
log.checkpoint(log.update(False, none, none), none)
note("checkpoint")
write_rows("ours-after", rows(delta("ours")))

# Spark's own files: its defaults (INT96), other codecs, version 2 pages, nested columns, required columns none.
frame = spark.range(0, 500).selectExpr(
    "id", "if(id % 7 = 0, null, id % 3 = 0) as flag", "cast(if(id % 5 = 0, null, id - 250) as int) as small",
    "cast(if(id % 6 = 0, null, id / 8) as float) as f", "if(id % 6 = 1, null, id * 1.5d) as d",
    "if(id % 4 = 0, null, concat('name-', id % 30, 'é')) as name", "concat('long-', id, '-', sha1(cast(id as string))) as long",
    "if(id % 3 = 0, null, unhex(hex(id))) as raw", "if(id % 8 = 0, null, date_add(date'2020-01-01', cast(id as int))) as day",
    "if(id % 9 = 0, null, timestamp_micros(1700000000000000 + id * 1234567)) as at",
    "if(id % 10 = 0, null, transform(sequence(1, cast(id % 4 as int)), x -> cast(x as float) / 2)) as floats",
    "if(id % 11 = 0, null, array(concat('t', id), null)) as tags",
    "if(id % 12 = 0, null, named_struct('x', cast(id as int), 'y', if(id % 5 = 0, null, concat('p', id % 7)))) as place",
    "if(id % 13 = 0, null, map(concat('k', id % 3), if(id % 4 = 0, null, id))) as counts").coalesce(1).cache()
spark_rows = rows(frame)
write_rows("spark", spark_rows)
for name, options in {
    "default": {}, "zstd": {"compression": "zstd"}, "gzip": {"compression": "gzip"}, "none": {"compression": "none"},
    "lz4raw": {"compression": "lz4raw"}, "v2": {"parquet.writer.version": "PARQUET_2_0"},
    "v2-zstd": {"parquet.writer.version": "PARQUET_2_0", "compression": "zstd", "parquet.enable.dictionary": "false"},
}.items():
    frame.write.options(**options).parquet(f"{folder}/spark/{name}")
spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
frame.write.option("parquet.bloom.filter.enabled#name", "true").parquet(f"{folder}/spark/micros-bloom")
note("wrote files")

# Spark's own table: partitions with strange names, of other types, with nulls; past a checkpoint.
own = spark.createDataFrame(
    [(i, source, i % 2 == 0, None if i % 5 == 0 else i * 7, datetime.datetime(2026, 1, 1, 12, 0, i % 3, 500000), i / 4)
     for i, source in enumerate((strange + [None]) * 2)],
    "id long, source string, even boolean, number int, at timestamp, value double").coalesce(1)
spark.conf.set("spark.databricks.delta.checkpoint.partSize", "12")  # a checkpoint of several parts
own.write.format("delta").partitionBy("source", "even", "at").save(f"{folder}/theirs")
spark.sql(f"alter table delta.`{folder}/theirs` set tblproperties ('delta.checkpointInterval' = '2')")
spark.sql(f"update delta.`{folder}/theirs` set value = -1 where id = 3")
parts = [name for name in os.listdir(f"{folder}/theirs/_delta_log") if name.endswith(".parquet")]
assert len(parts) > 1 and all(name.count(".") == 4 for name in parts if not name.startswith(".")), parts
write_rows("theirs", rows(delta("theirs")))
note("wrote a table")

# Tables that tell the times of their commits, from the first on or from a later one; their files are of other times.
spark.sql(f"create table delta.`{folder}/timed` (id long) using delta "
          "tblproperties ('delta.enableInCommitTimestamps' = 'true')")
spark.sql(f"create table delta.`{folder}/timed-later` (id long) using delta")
for name in ["timed", "timed-later"]:
    for i in range(2):
        spark.sql(f"insert into delta.`{folder}/{name}` values ({i})")
spark.sql(f"alter table delta.`{folder}/timed-later` set tblproperties ('delta.enableInCommitTimestamps' = 'true')")
spark.sql(f"insert into delta.`{folder}/timed-later` values (2)")
for name in ["timed", "timed-later"]:
    write_rows(name, [
        {"id": row["version"], "time": plain(row["timestamp"])}
        for row in sorted(spark.sql(f"describe history delta.`{folder}/{name}`").collect(), key=lambda r: r["version"])])
    for file in os.listdir(f"{folder}/{name}/_delta_log"):
        if file.endswith(".json") and "inCommitTimestamp\"" in open(f"{folder}/{name}/_delta_log/{file}").read():
            os.utime(f"{folder}/{name}/_delta_log/{file}", (4e9, 4e9))
spark.sql(f"create table delta.`{folder}/local` (id long, p timestamp_ntz, price decimal(20, 3)) using delta "
          "partitioned by (p)")
spark.sql(f"insert into delta.`{folder}/local` values (1, timestamp_ntz'2026-11-21 08:00:00', -0.125), "
          "(2, timestamp_ntz'2026-11-21 08:00:00.5', 12345678901234567.001), (3, null, null)")
write_rows("local", rows(delta("local")))
note("wrote tables of other kinds")

# A model of Spark ML.
from pyspark.ml.recommendation import ALS  # noqa: E402

ratings = spark.createDataFrame([(u, i, float((u * i) % 5 + 1)) for u in range(12) for i in range(9)],
                                "user int, item int, rating float").coalesce(1)
model = ALS(rank=4, maxIter=1, seed=1, numUserBlocks=1, numItemBlocks=1).fit(ratings)
model.save(f"{folder}/als")
for side in ["userFactors", "itemFactors"]:
    write_rows(side, rows(getattr(model, side)))
note("wrote a model")

open(f"{folder}/first-done", "w").close()
while not os.path.exists(f"{folder}/second"):
    if os.path.exists(f"{folder}/stop"):
        os._exit(3)
    time.sleep(0.1)
spark.catalog.clearCache()
same("our table, once more", rows(delta("ours")), expected("ours-again"))
same("Spark's table, once more", rows(delta("theirs")), expected("theirs-again"))
spark.sql(f"vacuum {table} retain 0 hours")
same("our table after Spark's vacuum", rows(delta("ours")), expected("ours-again"))
print("ok")
sys.stdout.flush()
os._exit(0)
