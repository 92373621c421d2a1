"""What fastavro makes of event messages: the oracle of the decoder written by hand.

Usage: oracle.py READER_SCHEMA_FILE SEED SCHEMAS

Prints JSON lines. `{"schema": text}` begins a schema that some producer might write events with: other orders, names,
number types, unions, further fields of any type. Then its messages, some damaged:
`{"body": hex, "event": {…} or null, "exact": bool}`. Where `exact` is true the bytes are what an encoder writes, and the
answer must be the same; else (a longer form of a number, a block with its size) a stricter reader may refuse. Where
`unsure` is true any answer will do.
"""

import io
import json
import random
import signal
import struct
import sys
from datetime import datetime, timedelta, timezone

import fastavro

# In Python, so that it can be interrupted: told to pass 2^60 values, it tries, past the end of the message too.
from fastavro._read_py import schemaless_reader

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST = int(datetime(2026, 11, 20, 13, tzinfo=timezone.utc).timestamp()) * 1_000_000
EARLIEST = 315_532_800 * 1_000_000
GOOD_TEXTS = ["u1", "é", "千尋", "🎬🍿", "x" * 256, "a b", "\x00", "y" * 70]
TEXTS = GOOD_TEXTS + ["", "x" * 257]


def is_empty(schema):
    """Whether values of the type take no bytes."""
    if not isinstance(schema, dict):
        return schema == "null"
    if schema["type"] == "record":
        return all(is_empty(field["type"]) for field in schema["fields"])
    return schema["type"] == "fixed" and schema["size"] == 0


