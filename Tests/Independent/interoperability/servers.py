"""Servers that have to be there."""

import json
import os
import urllib.error
import urllib.request

from harness import expect, probe


@probe("knn-int8", "elasticsearch")
def knn_int8(options):
    """How far kNN scores of default dense_vector fields are from the exact ones."""
    import numpy

    generator = numpy.random.default_rng(1)
    vectors = generator.standard_normal((2000, 64)) * generator.lognormal(0, 0.3, (2000, 1))
    queries = generator.standard_normal((20, 64))
    print(f"  Elasticsearch {call(options.elasticsearch, 'GET', '/')['version']['number']}")
    for similarity in ("cosine", "max_inner_product"):
        index = f"{options.elasticsearch}/knn-{similarity.replace('_', '-')}"
        try:
            call(index, "DELETE", "")
        except urllib.error.HTTPError:
            pass
        field = {"type": "dense_vector", "dims": 64, "similarity": similarity}
        call(index, "PUT", "", {"settings": {"number_of_shards": 1}, "mappings": {"properties": {"v": field}}})
        lines = ({"index": {"_id": str(i)}} if half == 0 else {"v": v.tolist()}
                 for i, v in enumerate(vectors) for half in (0, 1))
        call(index, "POST", "/_bulk?refresh=true", "".join(json.dumps(line) + "\n" for line in lines))
        worst, share, found = 0.0, 0.0, 0
        for query in queries:
            dot = vectors @ query
            if similarity == "cosine":
                exact = (1 + dot / numpy.linalg.norm(vectors, axis=1) / numpy.linalg.norm(query)) / 2
            else:
                exact = numpy.where(dot < 0, 1 / (1 - numpy.minimum(dot, 0)), dot + 1)
            knn = {"field": "v", "query_vector": query.tolist(), "k": 10, "num_candidates": 500}
            hits = call(index, "POST", "/_search", {"size": 10, "_source": False, "knn": knn})["hits"]["hits"]
            for hit in hits:
                off = abs(hit["_score"] - exact[int(hit["_id"])])
                worst, share = max(worst, off), max(share, off / exact[int(hit["_id"])])
            found += len({int(hit["_id"]) for hit in hits} & set(numpy.argsort(-exact)[:10].tolist()))
        print(f"  {similarity}: off by up to {worst:.3g} ({100 * share:.2g} %), {found / 2:.0f} % of the true ten")
        call(index, "DELETE", "")


def call(server, method, path, body=None, content_type="application/json"):
    if isinstance(body, str):
        data, content_type = body.encode(), "application/x-ndjson"
    else:
        data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server + path, data, {"Content-Type": content_type}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@probe("registry-space", "registry")
def registry_space(options):
    """A blank in a schema is another schema to Apicurio."""
    subject = f"/subjects/probe-{os.getpid()}/versions"
    schema = '{"type":"record","name":"A","fields":[{"name":"x","type":"int"}]}'
    kind = "application/vnd.schemaregistry.v1+json"
    number = lambda text: call(options.registry, "POST", subject, {"schema": text}, kind)["id"]
    first, second, again = number(schema), number(schema.replace(",", ", ", 1)), number(schema)
    expect("same number for one more blank", first == second, False)
    expect("same number for the same text", first == again, True)


@probe("record-ahead", "kafka")
def record_ahead(options):
    """A broker refuses the whole batch for one record that is more than an hour ahead."""
    import collections
    import time

    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient, NewTopic

    admin, topic = AdminClient({"bootstrap.servers": options.kafka}), f"probe-{os.getpid()}"
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result()
    for minutes, wanted in ((59, {"stored": 100}), (61, {"INVALID_TIMESTAMP": 100})):
        ends, now = collections.Counter(), int(time.time() * 1000)
        producer = Producer({"bootstrap.servers": options.kafka, "linger.ms": 500})
        heard = lambda error, _: ends.update([error.name() if error else "stored"])
        for i in range(100):
            producer.produce(topic, b"x", timestamp=now + (minutes * 60000 if i == 50 else 0), on_delivery=heard)
        producer.flush(20)
        expect(f"100 records, one of them {minutes} minutes ahead", dict(ends), wanted)
    admin.delete_topics([topic])[topic].result()
