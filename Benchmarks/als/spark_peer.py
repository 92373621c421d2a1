"""Spark MLlib's ALS in a JVM of its own, timed by the JVM's event log and processor clock."""

import json
import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np


class ProcessorClock(threading.Thread):
    """Processor seconds of a process, sampled, so that any past moment's can be told."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.stat, self.walls, self.cpus = Path(f"/proc/{pid}/stat"), [], []

    def run(self):
        tick = os.sysconf("SC_CLK_TCK")
        while True:
            try:
                fields = self.stat.read_text().rpartition(")")[2].split()
            except OSError:
                return
            self.walls.append(time.time())
            self.cpus.append((int(fields[11]) + int(fields[12])) / tick)
            time.sleep(0.05)

    def at(self, wall):
        count = len(self.cpus)  # the other thread may be between its two appends
        return float(np.interp(wall, self.walls[:count], self.cpus[:count]))


def session(folder, heap):
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.master(f"local[{os.cpu_count()}]").appName("bench-als")
        .config("spark.driver.memory", heap).config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", os.cpu_count())
        .config("spark.local.dir", folder)
        # Its linear algebra in vectors, where the JVM has them.
        .config("spark.driver.extraJavaOptions", "--add-modules=jdk.incubator.vector")
        .config("spark.eventLog.enabled", "true").config("spark.eventLog.dir", f"file://{folder}/events")
        .getOrCreate()
    )


def gramians(folder):
    """When each job that sums YᵀY began and ended: one a half-sweep, and it waits for the factors before it."""
    began, ended = {}, {}
    for file in Path(folder, "events").iterdir():
        for text in file.read_text().splitlines():
            event = json.loads(text)
            if event["Event"] == "SparkListenerJobStart":
                names = [stage["Stage Name"] for stage in event["Stage Infos"]]
                if any("ggregate at ALS" in name for name in names):
                    began[event["Job ID"]] = event["Submission Time"] / 1000
            elif event["Event"] == "SparkListenerJobEnd" and event["Job ID"] in began:
                ended[event["Job ID"]] = event["Completion Time"] / 1000
    return [ended[job] for job in sorted(ended)]


def train(matrix, rank, epochs, confidence, ridge):
    """Yields a line for each epoch after the first, which the JVM spends on compiling, and the last one's factors."""
    import pyarrow
    import pyarrow.parquet as parquet
    from pyspark.ml.recommendation import ALS

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "events").mkdir()
        rows = matrix.tocoo()
        table = {"user": rows.row.astype("<i4"), "item": rows.col.astype("<i4")}
        parquet.write_table(pyarrow.table(table), f"{folder}/set.parquet")
        spark = session(folder, "2g" if matrix.nnz < 5_000_000 else "10g")
        pid = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
        clock = ProcessorClock(pid)
        clock.start()
        frame = spark.read.parquet(f"{folder}/set.parquet").selectExpr("user", "item", "1f as rating")
        # Its ridge is λ times a row's count; with the mean count of a user the sum is about the others'.
        als = ALS(rank=rank, maxIter=epochs, regParam=ridge / (matrix.nnz / matrix.shape[0]), implicitPrefs=True,
                  alpha=confidence - 1, userCol="user", itemCol="item", ratingCol="rating", seed=1,
                  numUserBlocks=os.cpu_count(), numItemBlocks=os.cpu_count(), checkpointInterval=-1)
        begin = time.time()
        model = als.fit(frame)
        total = time.time() - begin
        factors = []
        for side, count in ((model.userFactors, matrix.shape[0]), (model.itemFactors, matrix.shape[1])):
            path = f"{folder}/side{len(factors)}.parquet"
            side.write.parquet(path)
            found = parquet.read_table(path)
            dense = np.zeros((count, rank), dtype=np.float32)
            dense[found["id"].to_numpy()] = np.stack(found["features"].to_numpy())
            factors.append(dense)
        high = next(text for text in Path(f"/proc/{pid}/status").read_text().splitlines() if text.startswith("VmHWM"))
        spark.stop()
        ends = gramians(folder)
        for epoch in range(1, epochs):
            first, last = ends[2 * epoch - 1], ends[2 * epoch + 1]
            yield {"epoch": epoch + 1, "seconds": last - first, "cpu_seconds": clock.at(last) - clock.at(first),
                   "total_seconds": total, **({"factors": factors} if epoch == epochs - 1 else {})}
        yield {"peak_bytes": int(high.split()[1]) * 1024}
