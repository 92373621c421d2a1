#!/usr/bin/env bash
# A transposed matrix comes back from a safetensors file as other numbers
#
# Versions: safetensors 0.8.0, numpy 2.4.6.
#
# One would guess: `save_file({"a": x})` then `load_file` gives x back, whatever x is. A file format of tensors either
# writes rows in order or refuses arrays that do not lie so.
#
# What happens: the numpy writer puts the array's memory into the file and the array's shape into the header. An array in
# Fortran order, a transposed view or a slice with steps keeps its shape and gets its numbers in another order. There is no
# error and no warning, and every check of sizes, shapes and digests passes. A matrix that was transposed on the way,
# which numpy does without copying, is a model with the factors of other users.
#
# Output seen:
#   rows: same
#   transposed: [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]] instead of [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
#   Fortran order: [[0.0, 3.0, 1.0], [4.0, 2.0, 5.0]] instead of [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
#   ascontiguousarray: same
#
# Why it matters here: models are safetensors, and people write such files for us in Python. Call
# `numpy.ascontiguousarray` before saving; symmetric test matrices hide the fault.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cat >seen.py <<'PYTHON'
import numpy as np
from safetensors.numpy import load_file, save_file

factors = np.arange(6, dtype=np.float32).reshape(2, 3)
for name, array in (("rows", factors), ("transposed", factors.T), ("Fortran order", np.asfortranarray(factors)),
                    ("ascontiguousarray", np.ascontiguousarray(factors.T))):
    save_file({"a": array}, "a.safetensors")
    read = load_file("a.safetensors")["a"]
    print(f"{name}: " + ("same" if np.array_equal(read, array) else f"{read.tolist()} instead of {array.tolist()}"))
PYTHON
venv/bin/python seen.py | tee seen
diff - seen <<'EXPECTED'
rows: same
transposed: [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]] instead of [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
Fortran order: [[0.0, 3.0, 1.0], [4.0, 2.0, 5.0]] instead of [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
ascontiguousarray: same
EXPECTED
