"""The daemon as a test's guest, its HTTP port, and the two codings that Python does not bring along."""
import base64
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from peers import Program, free_port

TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", pathlib.Path(__file__).parent.parent.parent / "build")) / "tocsin"


class Answer:
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers

    def json(self):
        return json.loads(self.body)


class Daemon:
    """Started by its constructor; with `auth` it has an administrator, whose token is `admin`."""

    def __init__(self, path, config="", auth=False, resources=None, extra=(), env=None):
        self.path, self.port = path, free_port(socket.SOCK_STREAM)
        self.config, self.log = path / "tocsin.yml", path / "serve.log"
        self.config.write_text(config or "server: {}\n")
        self.auth, self.admin, self.program = auth, None, None
        self.program = Program([TOCSIN, "serve", "--config", self.config, "--data", path / "data", "--listen",
                                "127.0.0.1:%d" % self.port, *extra, *([] if auth else ["--no-auth"])], self.log,
                               env=dict(os.environ, **(env or {})))
        self.wait(lambda: self.ask("GET", "/-/ready").status == 200)
        if auth:
            self.sign_in()
        if resources:
            (path / "resources.yml").write_text(resources)
            self.apply(path / "resources.yml")

    def wait(self, true, seconds=30):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if true():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("waited in vain:\n" + self.log.read_text()[-4000:])

    def sign_in(self):
        self.wait(lambda: "one-time password" in self.log.read_text())
        password = re.search(r"one-time password (\S+)", self.log.read_text()).group(1)
        said = None

        def signed_in():
            nonlocal said
            said = self.ask("POST", "/api/tocsin/v1/session", {"user": "admin", "password": password})
            return said.status == 200

        self.wait(signed_in, 5)
        headers = {"Cookie": said.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": said.json()["csrf"]}
        self.admin = self.ask("POST", "/api/tocsin/v1/tokens", {"name": "test"}, headers=headers).json()["token"]

    def token(self, user):
        made = self.ask("POST", "/api/tocsin/v1/tokens", {"name": "test", "user": user}, self.admin)
        assert made.status == 200, made.body
        return made.json()["token"]

    def apply(self, file):
        env = dict(os.environ, TOCSIN_URL=self.url(""), TOCSIN_TOKEN=self.admin or "")
        done = subprocess.run([TOCSIN, "apply", "-f", file], env=env, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr

    def url(self, path):
        return "http://127.0.0.1:%d%s" % (self.port, path)

    def ask(self, method, path, body=None, token=None, headers=None, timeout=10):
        """A body that is neither bytes nor None goes as JSON."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url(path), data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as r:
                return Answer(r.status, r.read(), r.headers)
        except urllib.error.HTTPError as e:
            with e:
                return Answer(e.code, e.read(), e.headers)

    def write(self, series, tenant=None, token=None):
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        if tenant:
            headers["X-Scope-OrgID"] = tenant
        return self.ask("POST", "/api/v1/write", snappy(write_request(series)), token, headers)

    def raw(self, data, seconds=5):
        """What comes back for these bytes; empty when the peer says nothing before it closes or time is up."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as s:
            s.settimeout(seconds)
            got = b""
            try:
                s.sendall(data)
                while b"\r\n\r\n" not in got:
                    more = s.recv(65536)
                    if not more:
                        break
                    got += more
            except OSError:
                pass
            return got

    def children(self):
        pids = []
        for task in pathlib.Path("/proc/%d/task" % self.program.process.pid).iterdir():
            pids += (task / "children").read_text().split()
        return sorted(pids)

    def stop(self):
        return self.program.stop()


def basic(token):
    return {"Authorization": "Basic " + base64.b64encode(b"me:" + token.encode()).decode()}


def query(path, *pairs, **named):
    return path + "?" + urllib.parse.urlencode(list(pairs) + list(named.items()))


# ---- remote write ----

def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body


def zigzag(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def native(count, total, schema=0, positive=(), negative=(), zero=0, threshold=0.001, custom=(), gauge=False, floats=False):
    """A Histogram of remote write without its time; positive and negative: (first index, counts)."""
    out = b"\x11" + struct.pack("<d", count) if floats else b"\x08" + varint(count)
    out += b"\x19" + struct.pack("<d", total) + b"\x20" + zigzag(schema)
    if not custom:
        out += b"\x29" + struct.pack("<d", threshold)
        out += b"\x39" + struct.pack("<d", zero) if floats else b"\x30" + varint(zero)
    for number, side in ((8, negative), (11, positive)):
        if side:
            first, counts = side
            out += field(number, b"\x08" + zigzag(first) + b"\x10" + varint(len(counts)))
            changes = [b - a for a, b in zip([0, *counts], counts)]
            out += field(number + 2, b"".join(struct.pack("<d", c) for c in counts)) if floats else field(
                number + 1, b"".join(map(zigzag, changes)))
    if gauge:
        out += b"\x70\x03"
    return out + (field(16, b"".join(struct.pack("<d", b) for b in custom)) if custom else b"")


def write_request(series):
    """[(labels, [(ms, value)])]; a value that is bytes is a native histogram's message, made by native()."""
    out = b""
    for labels, samples in series:
        body = b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in sorted(labels.items()))
        for t, v in samples:
            if isinstance(v, bytes):
                body += field(4, v + b"\x78" + varint(t))
            else:
                body += field(2, b"\x09" + struct.pack("<d", v) + b"\x10" + varint(t))
        out += field(1, body)
    return out


def snappy(data):
    """A block of literals only."""
    out = varint(len(data))
    for at in range(0, len(data), 65536):
        part = data[at:at + 65536]
        out += bytes([61 << 2]) + struct.pack("<H", len(part) - 1) + part
    return out
