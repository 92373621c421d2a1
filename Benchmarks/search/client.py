"""client.py URL FILMS: the same work as `bench-search service`, by Elasticsearch's Python client."""
import json
import sys
import time

import elasticsearch
import elasticsearch.helpers

url, path = sys.argv[1:3]
films = [json.loads(line) for line in open(path, encoding="utf-8")]
questions = open(path + ".questions", encoding="utf-8").read().split("\n")
client = elasticsearch.Elasticsearch(url, request_timeout=60)
index = "bench-python"
client.options(ignore_status=404).indices.delete(index=index)
text = {"type": "text", "term_vector": "yes"}
mapping = {"dynamic": "true", "properties": {"title": text, "overview": text, "genres": {"type": "keyword"}}}
client.indices.create(
    index=index, mappings=mapping,
    settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"})


def actions():
    for film in films:
        yield {"_index": index, "_id": film["item_id"], "_version": 1, "_version_type": "external", "_source": film}


start, processor = time.perf_counter(), time.process_time()
elasticsearch.helpers.bulk(client, actions(), chunk_size=500)
seconds, spent = time.perf_counter() - start, time.process_time() - processor
print(f"python, bulk: {len(films) / seconds:.0f} documents/s, "
      f"{len(films) / spent:.0f} documents for each second of the client's processor")
client.indices.refresh(index=index)


def query(words):
    return {"bool": {"must": [
        {"bool": {"should": [{"match": {"title": {"query": word, "boost": 3}}}, {"match": {"overview": word}}]}}
        for word in dict.fromkeys(words.split())]}}


times, total = [], 0
for turn in range(2):
    processor = time.process_time()
    for words in questions:
        start = time.perf_counter()
        answer = client.search(index=index, query=query(words), size=20, source=False, track_total_hits=True,
                               sort=[{"_score": "desc"}, {"item_id.keyword": "asc"}])
        total += answer["hits"]["total"]["value"]
        if turn:
            times.append((time.perf_counter() - start) * 1e6)
    spent = time.process_time() - processor
print(f"python, query: {spent * 1e6 / len(questions):.0f} µs of processor")
times.sort()
print(f"python, whole: median {times[len(times) // 2]:.0f} µs, p99 {times[len(times) * 99 // 100]:.0f} µs, "
      f"{len(times)} queries, {total // 2} films found")
