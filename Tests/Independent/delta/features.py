"""Tables with the features of newer protocols, as Spark with Delta Lake writes them; one session for all of them.

usage: features.py FOLDER JARS
Makes FOLDER/NAME for each table, and FOLDER/NAME.jsonl with the rows that Spark itself reads from it, by id; then
FOLDER/first-done. Then it waits for FOLDER/second, whose lines name tables that somebody has gone on with, and writes
FOLDER/NAME-again.jsonl for each; FOLDER/stop ends the wait.
"""
import json
import os
import sys
import time

from session import note, open_session, plain

folder, jars = sys.argv[1:3]
spark = open_session(folder, jars)


def at(name):
    return f"delta.`{folder}/{name}`"


def sql(name, *statements):
    """Runs statements in which T stands for the table."""
    for statement in statements:
        spark.sql(statement.replace("T!", at(name)))


def done(name, suffix="", columns="*"):
    frame = spark.read.format("delta").load(f"{folder}/{name}").select(columns)
    found = sorted((plain(row) for row in frame.collect()), key=lambda row: row["id"])
    with open(f"{folder}/{name}{suffix}.jsonl", "w") as out:
        for row in found:
            out.write(json.dumps(row) + "\n")
    note(f"{name}: {len(found)} rows")


def checkpoint(name):
    log = spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, f"{folder}/{name}")
    none = spark._jvm.scala.Option.empty()
    log.checkpoint(log.update(False, none, none), none)


note("session")
ROWS = ("select id, concat('name-', id % 30) as name, if(id % 7 = 0, null, id / 4) as value, "
        "cast(id % 3 as int) as part from range({}, {}, 1, 1)")
VECTORS = "'delta.enableDeletionVectors' = 'true'"

# Deletion vectors: several row groups in a file, several files, whole row groups gone, an update, a checkpoint.
hadoop = spark.sparkContext._jsc.hadoopConfiguration()
hadoop.set("parquet.block.size", "20000")
hadoop.set("parquet.page.size", "2000")
sql("vectors", f"create table T! using delta tblproperties ({VECTORS}) as " + ROWS.format(0, 12000),
    "insert into T! " + ROWS.format(12000, 12500), "delete from T! where id % 10 = 3 or id between 4000 and 9000",
    "update T! set name = 'changed' where id % 997 = 0 or id = 12001")
done("vectors")
sql("vectors-parted", "create table T! using delta partitioned by (part) "
    f"tblproperties ({VECTORS}, 'delta.checkpointInterval' = '2') as " + ROWS.format(0, 3000),
    "delete from T! where id % 5 = 1 or part = 1 and id % 5 = 0", "delete from T! where part = 2 and id > 100")
done("vectors-parted")
hadoop.unset("parquet.block.size")
hadoop.unset("parquet.page.size")

# Column mapping: renamed and dropped columns, also nested ones and one the table is partitioned by.
for mode in ["name", "id"]:
    name = f"mapped-{mode}"
    sql(name, f"create table T! using delta partitioned by (part) tblproperties ('delta.columnMapping.mode' = '{mode}', "
        "'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5') as "
        "select id, concat('n', id) as `full name`, 1 as gone, named_struct('x', cast(id as int), 'y', "
        "named_struct('z', concat('z', id))) as place, array(named_struct('a', 1, 'b', 'q')) as tags, "
        "map('k', named_struct('n', id)) as counts, if(id % 4 = 0, null, concat('p', id % 3)) as part, "
        "date_add(date'2026-01-01', cast(id as int)) as day from range(0, 12, 1, 1)",
        "alter table T! rename column `full name` to name", "alter table T! rename column place.y.z to zz",
        "alter table T! rename column part to section", "alter table T! drop column gone",
        "alter table T! add columns (gone double)", "alter table T! rename column tags.element.b to bb",
        "insert into T! select id, 'later', named_struct('x', 1, 'y', named_struct('zz', 'w')), "
        "array(named_struct('a', 2, 'bb', 'r'), null), map('l', null), 'p9', date'2026-02-02', 1.5d "
        "from range(100, 103, 1, 1)")
    done(name)
# A table that was made before and got its mapping later: its names are those of its files, but for new columns.
sql("mapped-later", "create table T! using delta as select id, cast(id as int) as a from range(1, 3, 1, 1)",
    "alter table T! set tblproperties ('delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', "
    "'delta.minWriterVersion' = '5')", "alter table T! rename column a to b", "alter table T! add columns (a string)",
    "insert into T! values (3, 30, 'x')")
done("mapped-later")
sql("mapped-vectors", f"create table T! using delta tblproperties ('delta.columnMapping.mode' = 'name', {VECTORS}) as "
    "select id, concat('n', id) as name from range(0, 50, 1, 1)",
    "delete from T! where name = 'n7' or id > 40", "alter table T! rename column name to title")
done("mapped-vectors")

