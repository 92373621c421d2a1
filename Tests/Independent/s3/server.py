"""An S3 service for the tests: moto behind a door that moto lacks.

    server.py BUCKET [--faults SEED] [--ignore-conditions] [--log FILE] [--tls CERTIFICATE KEY]

Prints `listening on http://127.0.0.1:PORT`, or https://localhost:PORT with --tls, and serves until it is killed or its parent
is gone. The bucket may stand in the path or before the host. At the door:

- the signature of each request is computed anew by botocore, and the digest of the body with hashlib;
- requests are taken one at a time, because moto's check of a condition and its write are two steps;
- with --faults, one request in eight fails by a seeded draw: refused with SlowDown, or carried out and its answer lost;
- with --ignore-conditions, If-None-Match and If-Match of writes are dropped, as old services do;
- with --log, a line for each request: method, path, range, bytes of the answer's body.
"""
import argparse
import hashlib
import io
import os
import random
import socket
import threading
import time
from urllib.parse import unquote

# Listings come in pages.
os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = "40"

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEY, SECRET, TOKEN, REGION = "test-key-id", "test-secret/with+odd=characters", "test-session-token", "eu-west-3"


def refusal(start, status, code, message, extra=""):
    body = f"<?xml version='1.0'?>\n<Error><Code>{code}</Code><Message>{message}</Message>{extra}</Error>".encode()
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


class Door:
    def __init__(self, app, options):
        self.app, self.options = app, options
        self.lock = threading.Lock()
        self.draw = random.Random(options.faults)
        self.log = open(options.log, "a", buffering=1) if options.log else None

    def problem(self, environ, body):
        """What is wrong with the signature, or None."""
        given = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
        # Other clients may leave the digest out of what they sign; ours never does.
        if given not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
            return "XAmzContentSHA256Mismatch"
        words = environ.get("HTTP_AUTHORIZATION", "").removeprefix("AWS4-HMAC-SHA256 ").split(",")
        given = dict(word.strip().split("=", 1) for word in words if "=" in word)
        if given.get("Credential", "").split("/")[0] != KEY: return "InvalidAccessKeyId"
        headers = {}
        for name in given["SignedHeaders"].split(";"):
            variable = name.upper().replace("-", "_")
            headers[name] = environ.get(variable if variable == "CONTENT_TYPE" else "HTTP_" + variable, "")
        for name in environ:
            if name.startswith("HTTP_X_AMZ_") and name[5:].lower().replace("_", "-") not in headers:
                return "AccessDenied"
        path, _, query = environ["RAW_URI"].partition("?")
        request = AWSRequest(method=environ["REQUEST_METHOD"], url=f"http://{environ['HTTP_HOST']}{path}", headers=headers)
        request.params = [tuple(map(unquote, part.split("=", 1))) for part in query.split("&") if part]
        request.context["timestamp"] = headers["x-amz-date"]
        auth = S3SigV4Auth(Credentials(KEY, SECRET, TOKEN), "s3", REGION)
        # What botocore would add before it signs is in the request already.
        request.params = sorted(request.params)
        canonical = auth.canonical_request(request)
        if headers.get("x-amz-security-token") != TOKEN: return "InvalidToken"
        expected = auth.signature(auth.string_to_sign(request, canonical), request)
        return None if expected == given["Signature"] else "SignatureDoesNotMatch"

    def __call__(self, environ, start):
        with self.lock:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            problem = None if environ["PATH_INFO"].startswith("/moto-api") else self.problem(environ, body)
            if problem: return refusal(start, "403 Forbidden", problem, "The test's door says no.")
            fault = self.draw.randrange(24) if self.options.faults is not None else 99
            if fault == 0: return refusal(start, "503 Slow Down", "SlowDown", "Please reduce your request rate.")
            if self.options.ignore_conditions and environ["REQUEST_METHOD"] in ("PUT", "POST"):
                for name in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"): environ.pop(name, None)
            answer = []
            parts = self.app(environ, lambda *given: answer.append(given))
            content = b"".join(parts)
            if hasattr(parts, "close"): parts.close()
            if fault == 1: return refusal(start, "500 Internal Server Error", "InternalError", "It may have been done.")
            if fault == 2:
                # The connection ends without an answer.
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                return [b""]
            if self.log:
                self.log.write(f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {environ.get('HTTP_RANGE', '-')} "
                               f"{0 if environ['REQUEST_METHOD'] == 'HEAD' else len(content)}\n")
            start(*answer[-1])
            return [content]


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *arguments): pass

    def log_error(self, *arguments): pass


def watch(parent):
    """Ends with whoever started it, even where that was killed."""
    while os.getppid() == parent: time.sleep(1)
    os._exit(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bucket")
    parser.add_argument("--faults", type=int)
    parser.add_argument("--ignore-conditions", action="store_true")
    parser.add_argument("--log")
    parser.add_argument("--tls", nargs=2)
    options = parser.parse_args()
    app = Door(DomainDispatcherApplication(create_backend_app), options)
    tls = tuple(options.tls) if options.tls else None
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler, ssl_context=tls)
    from moto.s3.models import s3_backends
    s3_backends["123456789012"]["aws"].create_bucket(options.bucket, REGION)
    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
    print(f"listening on {'https://localhost' if tls else 'http://127.0.0.1'}:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__": main()