class Schemas:
    """Random types with a value for each, names unique."""

    def __init__(self, rng):
        self.rng = rng
        self.names = 0

    def name(self):
        self.names += 1
        return f"T{self.names}"

    def other(self, depth=0):
        """A type that is nothing to us, and a function that makes values of it."""
        rng = self.rng
        kinds = ["null", "boolean", "int", "long", "float", "double", "bytes", "string", "enum", "fixed"]
        if depth < 3:
            kinds += ["array", "map", "record", "union", "recursive"]
        kind = rng.choice(kinds)
        if kind == "null":
            return "null", lambda: None
        if kind == "boolean":
            return "boolean", lambda: rng.random() < 0.5
        if kind == "int":
            return "int", lambda: rng.choice([0, 1, -1, 63, -64, 64, 2**31 - 1, -(2**31), rng.randrange(-9999, 9999)])
        if kind == "long":
            return "long", lambda: rng.choice([0, -1, 2**63 - 1, -(2**63), rng.randrange(-(10**15), 10**15)])
        if kind == "float":
            return "float", lambda: struct.unpack("f", struct.pack("f", rng.uniform(-9, 9)))[0]
        if kind == "double":
            return "double", lambda: rng.uniform(-9, 9)
        if kind == "bytes":
            return "bytes", lambda: rng.randbytes(rng.randrange(20))
        if kind == "string":
            return "string", lambda: rng.choice(TEXTS)
        if kind == "enum":
            symbols = ["A", "B", "C"][: rng.randrange(1, 4)]
            return {"type": "enum", "name": self.name(), "symbols": symbols}, lambda: rng.choice(symbols)
        if kind == "fixed":
            size = rng.choice([0, 1, 7, 16])
            return {"type": "fixed", "name": self.name(), "size": size}, lambda: rng.randbytes(size)
        if kind == "array":
            item, make = self.other(depth + 1)
            # fastavro itself counts to 2^63 where nothing is counted.
            while is_empty(item):
                item, make = self.other(depth + 1)
            return {"type": "array", "items": item}, lambda: [make() for _ in range(rng.randrange(4))]
        if kind == "map":
            item, make = self.other(depth + 1)
            return {"type": "map", "values": item}, lambda: {f"k{i}": make() for i in range(rng.randrange(4))}
        if kind == "record":
            parts = [(f"f{i}", *self.other(depth + 1)) for i in range(rng.randrange(4))]
            fields = [{"name": n, "type": t} for n, t, _ in parts]
            return {"type": "record", "name": self.name(), "fields": fields}, lambda: {n: m() for n, _, m in parts}
        if kind == "union":
            item, make = self.other(9)
            if item == "null" or isinstance(item, dict) and item["type"] == "fixed":
                item, make = "string", lambda: rng.choice(TEXTS)
            return ["null", item], lambda: make() if rng.random() < 0.6 else None
        name = self.name()
        node = {
            "type": "record",
            "name": name,
            "fields": [{"name": "next", "type": ["null", name]}, {"name": "n", "type": "int"}],
        }

        def chain(depth=0):
            return {"next": chain(depth + 1) if depth < 3 and rng.random() < 0.5 else None, "n": depth}

        return node, chain

    def event(self):
        """A writer's schema of events, and a function that makes one."""
        rng = self.rng

        def text(optional):
            plain = rng.choice(["string", "string", "bytes"])
            return rng.choice([plain, plain, ["null", plain], [plain, "null"]]) if optional or rng.random() < 0.2 else plain

        def value_of(kind, value):
            options = kind if isinstance(kind, list) else [kind]
            if value is None:
                return None if "null" in options else ""
            return value.encode() if "bytes" in options else value

        symbols = ["view", "like", "review"]
        if rng.random() < 0.5:
            symbols += ["share", "pause"]
            rng.shuffle(symbols)
        kind = "string" if rng.random() < 0.2 else {"type": "enum", "name": rng.choice(["EventKind", "K"]), "symbols": symbols}
        if rng.random() < 0.2:
            kind = ["null", kind]
        number = rng.choice(["int", "long", "float", "double", ["null", "double"], ["int", "float"], ["null", "long"]])
        stamp = rng.choice(
            [
                "long",
                {"type": "long", "logicalType": "timestamp-micros"},
                {"type": "long", "logicalType": "timestamp-millis"},
                ["null", {"type": "long", "logicalType": "timestamp-millis"}],
            ]
        )
        types = {"event_id": text(False), "user_id": text(False), "item_id": text(False), "kind": kind, "value": number, "at": stamp}
        if rng.random() < 0.7:
            types["review_text"] = text(True)
        if rng.random() < 0.7:
            types["source"] = text(True)
        aliases = {"event_id": ["eventId"], "user_id": ["userId"], "item_id": ["itemId", "movie_id", "movieId"], "review_text": ["reviewText"]}
        names = {n: rng.choice(aliases[n]) if n in aliases and rng.random() < 0.15 else n for n in types}
        others = [(f"other_{i}", *self.other()) for i in range(rng.randrange(4))]
        fields = [{"name": names[n], "type": t} for n, t in types.items()] + [{"name": n, "type": t} for n, t, _ in others]
        rng.shuffle(fields)
        schema = {"type": "record", "name": rng.choice(["Event", "marquee.Event", "com.x.E"]), "fields": fields}
        texts = GOOD_TEXTS if rng.random() < 0.8 else TEXTS

        def make():
            name = rng.choice(symbols)
            whole = number in ("int", "long") or number == ["null", "long"]
            value = {"view": [0, 1], "like": [1, -1], "review": [1, 2, 3, 4, 5]}.get(name, [0])
            value = rng.choice(value if whole else value + [0.5, 0.25, 0.1, 4.5, 0.3])
            if rng.random() < 0.05:
                value = 17
            micros = rng.randrange(EARLIEST, LATEST)
            if rng.random() < 0.05:
                micros = rng.choice([0, LATEST + 1, EARLIEST - 1])
            millis = "millis" in json.dumps(stamp)
            datum = {}
            for n, t in types.items():
                if n == "kind":
                    datum[names[n]] = name
                elif n == "value":
                    datum[names[n]] = int(value) if whole else value
                elif n == "at":
                    datum[names[n]] = micros if stamp == "long" else EPOCH + timedelta(microseconds=micros // 1000 * 1000 if millis else micros)
                else:
                    datum[names[n]] = value_of(t, None if rng.random() < 0.03 else rng.choice(texts))
            for n, t in types.items():
                if isinstance(t, list) and "null" in t and rng.random() < 0.05:
                    datum[names[n]] = None
            return datum | {n: m() for n, _, m in others}

        return schema, make


def reader_for(reader, writer):
    """Our schema, with the liberties that the decoder takes: any name, and a kind that is a string."""
    result = json.loads(json.dumps(reader))
    result["name"] = writer["name"].split(".")[-1]
    result.pop("namespace", None)
    theirs = next((f["type"] for f in writer["fields"] if f["name"] == "kind"), None)
    for branch in theirs if isinstance(theirs, list) else [theirs]:
        for field in result["fields"]:
            if field["name"] == "kind" and branch == "string":
                field["type"] = "string"
            elif field["name"] == "kind" and isinstance(branch, dict):
                # The symbols of both, or the first that is new would end the reading.
                field["type"] = {**branch, "symbols": branch["symbols"]}
    return result


class Unsure(Exception):
    """fastavro's two implementations differ: one looks into texts that are passed over, the other does not."""


def expected(body, writer, reader):
    stream = io.BytesIO(body)
    try:
        found = schemaless_reader(stream, writer, reader)
    except UnicodeDecodeError as error:
        raise Unsure from error
    except Exception:
        return None
    if stream.tell() != len(body):
        return None
    at = found["at"]
    try:
        at = at if isinstance(at, int) else (at - EPOCH) // timedelta(microseconds=1)
        value = struct.unpack("f", struct.pack("f", found["value"]))[0]
    except (TypeError, OverflowError, struct.error):
        return None
    ids = [found["event_id"], found["user_id"], found["item_id"]]
    if not all(isinstance(i, str) and 0 < len(i.encode()) <= 256 for i in ids) or not EARLIEST <= at <= LATEST:
        return None
    source, text = found["source"] or "kafka", found["review_text"]
    if len(source.encode()) > 256 or text is not None and len(text.encode()) > 65536:
        return None
    kind = found["kind"]
    if not {"view": 0 <= value <= 1, "like": value in (1, -1), "review": 0.5 <= value <= 5}.get(kind, False):
        return None
    return {"ids": ids, "kind": kind, "value": value, "at": at, "source": source, "text": text}


def is_exact(body, writer):
    stream = io.BytesIO(body)
    try:
        datum = schemaless_reader(stream, writer, None, return_record_name=True, return_named_type=True)
        out = io.BytesIO()
        fastavro.schemaless_writer(out, writer, datum)
    except Exception:
        return False
    return out.getvalue() == body


def damaged(body, rng):
    body = bytearray(body)
    for _ in range(rng.randrange(1, 4)):
        if not body:
            break
        place = rng.randrange(len(body))
        action = rng.randrange(5)
        if action == 0:
            body[place] = rng.randrange(256)
        elif action == 1:
            del body[place]
        elif action == 2:
            body.insert(place, rng.choice([0, 1, 2, 0x80, 0xFF, rng.randrange(256)]))
        elif action == 3:
            body = body[:place]
        else:
            body[place] ^= 1 << rng.randrange(8)
    return bytes(body)


def interrupt(*_):
    raise TimeoutError


def main():
    signal.signal(signal.SIGVTALRM, interrupt)
    with open(sys.argv[1], encoding="utf-8") as file:
        reader = json.load(file)
    rng = random.Random(int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        schema, make = Schemas(rng).event()
        print(json.dumps({"schema": json.dumps(schema)}))
        writer = fastavro.parse_schema(schema)
        view = fastavro.parse_schema(reader_for(reader, schema))
        for number in range(24):
            out = io.BytesIO()
            try:
                fastavro.schemaless_writer(out, writer, make())
            except Exception:
                continue
            body = out.getvalue() if number % 2 == 0 else damaged(out.getvalue(), rng)
            signal.setitimer(signal.ITIMER_VIRTUAL, 1)
            try:
                event = expected(body, writer, view)
            except Unsure:
                print(json.dumps({"body": body.hex(), "event": None, "exact": False, "unsure": True}))
                continue
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 1)
            exact = number % 2 == 0 or is_exact(body, writer)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            print(json.dumps({"body": body.hex(), "event": event, "exact": exact}))


main()
