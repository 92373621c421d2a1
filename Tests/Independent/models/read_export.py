"""Compares an exported model with the model directory. usage: read_export.py MODEL_DIRECTORY NPZ [PARQUET_FOLDER]"""

import pathlib
import os
import sys

import numpy as np
from safetensors.numpy import load_file

folder = pathlib.Path(sys.argv[1])
factors = load_file(folder / "factors.safetensors")
ids = load_file(folder / "ids.safetensors")
history = load_file(folder / "history.safetensors")


def identifiers(name):
    data, starts = ids[f"{name}_bytes"], ids[f"{name}_starts"]
    return [bytes(data[a:b]).decode() for a, b in zip(starts[:-1], starts[1:])]


archive = np.load(sys.argv[2])
for name in ("user", "item"):
    np.testing.assert_array_equal(archive[f"{name}_factors"], factors[f"{name}_factors"])
    assert archive[f"{name}_ids"].tolist() == identifiers(name)
np.testing.assert_array_equal(archive["history_starts"], history["user_starts"])
np.testing.assert_array_equal(archive["history_items"], history["items"])
np.testing.assert_array_equal(archive["history_confidences"], history["confidences"])

if len(sys.argv) > 3:
    import pyarrow.parquet as pq

    for name in ("user", "item"):
        table = pq.read_table(pathlib.Path(sys.argv[3]) / f"{name}s.parquet")
        assert table["id"].to_pylist() == identifiers(name)
        np.testing.assert_array_equal(np.array(table["factors"].to_pylist(), dtype=np.float32), factors[f"{name}_factors"])

# Engines with native threads may abort a process while the interpreter goes away.
sys.stdout.flush()
os._exit(0)
