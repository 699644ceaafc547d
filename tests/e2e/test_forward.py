"""Remote write out: what is stored here is sent on to a Prometheus, and to a peer that misbehaves; nothing is lost by kill -9."""
import http.server
import json
import os
import shutil
import signal
import socket
import struct
import threading
import time
import urllib.request

import pytest

from daemon import TOCSIN, Daemon, field, native, query, snappy, varint
from peers import Program, free_port

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


def prometheus(path, port):
    (path / "peer.yml").write_text("storage: {tsdb: {out_of_order_time_window: 1h}}\n")
    return Program(["prometheus", "--config.file", path / "peer.yml", "--storage.tsdb.path", path / "theirs", "--web.enable-remote-write-receiver",
                    "--enable-feature=native-histograms", "--web.listen-address", "127.0.0.1:%d" % port], path / "peer.log")


def receiver(path, port):
    """One of us, on a port that is known beforehand."""
    path.mkdir()
    return Program([TOCSIN, "serve", "--data", path / "data", "--listen", "127.0.0.1:%d" % port, "--no-auth"], path / "peer.log")


def theirs(port, expression):
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d" % port + query("/api/v1/query", query=expression), timeout=5) as r:
            return {json.dumps(s["metric"], sort_keys=True): s["value"][1] for s in json.load(r)["data"]["result"]}
    except OSError:
        return None


def peer_of(d):
    return d.ask("GET", "/api/tocsin/v1/status").json()["remote_write"][0]


@pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus here")
@pytest.mark.parametrize("message", ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"])
def test_a_peer_gets_it_all(tmp_path, start, message):
    port = free_port(socket.SOCK_STREAM)
    d = start(lambda: Daemon(tmp_path, """
global: {external_labels: {site: north}}
remote_write:
  - name: peer
    url: http://127.0.0.1:%d/api/v1/write
    protobuf_message: %s
    send_native_histograms: true
    queue_config: {batch_send_deadline: 200ms, max_samples_per_send: 500, max_backoff: 1s}
    write_relabel_configs:
      - {source_labels: [__name__], regex: secret, action: drop}
      - {source_labels: [i], regex: '7', target_label: lucky, replacement: 'yes'}
""" % (port, message)))
    now = int(time.time())
    series = [({"__name__": "m", "i": str(i)}, [((now - 100 + k) * 1000, k) for k in range(50)]) for i in range(40)]
    assert d.write(series + [({"__name__": "secret"}, [(now * 1000, 1)])]).status == 204
    assert d.write([({"__name__": "h"}, [(now * 1000, native(5, 3.5, positive=(0, [2, 3])))])]).status == 204
    assert d.write([({"__name__": "foreign"}, [(now * 1000, 1)])], tenant="other").status == 204
    d.wait(lambda: "no answer" in peer_of(d)["error"])  # nobody is there yet: it waits
    d.wait(lambda: peer_of(d)["sent"] == 0 and peer_of(d)["pending_bytes"] > 0)
    for pid in d.children():
        os.kill(int(pid), signal.SIGKILL)
    d.wait(lambda: d.ask("GET", "/-/ready").status == 200)
    start(lambda: prometheus(tmp_path, port) if message == "prometheus.WriteRequest" else receiver(tmp_path / "peer", port))
    d.wait(lambda: theirs(port, "sum(count_over_time(m[10m]))") == {"{}": "2000"}, 30)
    assert theirs(port, 'sum(sum_over_time(m{lucky="yes",i="7",site="north"}[10m]))') == {"{}": str(sum(range(50)))}
    d.wait(lambda: theirs(port, "histogram_count(h)") == {'{"site": "north"}': "5"}, 10)
    assert theirs(port, "secret") == {} and theirs(port, "foreign") == {}
    assert d.write([({"__name__": "late", "i": "1"}, [((now - 5) * 1000, 5)])]).status == 204
    assert d.write([({"__name__": "late", "i": "1"}, [((now - 10) * 1000, 4)])]).status == 204  # out of order
    d.wait(lambda: theirs(port, "sum_over_time(late[5m])") == {'{"i": "1", "site": "north"}': "9"}, 10)
    d.wait(lambda: peer_of(d)["pending_bytes"] == 0, 10)
    said = peer_of(d)
    assert said["failed"] == 0 and said["error"] == "" and said["sent"] >= 3
    assert "tocsin_remote_write_sent_total" in d.ask("GET", "/metrics").body.decode()


class Peer:
    """Answers as it is told to, and keeps what it was sent."""

    def __init__(self, answers):
        self.answers, self.seen = answers, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.seen.append((time.time(), dict(self.headers), body))
                status, headers = outer.answers.pop(0) if outer.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_peer_that_is_busy_refuses_and_wants_to_know_who(tmp_path, start):
    peer = start(lambda: Peer([(503, {}), (429, {"Retry-After": "1"}), (401, {})]))
    d = start(lambda: Daemon(tmp_path, """
remote_write:
  - url: http://127.0.0.1:%d/push
    customer: acme
    headers: {X-Extra: 'yes'}
    basic_auth: {username: me, password: hush}
    queue_config: {batch_send_deadline: 100ms, max_backoff: 100ms}
""" % peer.server.server_port))
    now = int(time.time() * 1000)
    assert d.write([({"__name__": "m"}, [(now, 1)])], tenant="acme").status == 204
    d.wait(lambda: len(peer.seen) == 4 and peer_of(d)["sent"] == 1)
    assert peer.seen[2][0] - peer.seen[1][0] > 0.95  # as long as Retry-After said
    assert len({body for _, _, body in peer.seen}) == 1
    head = peer.seen[0][1]
    assert head["Authorization"] == "Basic bWU6aHVzaA==" and head["X-Extra"] == "yes" and head["Content-Encoding"] == "snappy"
    assert head["X-Prometheus-Remote-Write-Version"] == "0.1.0" and head["Content-Type"] == "application/x-protobuf"
    peer.answers.append((400, {}))
    assert d.write([({"__name__": "m"}, [(now + 1000, 2)])], tenant="acme").status == 204
    d.wait(lambda: peer_of(d)["failed"] == 1)
    said = peer_of(d)
    assert "400" in said["error"] and said["retried"] == 3 and "hush" not in json.dumps(said)
    d.config.write_text(d.config.read_text().replace("acme", "zenith"))
    assert d.ask("POST", "/-/reload").status == 200
    before = len(peer.seen)
    assert d.write([({"__name__": "m"}, [(now + 2000, 2)])], tenant="acme").status == 204
    assert d.write([({"__name__": "m"}, [(now + 2000, 2)])], tenant="zenith").status == 204
    d.wait(lambda: len(peer.seen) == before + 1)
    assert peer_of(d)["customer"] == "zenith"


@pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus here")
def test_a_peer_that_knows_version_1_only_loses_nothing(tmp_path, start):
    port = free_port(socket.SOCK_STREAM)
    start(lambda: prometheus(tmp_path, port))
    config = "remote_write: [{name: p, url: 'http://127.0.0.1:%d/api/v1/write', protobuf_message: %%s, queue_config: {batch_send_deadline: 100ms}}]\n" % port
    d = start(lambda: Daemon(tmp_path, config % "io.prometheus.write.v2.Request"))
    assert d.write([({"__name__": "m"}, [(int(time.time() * 1000), 1)])]).status == 204
    d.wait(lambda: peer_of(d)["retried"] or peer_of(d)["sent"])
    if "does not understand" in peer_of(d)["error"]:  # else it is a new one, and has it
        d.config.write_text(config % "prometheus.WriteRequest")
        assert d.ask("POST", "/-/reload").status == 200
    d.wait(lambda: theirs(port, "m") == {'{"__name__": "m"}': "1"})


def test_requests_are_signed(tmp_path, start):
    peer = start(lambda: Peer([]))
    d = start(lambda: Daemon(tmp_path, "remote_write: [{url: 'http://127.0.0.1:%d/push', queue_config: {batch_send_deadline: 100ms}, sigv4: {region: eu-south-1, "
                                       "access_key: AKEXAMPLE, secret_key: hush}}]\n" % peer.server.server_port))
    assert d.write([({"__name__": "m"}, [(int(time.time() * 1000), 1)])]).status == 204
    d.wait(lambda: peer.seen)
    head = peer.seen[0][1]
    assert head["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKEXAMPLE/%s/eu-south-1/aps/aws4_request, " % head["X-Amz-Date"][:8])


def test_a_queue_that_is_too_long_gives_the_oldest_up(tmp_path, start):
    port = free_port(socket.SOCK_STREAM)
    d = start(lambda: Daemon(tmp_path, "remote_write: [{name: p, url: 'http://127.0.0.1:%d/api/v1/write', "
                                       "queue_config: {queue_size: 4KB, batch_send_deadline: 100ms, max_backoff: 200ms}}]\n" % port))
    now, samples = int(time.time() * 1000), tmp_path / "data" / "samples"
    for k in range(6):
        assert d.write([({"__name__": "m", "i": str(i), "text": os.urandom(20).hex()}, [(now + k, k)]) for i in range(60)]).status == 204
        assert d.ask("POST", "/api/v1/admin/tsdb/compact").status == 204  # another segment
    d.wait(lambda: "is given up" in d.log.read_text())
    d.wait(lambda: 0 < peer_of(d)["pending_bytes"] <= 4096)
    assert d.write([({"__name__": "m", "i": "1"}, [(now + 7, 7)])]).status == 204
    assert d.ask("POST", "/api/v1/admin/tsdb/compact").status == 204
    assert len(list(samples.glob("wal-*"))) < 5  # what nobody waits for is gone
    start(lambda: receiver(tmp_path / "peer", port))
    d.wait(lambda: theirs(port, 'last_over_time(m{i="1",text=""}[5m])') == {'{"__name__": "m", "i": "1"}': "7"})
    assert peer_of(d)["failed"] > 0 and theirs(port, "count_over_time(m{i='3'}[5m]) >= 6") == {}


def told(port, path, customer="default", **named):
    request = urllib.request.Request("http://127.0.0.1:%d" % port + query(path, **named), headers={"X-Scope-OrgID": customer})
    try:
        with urllib.request.urlopen(request, timeout=5) as r:
            return json.load(r)["data"]
    except OSError:
        return None


def request_of(name, exemplars=(), says=None):
    """A counter with exemplars, and what it is."""
    now = int(time.time() * 1000)
    body = field(1, field(1, b"__name__") + field(2, name)) + field(2, b"\x09" + struct.pack("<d", 1) + b"\x10" + varint(now))
    for at, trace in exemplars:
        body += field(3, field(1, field(1, b"trace_id") + field(2, trace)) + b"\x11" + struct.pack("<d", 0.25) + b"\x18" + varint(at))
    metadata = field(3, b"\x08\x01" + field(2, says[0]) + field(4, says[1])) if says else b""
    return snappy(field(1, body) + metadata)


def push(d, body, customer="default"):
    return d.ask("POST", "/api/v1/write", body, headers={"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Scope-OrgID": customer})


MORE = """
remote_write:
  - name: peer
    url: http://127.0.0.1:%d/api/v1/write
    protobuf_message: %s
    send_exemplars: true
    metadata_config: {send_interval: 300ms}
    queue_config: {batch_send_deadline: 100ms, max_backoff: 200ms}
    %s
"""


@pytest.mark.parametrize("message", ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"])
def test_exemplars_and_what_metrics_are_go_along(tmp_path, start, message):
    port = free_port(socket.SOCK_STREAM)
    start(lambda: receiver(tmp_path / "peer", port))
    d = start(lambda: Daemon(tmp_path, MORE % (port, message, "customer: default")))
    now = int(time.time() * 1000)
    assert push(d, request_of(b"hits_total", [(now - 50, b"abc"), (now - 20, b"def")], (b"hits", b"how often somebody came"))).status == 204
    d.wait(lambda: theirs(port, "hits_total") == {'{"__name__": "hits_total"}': "1"})
    d.wait(lambda: [e["labels"]["trace_id"] for s in told(port, "/api/v1/query_exemplars", query="hits_total", start=0, end=now) or [] for e in s["exemplars"]] == ["abc", "def"])

    def known():
        says = told(port, "/api/v1/metadata") or {}
        return says.get("hits" if message == "prometheus.WriteRequest" else "hits_total") == [{"type": "counter", "help": "how often somebody came", "unit": ""}]

    if message != "prometheus.WriteRequest":  # there it stands beside the series: what comes next has it
        time.sleep(0.4)
        assert push(d, request_of(b"hits_total")).status == 204
    d.wait(known)
    assert peer_of(d)["failed"] == 0 and peer_of(d)["error"] == ""


def test_starts_go_along(tmp_path, start):
    port = free_port(socket.SOCK_STREAM)
    start(lambda: receiver(tmp_path / "peer", port))
    d = start(lambda: Daemon(tmp_path, MORE % (port, "io.prometheus.write.v2.Request", "send_native_histograms: true\n    tenant_header: X-Scope-OrgID")))
    now = int(time.time() * 1000)

    def sample(at, value, since):
        return field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(at) + b"\x18" + varint(since))

    waits = native(3, 6.0, positive=(1, (3,))) + b"\x78" + varint(now) + b"\x88\x01" + varint(now - 500)
    symbols = b"".join(field(4, s) for s in (b"", b"__name__", b"orders_total", b"waits"))
    body = symbols + field(5, field(1, b"\1\2") + sample(now - 2000, 40, now - 9000) + sample(now, 50, now - 1000)) + field(5, field(1, b"\1\3") + field(3, waits))
    headers = {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "Content-Encoding": "snappy"}
    assert d.ask("POST", "/api/v1/write", snappy(body), headers=headers).status == 204
    for name, since in (("orders_total", now - 1000), ("waits", now - 500)):
        d.wait(lambda: [round(float(v) * 1000) for v in theirs(port, "start_timestamp(%s)" % name).values()] == [since])
    assert list(theirs(port, "resets(orders_total[1m])").values()) == ["1"]


@pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus here")
def test_a_prometheus_takes_exemplars(tmp_path, start):
    port = free_port(socket.SOCK_STREAM)
    (tmp_path / "peer.yml").write_text("{}\n")
    start(lambda: Program(["prometheus", "--config.file", tmp_path / "peer.yml", "--storage.tsdb.path", tmp_path / "theirs", "--web.enable-remote-write-receiver",
                           "--enable-feature=exemplar-storage", "--web.listen-address", "127.0.0.1:%d" % port], tmp_path / "peer.log"))
    d = start(lambda: Daemon(tmp_path, MORE % (port, "prometheus.WriteRequest", "customer: default")))
    now = int(time.time() * 1000)
    assert push(d, request_of(b"hits_total", [(now - 20, b"abc")], (b"hits", b"how often"))).status == 204
    d.wait(lambda: [s["exemplars"][0]["labels"] for s in told(port, "/api/v1/query_exemplars", query="hits_total", start=0, end=now) or []] == [{"trace_id": "abc"}])
    assert peer_of(d)["failed"] == 0


def test_everybody_s_samples_go_with_a_header(tmp_path, start):
    port = free_port(socket.SOCK_STREAM)
    start(lambda: receiver(tmp_path / "peer", port))
    d = start(lambda: Daemon(tmp_path, MORE % (port, "prometheus.WriteRequest", "tenant_header: X-Scope-OrgID")))
    for customer in ("acme", "zenith", "default"):
        assert push(d, request_of(b"of_" + customer.encode(), says=(b"of_" + customer.encode(), b"its own")), customer).status == 204
    for customer in ("acme", "zenith", "default"):  # of the last the peer has figures of its own
        d.wait(lambda: [n for n in told(port, "/api/v1/label/__name__/values", customer) or [] if n.startswith("of_")] == ["of_" + customer])
        d.wait(lambda: [n for n in told(port, "/api/v1/metadata", customer) or [] if n.startswith("of_")] == ["of_" + customer])
    assert peer_of(d)["customer"] == "" and peer_of(d)["tenant_header"] == "X-Scope-OrgID"


def test_everybody_s_samples_go_with_a_label_that_nobody_can_forge(tmp_path, start):
    port = free_port(socket.SOCK_STREAM)
    start(lambda: receiver(tmp_path / "peer", port))
    d = start(lambda: Daemon(tmp_path, MORE % (port, "prometheus.WriteRequest", "customer_label: customer")))
    now = int(time.time() * 1000)
    assert d.write([({"__name__": "m", "customer": "zenith"}, [(now, 1)])], tenant="acme").status == 204
    assert d.write([({"__name__": "m"}, [(now, 2)])], tenant="zenith").status == 204
    d.wait(lambda: theirs(port, "m") == {'{"__name__": "m", "customer": "acme"}': "1", '{"__name__": "m", "customer": "zenith"}': "2"})
