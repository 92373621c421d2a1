"""The same job in Python: confluent-kafka, json, psycopg with executemany. Events and fresh lists to PostgreSQL, with the
offsets in the same transaction, in the tables that `marquee deliver --migrate` has made.

    peer.py BOOTSTRAP POSTGRES COUNT REST        prints one JSON object

Written as a careful user would: batches of a second at most, one transaction each, one list of ten for each user of a
batch, asked of a running `marquee serve` over one kept connection. Left out: dead letters, duplicates, recovery.
REST is `-` to store events alone.
"""
import datetime
import http.client
import json
import resource
import sys
import time

import psycopg
from confluent_kafka import Consumer, TopicPartition

TOPICS = ["movie-views", "movie-likes", "movie-reviews"]

def main(servers, address, count, rest):
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "peer", "enable.auto.commit": False,
                         "queued.max.messages.kbytes": 32768, "fetch.wait.max.ms": 100})
    cluster = consumer.list_topics(timeout=10)
    api = None if rest == "-" else http.client.HTTPConnection(rest)
    with psycopg.connect(address) as database:
        start = time.monotonic()
        consumer.assign([TopicPartition(t, p, 0) for t in TOPICS for p in cluster.topics[t].partitions])
        seen = lists = 0
        while seen < count:
            events, offsets, triggers = [], {}, {}
            now = datetime.datetime.now(datetime.timezone.utc)
            for message in consumer.consume(10_000, timeout=1):
                if message.error():
                    continue
                event = json.loads(message.value())
                events.append((
                    event["event_id"], event["user_id"], event["item_id"], event["kind"], event["value"],
                    event.get("review_text"), datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00")),
                    event.get("source", "kafka"), message.topic(), message.partition(), message.offset(), now))
                offsets[f"{message.topic()}:{message.partition()}"] = message.offset() + 1
                triggers[event["user_id"]] = event["event_id"]
            rows = []
            if api:
                for user, trigger in triggers.items():
                    api.request("GET", f"/v1/users/{user}/recommendations?n=10&explain=summary&fields=title")
                    answer = json.loads(api.getresponse().read())
                    rows += [(user, item["rank"], item["id"], item["fields"].get("title"), item["score"],
                              json.dumps(item["reasons"]), answer["model"]["id"], answer["recommendation_id"], now,
                              trigger) for item in answer["items"]]
            with database.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO marquee.events VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
                    "ON CONFLICT (event_id) DO NOTHING", events)
                cursor.executemany(
                    "INSERT INTO marquee.recommendations VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)
                cursor.executemany(
                    "INSERT INTO marquee.offsets VALUES ('peer', %s, %s, now()) ON CONFLICT (consumer, source) DO UPDATE "
                    "SET next_offset = excluded.next_offset", list(offsets.items()))
            database.commit()
            seen += len(events)
            lists += len(triggers) if api else 0
        seconds = time.monotonic() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"events": seen, "lists": lists, "seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
