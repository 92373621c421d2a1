"""Reads the archive of `marquee privacy export --out` with Python's own zipfile, json, csv and html.parser, and holds its files to
each other: digests, counts, CSV against JSON Lines cell by cell, links and elements of the page. Prints what it found."""

import csv
import hashlib
import html.parser
import io
import json
import sys
import zipfile

csv.field_size_limit(1 << 30)
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "li", "a", "bdi", "table", "thead",
    "tbody", "tr", "th", "td",
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "href", "scope"}


def flat(record):
    cells = {}
    for name, value in record.items():
        if isinstance(value, dict):
            cells.update({f"{name}.{inner}": cell for inner, cell in flat(value).items()})
        else:
            cells[name] = value
    return cells


def shown(value):
    """What the cell of a text must be: nothing a spreadsheet acts on."""
    text = "".join(
        c if c in "\t\n\r" or ord(c) >= 32 and ord(c) != 127 else json.dumps(c)[1:-1] if ord(c) < 32 else "\\u007f"
        for c in value
    )
    first = next((c for c in value if not c.isspace() and ord(c) >= 32), None)
    if value[:1] in ("\t", "\r", "\n") and value or first in ("=", "+", "-", "@", "＝", "＋", "－", "＠"):
        text = "'" + text
    return text


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.text, self.tags, self.cells = [], [], [], set(), []

    def handle_starttag(self, tag, attributes):
        assert tag in ELEMENTS, f"the page has <{tag}>"
        self.tags.add(tag)
        for name, value in attributes:
            assert name in ATTRIBUTES, f"the page has the attribute {name}"
            if name == "href":
                self.links.append(value)
        if tag != "meta":
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)
        if "td" in self.open:
            self.cells[-1] += data

    def handle_comment(self, data):
        raise AssertionError("the page has a comment")


archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
names = archive.namelist()
assert len(names) == len(set(names))
for entry in archive.infolist():
    assert entry.external_attr >> 16 & 0o777 == 0o600, entry
    assert not entry.filename.startswith("/") and ".." not in entry.filename and entry.filename.isascii(), entry
manifest = json.loads(archive.read("manifest.json"))
assert manifest["format"] == "marquee-personal-archive/1"
assert sorted(file["name"] for file in manifest["files"]) == sorted(name for name in names if name != "manifest.json")
for file in manifest["files"]:
    content = archive.read(file["name"])
    assert len(content) == file["bytes"] and hashlib.sha256(content).hexdigest() == file["sha256"], file

tables = {}
for name, count in manifest["records"].items():
    text = archive.read(f"{name}.jsonl").decode("utf-8")
    records = [json.loads(line) for line in text.split("\n")[:-1]]
    assert len(records) == count and (text == "" or text.endswith("\n")), name
    rows = list(csv.reader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8"), newline="")))
    assert len(rows) == (count + 1 if count else 0), (name, len(rows), count)
    for record, row in zip(records, rows[1:]):
        assert len(row) == len(rows[0]), (name, row)
        cells = flat(record)
        assert set(cells) <= set(rows[0]), (name, cells)
        for column, cell in zip(rows[0], row):
            value = cells.get(column)
            if isinstance(value, str):
                assert cell == shown(value), (name, column, cell, value)
            elif value is None:
                assert cell == "", (name, column, cell)
            else:
                assert json.loads(cell) == value, (name, column, cell, value)
    tables[name] = records

page = Page()
page.feed(archive.read("index.html").decode("utf-8"))
page.close()
assert page.open == [], page.open
assert set(page.links) == {f"{name}.{form}" for name in tables for form in ("jsonl", "csv")} | {"manifest.json"}
print(
    json.dumps(
        {
            "user": manifest["user_id"], "records": manifest["records"], "tables": tables,
            "text": "".join(page.text), "cells": page.cells,
        }
    )
)
