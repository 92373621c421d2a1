"""Reads a published model with numpy and safetensors alone and answers from it.

usage: read_model.py MODEL_DIRECTORY USER COUNT

Checks digests, shapes, identifiers and history rows, then prints as JSON what the model recommends to the user: the
exact fold-in of the whole history, scored against all items, without the history.
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

folder, user_id, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
manifest = json.loads((folder / "manifest.json").read_text())
for name, summary in manifest["files"].items():
    data = (folder / name).read_bytes()
    assert len(data) == summary["bytes"], name
    assert hashlib.sha256(data).hexdigest() == summary["sha256"], name
assert manifest["factors_sha256"] == manifest["files"]["factors.safetensors"]["sha256"]
assert manifest["id"] == folder.name and manifest["id"].endswith(manifest["factors_sha256"][:8])

factors = load_file(folder / "factors.safetensors")
ids = load_file(folder / "ids.safetensors")
history = load_file(folder / "history.safetensors")
with safe_open(folder / "factors.safetensors", framework="numpy") as file:
    assert file.metadata()["format"] == "marquee-factors"


def identifiers(name):
    data, starts, order = (ids[f"{name}_{part}"] for part in ("bytes", "starts", "order"))
    texts = [bytes(data[a:b]) for a, b in zip(starts[:-1], starts[1:])]
    assert [texts[i] for i in order] == sorted(texts)
    return [text.decode() for text in texts]


users, items = identifiers("user"), identifiers("item")
P, Q = factors["user_factors"], factors["item_factors"]
rank = manifest["parameters"]["rank"]
assert P.shape == (len(users), rank) and Q.shape == (len(items), rank)
assert P.dtype == np.float32 and np.isfinite(P).all() and np.isfinite(Q).all()
np.testing.assert_allclose(factors["item_norms"], np.linalg.norm(Q, axis=1), rtol=1e-5)
starts = history["user_starts"]
assert starts[0] == 0 and starts[-1] == len(history["items"]) == manifest["data"]["interactions"]
liked = history["confidences"] > 0
assert liked.sum() == manifest["data"]["liked"]
np.testing.assert_array_equal(
    np.bincount(history["items"][liked], minlength=len(items)), history["item_users"])

u = users.index(user_id)
seen = history["items"][starts[u]:starts[u + 1]]
c = history["confidences"][starts[u]:starts[u + 1]].astype(np.float64)
p = manifest["parameters"]
q = Q.astype(np.float64)
ridge = p["lambda"] * (len(seen) + p["alpha0"] * len(items)) ** p["nu"]
base = p["alpha0"] if p["weighting"] == "replacing" else 0.0
A = p["alpha0"] * q.T @ q + (q[seen] * (np.abs(c) - base)[:, None]).T @ q[seen] + ridge * np.eye(rank)
vector = np.linalg.solve(A, q[seen].T @ np.maximum(c, 0))
scores = q @ vector
scores[seen] = -np.inf
best = np.lexsort((np.arange(len(items)), -scores))[:count]
json.dump({"items": [items[i] for i in best], "scores": [scores[i] for i in best]}, sys.stdout)
