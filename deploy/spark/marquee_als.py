"""Fits MLlib's ALS to the events of a Marquee store: what `marquee train --engine spark` submits, and what runs alone.

    spark-submit --jars DELTA_JARS marquee_als.py --store data --output als --rank 64
    marquee models import spark als --store data --models models

It reads one version of the Delta table `events`, makes of the events of each (user, item) pair the same signed weight as
`marquee train`, numbers users and items by the bytes of their identifiers, and fits once to each part that is asked for:
the events before the split, to be measured, and all of them, to be published. Written below `--output`:

    PART/metadata, PART/userFactors, PART/itemFactors    an ALSModel, as Spark saves and loads it
    PART/userIds, PART/itemIds                           Parquet: id int, name string
    training.json                                        what was fitted, and how; written last: a folder without it is unfinished

Needs Spark 3.5 or later, Delta Lake for it, and numpy beside Python. docs/spark.md has the mapping of the settings.
"""

import argparse
import json
import math
import os
import sys
import time

import numpy as np
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

FORMAT = 1
# Version 1 of the confidence weights, as docs/training.md has them.
WEIGHTS = {
    "version": 1, "view": {"points": [[0, -0.2], [0.1, -0.2], [0.3, 0.1], [1, 1]]},
    "like": {"points": [[-1, -2], [1, 1.5]]},
    "review": {"points": [[0.5, -2], [2, -1], [3, 0.2], [4, 1], [5, 1.5]]}, "ceiling": 5, "repeats": "sum",
}
EARLIEST = 315_532_800_000_000  # 1980-01-01, microseconds: nothing happened before.
CLOCK_SKEW = 3_600_000_000  # How far after the version's commit an event may be.


def say(what, **figures):
    """A line for whoever waits: `marquee: {"phase": …}`."""
    print("marquee: " + json.dumps({"phase": what, **figures}), flush=True)


def real(number):
    """A 32-bit constant: weights are computed in the precision that `marquee train` has."""
    return F.lit(float(np.float32(number))).cast("float")


def curve(points, value):
    """A piecewise linear function, constant beyond its first and last point. A quotient of floats, made in 64 bits and
    rounded, is that of 32 bits."""
    points = [[np.float32(x), np.float32(y)] for x, y in points]
    result = real(points[-1][1])
    for (x0, y0), (x1, y1) in reversed(list(zip(points, points[1:]))):
        slope = ((real(y1 - y0) * (value - real(x0))) / real(x1 - x0)).cast("float")
        result = F.when(value <= real(x1), real(y0) + slope).otherwise(result)
    return F.when(value <= real(points[0][0]), real(points[0][1])).otherwise(result)


def good_events(spark, request):
    """The rows of the table that are events: user, item, kind, value, at (microseconds), weight before ageing."""
    frame = spark.read.format("delta").option("versionAsOf", request["version"]).load(request["events"])
    frame = frame.select(
        F.col("user_id").cast("string").alias("user"), F.col("item_id").cast("string").alias("item"), "kind",
        F.col("value").cast("float").alias("value"), F.unix_micros(F.col("at").cast("timestamp")).alias("at"))
    for name in ("user", "item"):
        column = F.col(name)
        size = F.octet_length(column)
        frame = frame.where((size >= 1) & (size <= 256))
        if spark.version >= "4":
            frame = frame.where(F.is_valid_utf8(column))
        else:
            frame = frame.where(column == F.decode(column.cast("binary"), "UTF-8"))
    kind, value = F.col("kind"), F.col("value")
    frame = frame.where(
        ~F.isnan(value)
        & (((kind == "view") & value.between(0, 1)) | ((kind == "like") & value.isin(-1.0, 1.0))
           | ((kind == "review") & value.between(0.5, 5)))
        & F.col("at").between(EARLIEST, request["committed_at"] + CLOCK_SKEW))
    if request.get("exclude"):
        names = spark.read.parquet(request["exclude"]).select(F.col("user_id").alias("user"))
        frame = frame.join(names, "user", "left_anti")
    weight = F.lit(None).cast("float")
    for name in ("view", "like", "review"):
        points = request["weights"][name]["points"]
        if points:
            weight = F.when(kind == name, curve(points, value)).otherwise(weight)
    return frame.withColumn("weight", weight)


