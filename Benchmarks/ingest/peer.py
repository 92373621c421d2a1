"""The same job in Python: confluent-kafka, json, deltalake. Kafka to a Delta table with the offsets in each commit.

    peer.py BOOTSTRAP STORE COUNT        prints one JSON object

Written as a careful user would: batches, one Arrow table a commit, zstd, the same columns, checks and commit policy as
`marquee ingest`, offsets by `app_transactions`. Left out: dead letters, duplicates, rebalances, recovery.
"""
import datetime
import json
import resource
import sys
import time

import pyarrow as pa
from confluent_kafka import Consumer, TopicPartition
from deltalake import CommitProperties, Transaction, WriterProperties, write_deltalake

TOPICS = ["movie-views", "movie-likes", "movie-reviews"]
RANGES = {"view": (0.0, 1.0), "like": (-1.0, 1.0), "review": (0.5, 5.0)}
# What the ingester does while it is far behind, as it is here: half a batch is enough while nothing is being committed.
ROWS, AGE = 500_000, 10.0
SCHEMA = pa.schema([
    pa.field("event_id", pa.string(), False), pa.field("user_id", pa.string(), False),
    pa.field("item_id", pa.string(), False), pa.field("kind", pa.string(), False),
    pa.field("value", pa.float32(), False), pa.field("review_text", pa.string()),
    pa.field("at", pa.timestamp("us", "UTC"), False), pa.field("source", pa.string(), False),
    pa.field("topic", pa.string()), pa.field("partition", pa.int32()), pa.field("offset", pa.int64()),
    pa.field("ingested_at", pa.timestamp("us", "UTC"), False), pa.field("event_date", pa.date32(), False)])


def row(message, now):
    event = json.loads(message.value())
    at = datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00"))
    low, high = RANGES[event["kind"]]
    if not low <= event["value"] <= high or not 1 <= len(event["event_id"]) <= 256:
        raise ValueError("out of range")
    return (event["event_id"], event["user_id"], event["item_id"], event["kind"], event["value"],
            event.get("review_text"), at, event.get("source", "kafka"), message.topic(), message.partition(),
            message.offset(), now, at.date())


def commit(store, rows, offsets):
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows), SCHEMA)]
    write_deltalake(
        store, pa.Table.from_arrays(columns, schema=SCHEMA), mode="append", partition_by=["event_date"],
        writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
        commit_properties=CommitProperties(app_transactions=[
            Transaction(app_id=f"kafka:{t}:{p}", version=o) for (t, p), o in sorted(offsets.items())]))


def main(servers, store, count):
    consumer = Consumer({
        "bootstrap.servers": servers, "group.id": "peer", "enable.auto.commit": False,
        "queued.max.messages.kbytes": 32768, "queued.min.messages": 1000000, "fetch.message.max.bytes": 1048576,
        "fetch.wait.max.ms": 100})
    cluster = consumer.list_topics(timeout=10)
    start = time.monotonic()
    consumer.assign([TopicPartition(t, p, 0) for t in TOPICS for p in cluster.topics[t].partitions])
    rows, offsets, seen, commits, oldest = [], {}, 0, 0, None
    while seen < count:
        now = datetime.datetime.now(datetime.timezone.utc)
        for message in consumer.consume(8192, 0.1):
            if message.error():
                continue
            oldest = oldest or time.monotonic()
            rows.append(row(message, now))
            offsets[message.topic(), message.partition()] = message.offset() + 1
            seen += 1
        if rows and (len(rows) >= ROWS or time.monotonic() - oldest >= AGE or seen >= count):
            commit(store, rows, offsets)
            rows, oldest, commits = [], None, commits + 1
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "events": seen, "seconds": time.monotonic() - start, "cpu": usage.ru_utime + usage.ru_stime,
        "commits": commits}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
