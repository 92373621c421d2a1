"""The service that a team writes first: FastAPI, uvicorn and `implicit`, over the factors of one of our models.

    MODEL=models/current-folder uvicorn --app-dir Benchmarks/http --workers 2 --port 8470 --no-access-log fastapi_peer:app

One route, `/v1/users/ID/recommendations?n=10`: exact top-k of `implicit` without what the user has seen, identifiers and
scores by orjson. No content similarity, blend, filters, titles or replay: less than what it is compared with does. Users whom
the model does not know get the most popular films, as ours do.
"""
import json
import os
import struct

import numpy
import orjson
import scipy.sparse
import threadpoolctl
from fastapi import FastAPI, Response
from implicit.cpu.als import AlternatingLeastSquares

TYPES = {"I64": numpy.int64, "I32": numpy.int32, "F32": numpy.float32, "U8": numpy.uint8}


def tensors(name):
    with open(os.path.join(os.environ["MODEL"], name), "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        head, body = json.loads(file.read(size)), file.read()
    return {
        key: numpy.frombuffer(body[slice(*tensor["data_offsets"])], TYPES[tensor["dtype"]]).reshape(tensor["shape"])
        for key, tensor in head.items() if key != "__metadata__"
    }


def identifiers(ids, what):
    text, starts = ids[f"{what}_bytes"].tobytes(), ids[f"{what}_starts"]
    return [text[a:b].decode() for a, b in zip(starts, starts[1:])]


# Two processes on two cores: a thread pool in each would only get in its own way.
threadpoolctl.threadpool_limits(1)
ids, factors, history = tensors("ids.safetensors"), tensors("factors.safetensors"), tensors("history.safetensors")
users = {user: number for number, user in enumerate(identifiers(ids, "user"))}
films = identifiers(ids, "item")
seen = scipy.sparse.csr_matrix(
    (history["confidences"], history["items"], history["user_starts"]), shape=(len(users), len(films)))
model = AlternatingLeastSquares(factors=factors["item_factors"].shape[1], num_threads=1)
model.user_factors, model.item_factors = factors["user_factors"], factors["item_factors"]
popular = [
    {"item_id": films[item], "score": int(history["item_users"][item])}
    for item in numpy.argsort(-history["item_users"], kind="stable")[:1000]
]
app = FastAPI()


# `async`: a list takes less than handing it to a thread and back.
@app.get("/v1/users/{user_id}/recommendations")
async def recommendations(user_id: str, n: int = 10):
    number = users.get(user_id)
    if number is None:
        items = popular[:n]
    else:
        found, scores = model.recommend(number, seen[number], N=n, filter_already_liked_items=True)
        items = [{"item_id": films[item], "score": score} for item, score in zip(found.tolist(), scores.tolist())]
    return Response(orjson.dumps({"user_id": user_id, "items": items}), media_type="application/json")
