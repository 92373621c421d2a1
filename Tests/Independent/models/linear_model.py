"""The item-item linear model in closed form, in double precision: P = inverse(X'X + ridge), B = -P / diag(P)."""

import json
import sys

import numpy

ridge, fewest = float(sys.argv[1]), int(sys.argv[2])
given = json.load(sys.stdin)
size = given["size"][0][0]
x = numpy.zeros((len(given["liked"]), size))
for user, items in enumerate(given["liked"]):
    x[user, items] = 1
kept = numpy.flatnonzero(x.sum(axis=0) >= fewest)
p = numpy.linalg.inv(x[:, kept].T @ x[:, kept] + ridge * numpy.eye(len(kept)))
b = -p / numpy.diag(p)
numpy.fill_diagonal(b, 0)
whole = numpy.zeros((size, size))
whole[numpy.ix_(kept, kept)] = b
print(json.dumps(whole.tolist()))
