#!/usr/bin/env python3
"""What docs/interoperability.md says of other engines, run: probe.py NAME… [--store DIR] [--SERVER ADDRESS].

Without a NAME all that need no server run. Each probe prints what it saw and ends with an error if that is no longer what
the page says: then the page, and perhaps the product, wants a change. `make venv` has the packages; those that a probe
cannot find are named, and it is skipped. Probes marked "store" want a folder that `marquee ingest` made.
"""

import argparse
import datetime
import json
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from importlib.metadata import version

PROBES = {}


def probe(name, *needs):
    def keep(function):
        PROBES[name] = (function, needs)
        return function

    return keep


def expect(what, seen, wanted):
    print(f"  {what}: {seen}")
    if seen != wanted:
        raise SystemExit(f"docs/interoperability.md says {wanted}")


def refused(action):
    try:
        action()
        return "accepted"
    except Exception as error:
        return type(error).__name__


def versions(*packages):
    print("  " + ", ".join(f"{package} {version(package)}" for package in packages))


def rows(table, query):
    import deltalake
    import pyarrow

    return pyarrow.table(deltalake.QueryBuilder().register("t", table).execute(query).read_all()).to_pylist()


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


def count(duckdb, source):
    return duckdb.sql(f"select count(*) from {source}").fetchall()[0][0]


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


@probe("safetensors-order")
def safetensors_order(options):
    """safetensors' numpy writer puts down the memory of an array, whatever its strides are."""
    import numpy, safetensors.numpy

    versions("safetensors", "numpy")
    factors = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)

    def back(array):
        safetensors.numpy.save_file({"a": array}, "a.safetensors")
        return safetensors.numpy.load_file("a.safetensors")["a"].tolist()

    expect("rows", back(factors), [[0, 1, 2], [3, 4, 5]])
    expect("transposed, should be [[0, 3], [1, 4], [2, 5]]", back(factors.T), [[0, 1], [2, 3], [4, 5]])
    expect("after ascontiguousarray", back(numpy.ascontiguousarray(factors.T)), [[0, 3], [1, 4], [2, 5]])


@probe("implicit-lists")
def implicit_lists(options):
    """implicit fills short lists with items that are excluded, and its BM25 weighs popular items below zero."""
    import implicit, implicit.nearest_neighbours, numpy, scipy.sparse

    versions("implicit")
    seen = scipy.sparse.csr_matrix(numpy.array(
        [[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0]], dtype=numpy.float64))
    model = implicit.als.AlternatingLeastSquares(factors=4, iterations=3, random_state=1)
    model.fit(seen, show_progress=False)
    items, scores = model.recommend(0, seen[0], N=6)
    expect("user 0 has seen items 0, 1, 2; a list of six", sorted(items.tolist()), [0, 0, 0, 1, 2, 3])
    expect("places with a score of a real item", int((numpy.abs(scores) > 1e-9).sum() - (scores < -1e38).sum()), 1)
    weights = implicit.nearest_neighbours.bm25_weight(seen).toarray()
    expect("sign of BM25 weights of the item that everybody saw", sorted(set(numpy.sign(weights[:, 0]).tolist())), [-1.0])


@probe("trec-float32")
def trec_float32(options):
    """trec_eval keeps scores as float32 and puts ties in falling order of the names."""
    import pytrec_eval

    versions("pytrec-eval-terrier")
    evaluator = pytrec_eval.RelevanceEvaluator({"q": {"d1": 1}}, {"recip_rank"})
    rank = lambda run: evaluator.evaluate({"q": run})["q"]["recip_rank"]
    expect("best by 0.1", rank({"d1": 1.2, "d2": 1.1}), 1.0)
    expect("best by 1e-8", rank({"d1": 1.00000002, "d2": 1.00000001}), 0.5)


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROBES))
    for place in ("store", "jars", "elasticsearch", "registry", "kafka"):
        parser.add_argument(f"--{place}")
    options = parser.parse_args()
    if options.store:
        options.store = os.path.abspath(options.store)
    unknown = set(options.names) - set(PROBES)
    if unknown:
        raise SystemExit(f"no probe {', '.join(sorted(unknown))}; there are {', '.join(PROBES)}")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, (function, needs) in PROBES.items():
            if options.names and name not in options.names:
                continue
            print(f"{name}: {function.__doc__}")
            missing = [f"--{need}" for need in needs if not getattr(options, need)]
            if missing:
                print(f"  skipped: needs {', '.join(missing)}")
                continue
            try:
                function(options)
            except ModuleNotFoundError as error:
                print(f"  skipped: pip install {error.name}")
        os.chdir("/")


if __name__ == "__main__":
    status = main()
    # Engines with native threads may abort a process while the interpreter goes away.
    sys.stdout.flush()
    os._exit(status or 0)
