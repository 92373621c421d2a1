"""A Spark session with Delta Lake for the tests: short work on one core. Import it before anything of pyspark.

    from session import UTC, note, open_session, plain
"""
import datetime
import decimal
import math
import os
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()
# Short work: the quick compiler and the simple collector halve the time.
os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join([
    "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto'", "--driver-memory 700m",
    "pyspark-shell"])
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
os.environ["PYSPARK_PYTHON"] = sys.executable
from pyspark.sql import Row, SparkSession  # noqa: E402

started = time.time()
UTC = datetime.timezone.utc


def open_session(folder, jars, **settings):
    """Settings are those of Spark, with __ for a full stop."""
    builder = SparkSession.builder.master("local[1]").config("spark.jars", jars) \
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension") \
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog") \
        .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1") \
        .config("spark.databricks.delta.snapshotPartitions", "1").config("spark.sql.session.timeZone", "UTC") \
        .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "1") \
        .config("spark.sql.warehouse.dir", f"{folder}/warehouse")
    for name, value in settings.items():
        builder = builder.config(name.replace("__", "."), value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def note(what):
    print(f"{time.time() - started:6.1f} s  {what}", flush=True)


def plain(value):
    """As the test writes values: instants as microseconds, binary as hexadecimal digits."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, Row):
        return {k: plain(v) for k, v in value.asDict().items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return [[k, plain(v)] for k, v in value.items()]
    if isinstance(value, datetime.datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (value - datetime.datetime(1970, 1, 1, tzinfo=UTC)) // datetime.timedelta(microseconds=1)
    return str(value) if isinstance(value, datetime.date) else value
