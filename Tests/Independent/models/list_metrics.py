"""Per-user metrics of lists by their definitions in plain Python: serendipity, diversity, calibration of genres and popularity.

ir_measures and ranx have none of them. Reads {"cutoffs", "likes": [[item]], "lists": [[item]], "relevant": [[item]],
"films": [{"genres", "keywords", "language", "year"} or null]} and writes {"<metric>@<k>": [value or null per user]}.
Items are numbers; popularity is counted over the likes.
"""

import json
import math
import sys
from collections import Counter
from itertools import combinations

task = json.load(sys.stdin)
films = task["films"]
likes = task["likes"]
popularity = Counter(item for row in likes for item in row)
order = sorted(range(len(films)), key=lambda item: (-popularity[item], item))
total = sum(popularity.values())
part, gathered = {}, 0
for item in order:
    part[item] = min(2, gathered * 3 // total)
    gathered += popularity[item]


def vector(film):
    terms = {}
    for kind in ("genres", "keywords"):
        names = film[kind]
        for name in set(names):
            terms[kind, name] = 1 / math.sqrt(len(names))
    if film.get("language"):
        terms["language", film["language"]] = 1.0
    if film.get("year"):
        terms["decade", film["year"] // 10] = 1.0
    return terms


def cosine(a, b):
    dot = sum(value * b.get(name, 0) for name, value in a.items())
    return dot / math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))


def genres(items):
    with_genres = [films[item]["genres"] for item in items if films[item] and films[item]["genres"]]
    shares = Counter()
    for names in with_genres:
        for name in names:
            shares[name] += 1 / len(names) / len(with_genres)
    return shares


def parts(items):
    return [sum(part[item] == number for item in items) / len(items) for number in range(3)]


def diversity(top):
    described = [vector(films[item]) for item in top if films[item] and vector(films[item])]
    pairs = list(combinations(described, 2))
    return sum(1 - cosine(a, b) for a, b in pairs) / len(pairs) if pairs else None


def genre_calibration(history, top):
    p, q = genres(history), genres(top)
    if not p or not q:
        return None
    return sum(share * math.log(share / (0.99 * q[name] + 0.01 * share)) for name, share in p.items())


def entropy(shares):
    return -sum(share * math.log2(share) for share in shares if share > 0)


def popularity_calibration(history, top):
    if not history or not top:
        return None
    p, q = parts(history), parts(top)
    return entropy([(a + b) / 2 for a, b in zip(p, q)]) - (entropy(p) + entropy(q)) / 2


result = {}
for k in task["cutoffs"]:
    rows = {"serendipity": [], "diversity": [], "genre_calibration": [], "popularity_calibration": []}
    for history, full, relevant in zip(likes, task["lists"], task["relevant"]):
        top = full[:k]
        expected = [item for item in order if item not in history][:k]
        rows["serendipity"].append(len((set(top) & set(relevant)) - set(expected)) / k)
        rows["diversity"].append(diversity(top))
        rows["genre_calibration"].append(genre_calibration(history, top))
        rows["popularity_calibration"].append(popularity_calibration(history, top))
    for name, values in rows.items():
        result[f"{name}@{k}"] = values
json.dump(result, sys.stdout)