# Checkpoints of version 2, and the state only they have.
spark.conf.set("spark.databricks.delta.checkpoint.partSize", "2")
for form in ["json", "parquet"]:
    spark.conf.set("spark.databricks.delta.checkpointV2.topLevelFileFormat", form)
    name = f"checkpoint-{form}"
    sql(name, f"create table T! using delta tblproperties ('delta.checkpointPolicy' = 'v2', {VECTORS}, "
        "'delta.feature.domainMetadata' = 'supported') as "
        "select /*+ repartition(4) */ id, if(id % 4 = 0, null, concat('v', id)) as name from range(0, 40, 1, 1)",
        "delete from T! where id = 17")
    checkpoint(name)
    assert len([f for f in os.listdir(f"{folder}/{name}/_delta_log/_sidecars") if not f.startswith(".")]) > 1
    done(name)
spark.conf.unset("spark.databricks.delta.checkpoint.partSize")

# Kinds of tables whose rows read as ever.
sql("timed", "create table T! using delta tblproperties ('delta.enableInCommitTimestamps' = 'true') as select 1L as id",
    "insert into T! values (2)")
done("timed")
sql("tracked", "create table T! using delta tblproperties ('delta.enableRowTracking' = 'true') as select 1L as id")
checkpoint("tracked")
done("tracked")
sql("clustered", "create table T! using delta cluster by (id) as select 1L as id, 'a' as name",
    "insert into T! values (2, 'b')", "optimize T!")
checkpoint("clustered")
done("clustered")
sql("changes", "create table T! using delta tblproperties ('delta.enableChangeDataFeed' = 'true') as "
    "select id, 'a' as name from range(1, 4, 1, 1)", "update T! set name = 'z' where id = 2")
done("changes")
sql("widened", "create table T! using delta tblproperties ('delta.enableTypeWidening' = 'true') as select 1L as id, "
    "1y as a, 300s as b, 1.5f as d, named_struct('g', 5y) as s, map('k', 1s) as m, array(1y, null) as l",
    "alter table T! alter column a type int", "alter table T! alter column b type int",
    "alter table T! alter column s.g type int", "alter table T! alter column l.element type short",
    "insert into T! values (3, 2000000000, 100000, 0.1f, named_struct('g', 70000), map('q', 3s), array(300s))")
done("widened")
sql("defaults", "create table T! (id long, name string default 'none') using delta "
    "tblproperties ('delta.feature.allowColumnDefaults' = 'supported')", "insert into T! (id) values (1)")
done("defaults")
sql("kinds", "create table T! (id long, small decimal(5, 2), middle decimal(15, 3), large decimal(38, 10), local "
    "timestamp_ntz, at timestamp, day date, raw binary, flag boolean, deep array<map<string, array<struct<a: "
    "array<int>, b: decimal(20, 4)>>>>) using delta",
    "insert into T! values (1, -1.25, 123456789012.345, 1234567890123456789012345678.0123456789, "
    "timestamp_ntz'2026-11-21 08:00:00.5', timestamp'1950-01-01 00:00:00.000001', date'1950-01-01', x'00ff', true, "
    "array(map('k', array(named_struct('a', array(1, null), 'b', 1.5), null)), null, map())), "
    "(2, null, null, null, null, null, null, null, null, null)")
done("kinds")
# Two levels for lists, `map` for maps, and decimals in bytes, as writers did long ago.
spark.conf.set("spark.sql.parquet.writeLegacyFormat", "true")
sql("legacy", "create table T! (id long, price decimal(8, 2), list array<int>, tags array<string>, pairs array<struct<a: "
    "int>>, counts map<string, int>) using delta",
    "insert into T! values (1, -0.05, array(1, null, 3), array('a'), array(named_struct('a', 1), null), map('k', 1)), "
    "(2, null, null, array(), null, map()), (3, 99.99, array(), null, array(), null)")
done("legacy")
spark.conf.set("spark.sql.parquet.writeLegacyFormat", "false")
spark.conf.set("spark.sql.parquet.compression.codec", "lz4")
sql("hadoop-lz4", "create table T! using delta as "
    "select id, repeat(concat('t', id % 5), 20) as text from range(0, 40000, 1, 1)")
done("hadoop-lz4")
spark.conf.set("spark.sql.parquet.compression.codec", "snappy")
if spark.version >= "4":
    sql("variants", "create table T! using delta as select id, parse_json(concat('{\"n\":', id, '}')) as value, "
        "concat('n', id) as name from range(0, 5, 1, 1)", "delete from T! where id = 3")
    done("variants", columns=["id", "name"])

open(f"{folder}/first-done", "w").close()
while not os.path.exists(f"{folder}/second"):
    if os.path.exists(f"{folder}/stop"):
        os._exit(3)
    time.sleep(0.1)
for name in open(f"{folder}/second").read().split():
    done(name, "-again")
print("ok")
sys.stdout.flush()
os._exit(0)
