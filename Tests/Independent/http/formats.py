"""What JSON Schema cannot say, for schemathesis: how sound texts are made, and which parameters need each other.

Loaded by schemathesis through SCHEMATHESIS_HOOKS."""

import datetime
import json

import schemathesis
from hypothesis import strategies as st

FILTERS = [
    'year >= 1990', 'genres = "Drama"', 'not language = "fr"', 'year in (1999, 2001) and runtime < 200',
    'title != "x" or popularity > 0.5',
]
# Of the catalogue that comes with the demo, and its users.
KNOWN = ["f0001", "f0100", "f0273", "u1", "u42", "current"]

# 1 to 256 bytes of UTF-8, no control characters. No dots alone: clients fold such segments away.
strange = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60
).filter(lambda text: len(text.encode()) <= 256 and text.strip("."))

schemathesis.openapi.format("identifier", st.one_of(st.sampled_from(KNOWN), strange))
schemathesis.openapi.format("filter", st.sampled_from(FILTERS))
schemathesis.openapi.format("boost", st.builds("{}:{}".format, st.integers(0, 10), st.sampled_from(FILTERS)))
schemathesis.openapi.format(
    "json-object", st.dictionaries(st.from_regex("[a-z]+", fullmatch=True), st.integers()).map(json.dumps)
)
schemathesis.openapi.format("event-time", st.sampled_from(["2020-11-20T12:00:00Z", "1999-01-01T00:00:00.5+02:00"]))
# No film was shown before 1870.
days = st.dates(datetime.date(1870, 1, 1), datetime.date(2200, 12, 31))
schemathesis.openapi.format("date", days.map(datetime.date.isoformat))
schemathesis.openapi.format("comma-separated", st.sampled_from(["title", "title,year"]))


@schemathesis.hook
def before_call(context, case, kwargs):
    """A cursor is only sound if a page has given it, `params` only if a filter has just these names, a film only if it does not
    end before it begins and is the one of the path."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if isinstance(case.query, dict):
        make_sound(case.query)
    body = case.body
    films = body.get("items") if isinstance(body, dict) else body
    for part in [body] + (films if isinstance(films, list) else []):
        if isinstance(part, dict):
            make_sound(part)
            if case.method in ("PUT", "PATCH"):
                part.pop("item_id", None)
                part.pop("id", None)


def make_sound(part):
    for name in ("cursor", "params", "available_until"):
        part.pop(name, None)
