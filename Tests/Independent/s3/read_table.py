"""Reads a Delta table in an object store with delta-rs, polars and pyarrow, and says what each found, as JSON.

usage: read_table.py ADDRESS; the service and the keys are in AWS_* variables.
"""
import json
import os
import sys

import deltalake
import polars
import pyarrow.dataset
import pyarrow.fs

address = sys.argv[1]
endpoint = os.environ["AWS_ENDPOINT_URL_S3"]
options = {
    "aws_endpoint_url": endpoint, "aws_region": os.environ["AWS_REGION"],
    "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    "aws_session_token": os.environ["AWS_SESSION_TOKEN"], "aws_allow_http": "true",
    "aws_virtual_hosted_style_request": "false",
}
table = deltalake.DeltaTable(address, storage_options=options)
by_polars = polars.read_delta(address, storage_options=options)
s3 = pyarrow.fs.S3FileSystem(
    access_key=options["aws_access_key_id"], secret_key=options["aws_secret_access_key"],
    session_token=options["aws_session_token"], region=options["aws_region"],
    endpoint_override=endpoint.removeprefix("http://"), scheme="http")
files = [uri.removeprefix("s3://") for uri in table.file_uris()]
by_arrow = pyarrow.dataset.dataset(files, filesystem=s3).to_table(columns=["event_id"])
print(json.dumps({
    "version": table.version(),
    "deltalake": table.to_pyarrow_table(columns=["event_id"]).num_rows,
    "polars": by_polars.height,
    "distinct": by_polars["event_id"].n_unique(),
    "pyarrow": by_arrow.num_rows,
}), flush=True)
# Threads of three clients of S3 are at work while the interpreter goes down, and now and then one of them ends it with an
# abort although all is said.
os._exit(0)
