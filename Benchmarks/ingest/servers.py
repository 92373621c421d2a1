"""An Apache Kafka of ../shared/servers, for the benchmarks of this folder."""

import contextlib
import os
import subprocess

SERVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "servers")


def is_there():
    return os.path.exists(os.path.join(SERVERS, "kafka", "start"))


@contextlib.contextmanager
def kafka(folder, name="kafka"):
    """Its address; its data lies in `folder`, and it is killed at the end."""
    data = os.path.join(folder, name)
    line = subprocess.run(
        ["bash", os.path.join(SERVERS, "kafka", "start"), "--data", data],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    try:
        yield line.split("=", 1)[1].strip()
    finally:
        subprocess.run(["bash", os.path.join(SERVERS, "stop"), data, "-9"])
