"""OpenStack Swift with its S3 interface, as Debian has it, in one folder: a second implementation of the protocol.

    /usr/bin/python3 openstack.py FOLDER BUCKET

needs Debian's packages swift-proxy, swift-account, swift-container and swift-object. Starts one server of each kind on 127.0.0.1
with one copy of everything, makes the bucket, prints `listening on http://127.0.0.1:PORT`, and serves until it is killed or its
parent is gone. What differs from an installation: no memcached (a dictionary in the proxy), one device, and no daemons that repair
or expire.
"""
import ctypes
import hashlib
import hmac
import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
import types
import urllib.request
from datetime import datetime, timezone

KEY, SECRET, REGION = "test:tester", "test-secret", "eu-west-3"
RINGS = ("account", "container", "object")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(path, text):
    with open(path, "w") as file: file.write(text)


class Memory:
    """What the proxy asks of memcached, within its process."""

    def __init__(self): self.values = {}

    def get(self, key, *_, **__):
        value, until = self.values.get(key, (None, 0))
        return value if not until or until > time.time() else None

    def set(self, key, value, time=0, **_):
        self.values[key] = (value, time and globals()["time"].time() + time)

    def incr(self, key, delta=1, time=0, **_):
        self.set(key, int(self.get(key) or 0) + delta, time)
        return self.get(key)

    def decr(self, key, delta=1, time=0, **_): return self.incr(key, -delta, time)

    def delete(self, key, **_): self.values.pop(key, None)

    def get_multi(self, keys, *_, **__): return [self.get(key) for key in keys]

    def set_multi(self, mapping, *_, time=0, **__):
        for key, value in mapping.items(): self.set(key, value, time)


def memory_filter(_, **__):
    memory = Memory()

    def factory(app):
        def asked(environ, start):
            environ["swift.cache"] = memory
            return app(environ, start)
        return asked
    return factory


def configure(folder, ports):
    user = pwd.getpwuid(os.getuid()).pw_name
    write(f"{folder}/swift.conf", "[swift-hash]\nswift_hash_path_suffix = tests\n"
          "[storage-policy:0]\nname = only\ndefault = yes\n")
    for kind in RINGS:
        os.makedirs(f"{folder}/devices/d1", exist_ok=True)
        builder = f"{folder}/{kind}.builder"
        for words in (["create", "6", "1", "1"], ["add", f"r1z1-127.0.0.1:{ports[kind]}/d1", "1"], ["rebalance"]):
            subprocess.run(["/usr/bin/swift-ring-builder", builder] + words, check=True, stdout=subprocess.DEVNULL)
        write(f"{folder}/{kind}.conf", f"""[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {ports[kind]}
workers = 0
user = {user}
fallocate_reserve = 0
log_level = ERROR
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
""")
    write(f"{folder}/proxy.conf", f"""[DEFAULT]
swift_dir = {folder}
bind_ip = 127.0.0.1
bind_port = {ports["proxy"]}
workers = 0
user = {user}
log_level = ERROR
[pipeline:main]
pipeline = catch_errors gatekeeper memory s3api tempauth slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:memory]
paste.filter_factory = marquee_memory:memory_filter
[filter:s3api]
use = egg:swift#s3api
location = {REGION}
force_swift_request_proxy_log = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {SECRET} .admin
[filter:slo]
use = egg:swift#slo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
""")


def serve(folder, kind):
    # Ends with the process that forked it, however that ends (PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    from swift.common import utils
    utils.set_swift_dir(folder)
    # An object's data is on the disk when that is written back; nobody here loses power.
    os.fsync = lambda _: None
    module = types.ModuleType("marquee_memory")
    module.memory_filter = memory_filter
    sys.modules["marquee_memory"] = module
    from swift.common.wsgi import run_wsgi
    sys.exit(run_wsgi(f"{folder}/{kind}.conf", f"{kind}-server"))


def make_bucket(base, bucket):
    """With a signature by hand: nothing but the standard library is at hand."""
    now = datetime.now(timezone.utc)
    date, stamp = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    empty = hashlib.sha256(b"").hexdigest()
    host = base.removeprefix("http://")
    headers = {"host": host, "x-amz-content-sha256": empty, "x-amz-date": stamp}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"PUT\n/{bucket}\n\n{lines}\n{names}\n{empty}"
    scope = f"{date}/{REGION}/s3/aws4_request"
    key = ("AWS4" + SECRET).encode()
    for part in scope.split("/"): key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope},SignedHeaders={names},Signature={signature}"
    urllib.request.urlopen(urllib.request.Request(f"{base}/{bucket}", method="PUT", headers=headers)).read()


def main():
    folder, bucket = sys.argv[1:]
    parent = os.getppid()
    ports = {kind: free_port() for kind in RINGS + ("proxy",)}
    configure(folder, ports)
    os.setpgrp()
    for kind in ports:
        if os.fork() == 0: serve(folder, kind)
    base = f"http://127.0.0.1:{ports['proxy']}"
    for attempt in range(300):
        try:
            make_bucket(base, bucket)
            break
        except OSError:
            if attempt == 299: raise
            time.sleep(0.2)
    print(f"listening on {base}", flush=True)
    # Ends with whoever started it, even where that was killed.
    while os.getppid() == parent: time.sleep(1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__": main()