def quantile(events, share):
    """The time at the given quantile, exactly: narrowed down from days to seconds to one second's events."""
    place, known = None, None
    low, high = EARLIEST, 1 << 62
    for width in (86_400_000_000, 1_000_000, 1):
        bucket = (F.floor(F.col("at") / width)).alias("bucket")
        inside = events.where(F.col("at").between(low, high))
        counts = sorted((row["bucket"], row["count"]) for row in inside.groupBy(bucket).count().collect())
        if place is None:
            total = sum(count for _, count in counts)
            if not total:
                raise SystemExit("marquee: this version of the table has no events to fit")
            place = min(total - 1, int(total * share))
        for known, count in counts:
            if place < count:
                break
            place -= count
        low, high = known * width, known * width + width - 1
    return low


def part_of(events, part):
    """The events of one part of the split, those of a kind that counts."""
    if "before" in part:
        events = events.where(F.col("at") < part["before"])
    if part.get("except") == "last":
        # The last liked item of every user with two; of several at one instant the last by the bytes of its identifier.
        liked = events.where(F.col("weight") > 0)
        last = liked.groupBy("user").agg(
            F.max(F.struct("at", "item"))["item"].alias("item"), F.min("item").alias("a"), F.max("item").alias("b"))
        events = events.join(last.where(F.col("a") != F.col("b")).select("user", "item"), ["user", "item"], "left_anti")
    return events.where(F.col("weight").isNotNull())


def weighed(events, weights, present):
    """Of each pair of user and item the signed confidence: aged, summed by rising value or the newest, cut."""
    weight = F.col("weight")
    if weights.get("half_life_days"):
        days = F.greatest(F.lit(0), F.lit(present) - F.col("at")).cast("double") / 86_400e6
        weight = weight * F.pow(F.lit(2.0), -days / F.lit(float(weights["half_life_days"]))).cast("float")
    ceiling = real(weights.get("ceiling", 5))
    groups = events.withColumn("weight", weight).groupBy("user", "item")
    if weights.get("repeats", "sum") == "newest":
        joined = F.max(F.struct("at", "weight"))["weight"]
    else:
        joined = F.aggregate(
            F.array_sort(F.collect_list("weight")), F.lit(0.0).cast("float"), lambda sum, one: (sum + one).cast("float"))
    return groups.agg(F.least(F.greatest(joined, -ceiling), ceiling).alias("weight"))


def numbered(spark, names, folder):
    """Identifiers with dense numbers by rising bytes: sorted and written once, so that a lost executor moves no number."""
    sorted_names = names.orderBy("name").select(
        "name", F.spark_partition_id().alias("part"), F.monotonically_increasing_id().alias("row"))
    sorted_names.write.mode("overwrite").parquet(folder)
    rows = spark.read.parquet(folder)
    first, offsets = 0, []
    for row in sorted(rows.groupBy("part").count().collect()):
        offsets.append((row["part"], first))
        first += row["count"]
    if first >= 1 << 31:
        raise SystemExit(f"marquee: {first} identifiers are more than MLlib's 32-bit ids can number")
    starts = spark.createDataFrame(offsets, "part int, first long")
    inside = F.col("row").bitwiseAND((1 << 33) - 1)
    return rows.join(F.broadcast(starts), "part").select((inside + F.col("first")).cast("int").alias("id"), "name"), first


def settings(request, shape):
    """α and regParam where they are not given: what the shape of the first part calls for (docs/spark.md)."""
    if request.get("alpha0") is None:
        request["alpha0"] = math.sqrt(shape["pairs"] / (shape["users"] * shape["items"]))
    if request.get("reg_param") is None:
        strength = max(4, 0.75 * math.sqrt(shape["pairs"] / shape["users"]))
        alpha0, cells = request["alpha0"], shape["users"] * shape["items"]
        ridge = strength / (alpha0 * shape["items"])
        request["reg_param"] = ridge * (shape["pairs"] + alpha0 * cells) / (alpha0 * shape["liked"])


