"""Made-up events of the platform's schema, the same for the same number: Zipf users and items, random identifiers."""
import numpy as np
import pyarrow as pa


def table(n):
    rng = np.random.default_rng(1)
    hexadecimal = np.frombuffer(b"0123456789abcdef", np.uint8)
    ids = pa.StringArray.from_buffers(
        n, pa.py_buffer(np.arange(0, (n + 1) * 32, 32, dtype=np.int32)),
        pa.py_buffer(hexadecimal[rng.integers(0, 16, n * 32, dtype=np.uint8)].tobytes()))

    def named(texts, indices):
        return pa.array(texts).take(pa.array(indices))

    at = np.sort(rng.integers(1_700_000_000_000_000, 1_700_086_400_000_000, n))
    return pa.table({
        "event_id": ids,
        "user_id": named([f"user-{i}" for i in range(200_000)], rng.zipf(1.3, n) % 200_000),
        "item_id": named([f"movie-{i}" for i in range(20_000)], rng.zipf(1.2, n) % 20_000),
        "kind": named(["view", "like", "review"], rng.integers(0, 3, n)),
        "value": pa.array(rng.integers(0, 101, n) / 100, pa.float32()),
        "review_text": pa.nulls(n, pa.string()),
        "at": pa.array(at, pa.timestamp("us", "UTC")),
        "source": named(["simulator"], np.zeros(n, np.int32)),
        "topic": named(["movie-views", "movie-likes"], rng.integers(0, 2, n)),
        "partition": pa.array(rng.integers(0, 4, n), pa.int32()),
        "offset": pa.array(np.arange(n) // 4, pa.int64()),
        "ingested_at": pa.array(at + 1000, pa.timestamp("us", "UTC")),
    })