def fit(spark, events, part, request):
    """Fits one part, saves its model and identifiers, and says what it was."""
    begin, name, output = time.time(), part["name"], request["output"]
    work = f"{output}/scratch/{name}"
    events = part_of(events, part)
    facts = events.agg(F.count("*").alias("n"), F.max("at").alias("last"), F.min("at").alias("first")).first()
    if facts["n"] == 0:
        raise SystemExit(f"marquee: there are no events of a kind that counts in the part '{name}'")
    present = min(facts["last"], request["committed_at"])
    # Written once: what an executor loses is read again instead of computed from the events.
    weighed(events, request["weights"], present).write.mode("overwrite").parquet(f"{work}/pairs")
    pairs = spark.read.parquet(f"{work}/pairs")
    users, user_count = numbered(spark, pairs.select(F.col("user").alias("name")).distinct(), f"{work}/users")
    items, item_count = numbered(spark, pairs.select(F.col("item").alias("name")).distinct(), f"{work}/items")
    counts = pairs.agg(F.count("*").alias("n"), F.sum((F.col("weight") > 0).cast("long")).alias("liked")).first()
    if not counts["liked"]:
        raise SystemExit(f"marquee: no event of the part '{name}' says that a user liked an item")
    shape = {"events": facts["n"], "users": user_count, "items": item_count, "pairs": counts["n"],
             "liked": counts["liked"], "first_event_at": facts["first"], "last_event_at": facts["last"]}
    settings(request, shape)
    say("fitting", part=name, **shape)
    ratings = pairs.join(users.withColumnsRenamed({"id": "u", "name": "user"}), "user") \
        .join(items.withColumnsRenamed({"id": "i", "name": "item"}), "item").select("u", "i", "weight")
    # A block of ratings for every 4 million, so that one fits into an executor's memory.
    blocks = request.get("blocks") or max(10, -(-counts["n"] // 4_000_000))
    als = ALS(
        rank=request["rank"], maxIter=request["iterations"], regParam=request["reg_param"], implicitPrefs=True,
        alpha=1 / request["alpha0"], userCol="u", itemCol="i", ratingCol="weight", seed=request["seed"],
        numUserBlocks=blocks, numItemBlocks=blocks, checkpointInterval=request.get("checkpoint_interval", 5),
        intermediateStorageLevel="MEMORY_AND_DISK", finalStorageLevel="MEMORY_AND_DISK")
    model = als.fit(ratings)
    model.write().overwrite().save(f"{output}/{name}")
    users.write.mode("overwrite").parquet(f"{output}/{name}/userIds")
    items.write.mode("overwrite").parquet(f"{output}/{name}/itemIds")
    if request.get("keep_pairs"):
        pairs.write.mode("overwrite").parquet(f"{output}/{name}/pairs")
    if request.get("lists"):
        model.recommendForAllUsers(request["lists"]).write.mode("overwrite").parquet(f"{output}/{name}/lists")
    seconds = round(time.time() - begin, 3)
    say("fitted", part=name, seconds=seconds)
    return {**part, **shape, "blocks": blocks, "seconds": seconds}


def write_text(spark, place, text):
    """Puts a file where Spark keeps its own: a disk or an object store."""
    jvm = spark.sparkContext._jvm
    path = jvm.org.apache.hadoop.fs.Path(place)
    files = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    if text is None:
        files.delete(path, True)
        return
    stream = files.create(path, True)
    stream.write(bytearray(text.encode()))
    stream.close()


def committed_at(spark, request):
    """When the version was committed, microseconds; the newest version if none is given."""
    log = spark.sql(f"DESCRIBE HISTORY delta.`{request['events']}`").select("version", F.unix_micros("timestamp"))
    if request.get("version") is None:
        request["version"] = log.agg(F.max("version")).first()[0]
    found = log.where(F.col("version") == request["version"]).first()
    if found is None:
        raise SystemExit(f"marquee: the table {request['events']} has no version {request['version']} any more")
    return found[1]


def split_parts(events, split):
    """The part that is measured, if any, and all events."""
    name, _, value = (split or "none").partition(":")
    if name == "none":
        return [{"name": "all"}]
    if name == "last":
        return [{"name": "except-last", "except": "last"}, {"name": "all"}]
    if name == "time":
        before = quantile(events, float(value))
    elif name == "before":
        before = int(value)
    else:
        raise SystemExit(f"marquee: the split '{split}' is none of time:SHARE, before:MICROSECONDS, last, none")
    return [{"name": f"before-{before}", "before": before}, {"name": "all"}]


def run(request):
    """The whole job. What is asked for is in `request`; what is left out is filled in."""
    spark = SparkSession.builder.appName("marquee-als") \
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension") \
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog") \
        .config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.sparkContext.setLogLevel(request.get("log_level", "WARN"))
    output = request["output"]
    write_text(spark, f"{output}/training.json", None)
    if request.get("committed_at") is None:
        request["committed_at"] = committed_at(spark, request)
    spark.sparkContext.setCheckpointDir(f"{output}/scratch/checkpoints")
    events = good_events(spark, request)
    say("reading", spark=spark.version, version=request["version"])
    parts = request.get("parts") or split_parts(events, request.get("split"))
    made = [fit(spark, events, part, request) for part in parts]
    names = ("events", "version", "committed_at", "weights", "rank", "iterations", "alpha0", "reg_param", "seed", "split")
    record = {"format": FORMAT, "spark_version": spark.version, **{name: request.get(name) for name in names},
              "alpha": 1 / request["alpha0"], "parts": made}
    write_text(spark, f"{output}/scratch", None)
    write_text(spark, f"{output}/training.json", json.dumps(record, indent=2) + "\n")
    say("done", output=output)
    spark.stop()


def above_zero(kind):
    """A number of the command line: a whole one if that is its kind."""
    def check(text):
        try:
            number = kind(text)
        except ValueError:
            number = 0
        if not 0 < number < float("inf"):
            raise argparse.ArgumentTypeError(f"'{text}' is no {'whole ' if kind is int else ''}number above 0")
        return number
    return check


def split_of(text):
    """A split of the command line, looked at before Spark starts."""
    name, _, value = text.partition(":")
    try:
        if name in ("last", "none") and not value or name == "time" and 0 < float(value) < 1 or name == "before" and int(value):
            return text
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"'{text}' is none of time:SHARE (between 0 and 1), before:MICROSECONDS, last, none")


def parsed(words):
    """The command line as a request."""
    parser = argparse.ArgumentParser(prog="marquee_als.py", description=__doc__.split("\n")[0])
    parser.add_argument("--request", help="a file of JSON with all of this; nothing else is then read")
    parser.add_argument("--store", help="the event store: a folder, or s3a://bucket/prefix")
    parser.add_argument("--output", help="where the models go: a place that every executor can write to")
    parser.add_argument("--version", type=int, help="of the table; the newest by default")
    parser.add_argument("--rank", type=above_zero(int), default=64)
    parser.add_argument("--iterations", type=above_zero(int), default=12)
    parser.add_argument("--alpha0", type=above_zero(float), help="1/α of MLlib; by default the square root of the density")
    parser.add_argument("--reg-param", type=above_zero(float), help="of MLlib; by default by the shape of the data")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blocks", type=above_zero(int), help="of users and of items; by default one for every 4 million pairs")
    parser.add_argument("--split", type=split_of, default="time:0.9", help="time:SHARE, before:MICROSECONDS, last or none")
    parser.add_argument("--weights", help="a file of JSON, as `marquee train --confidence` takes it")
    parser.add_argument("--exclude", help="Parquet with a column user_id: who is left out")
    options = vars(parser.parse_args(words))
    if options["request"]:
        with open(options["request"], encoding="utf-8") as file:
            request = json.load(file)
    else:
        if not options["store"] or not options["output"]:
            parser.error("--store and --output are needed")
        request = {name: value for name, value in options.items() if value is not None and name != "request"}
        for name in ("store", "output", "exclude"):
            if name in request and "://" not in request[name]:
                request[name] = os.path.abspath(request[name])
        request["events"] = request.pop("store").rstrip("/") + "/events"
        given = {}
        if options["weights"]:
            with open(options["weights"], encoding="utf-8") as file:
                given = json.load(file)
        request["weights"] = {**WEIGHTS, **given}
    return request


if __name__ == "__main__":
    run(parsed(sys.argv[1:]))
