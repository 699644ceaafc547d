"""Queries and rules pushed down to a cluster: to a Prometheus, to a VictoriaMetrics, and to a peer that misbehaves."""
import gzip
import http.server
import json
import shutil
import socket
import threading
import time
import urllib.parse
import urllib.request

import pytest

from daemon import TOCSIN, Daemon, query
from peers import Program, free_port

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


def prometheus(path, port):
    (path / "peer.yml").write_text("storage: {tsdb: {out_of_order_time_window: 1h}}\n")
    return ["prometheus", "--config.file", path / "peer.yml", "--storage.tsdb.path", path / "theirs", "--web.enable-remote-write-receiver",
            "--web.listen-address", "127.0.0.1:%d" % port]


def victoria(path, port):
    return ["victoria-metrics", "-httpListenAddr=127.0.0.1:%d" % port, "-storageDataPath=%s" % (path / "theirs"), "-search.latencyOffset=0s",
            "-search.disableCache"]


PEERS = {"prometheus": prometheus, "victoria-metrics": victoria}

CONFIG = """
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
remote_write: [{name: peer, url: 'http://127.0.0.1:%(port)d/api/v1/write', queue_config: {batch_send_deadline: 100ms, max_backoff: 200ms}}]
metrics: {remote: {query: {name: peer, url: 'http://127.0.0.1:%(port)d', timeout: 5s}}}
"""

RULES = """
groups:
  - name: far
    rules:
      - {record: 'double:m', expr: 'm * 2', labels: {made: far}}
      - {alert: High, expr: 'm{i="3"} > 2', labels: {severity: critical}, annotations: {summary: 'it is {{ $value }}'}}
"""


def values(d, expression, **more):
    """By the label i; None: there is no answer."""
    answer = d.ask("GET", query("/api/v1/query", query=expression, **more))
    return {s["metric"].get("i", ""): s["value"][1] for s in answer.json()["data"]["result"]} if answer.status == 200 else None


def alerts(d):
    return {a["labels"]["alertname"]: a["status"]["state"] for a in d.ask("GET", "/api/v2/alerts").json()}


def rule(d, name):
    groups = d.ask("GET", "/api/v1/rules").json()["data"]["groups"]
    return next(r for g in groups for r in g["rules"] if r["name"] == name)


@pytest.mark.parametrize("peer", sorted(PEERS))
def test_queries_and_rules_are_asked_of_the_peer(tmp_path, start, peer):
    if not shutil.which(peer):
        pytest.skip("no %s here" % peer)
    port = free_port(socket.SOCK_STREAM)
    far = start(lambda: Program(PEERS[peer](tmp_path, port), tmp_path / "peer.log"))
    (tmp_path / "rules.yml").write_text(RULES)
    d = start(lambda: Daemon(tmp_path, CONFIG % {"port": port}))
    now = int(time.time())

    def sees(expression, wanted):
        """Some peers show new series only now and then, unless they are told to."""
        if peer == "victoria-metrics":
            with urllib.request.urlopen("http://127.0.0.1:%d/internal/force_flush" % port, timeout=5):
                pass
        return values(d, expression) == wanted

    assert d.write([({"__name__": "m", "i": str(i)}, [((now - k) * 1000, i) for k in range(20, -1, -1)]) for i in range(5)]).status == 204
    d.wait(lambda: sees("m", {str(i): str(i) for i in range(5)}))
    assert values(d, "sum(m)", source="local") == {"": "10"}
    range_ = d.ask("POST", "/api/v1/query_range", urllib.parse.urlencode({"query": "sum(m)", "start": now - 10, "end": now, "step": 5}).encode(),
                   headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert [v for _, v in range_.json()["data"]["result"][0]["values"]] == ["10"] * 3
    assert {"__name__", "i"} <= set(d.ask("GET", "/api/v1/labels").json()["data"])
    assert d.ask("GET", query("/api/v1/label/i/values", ("match[]", 'm{i=~"1|2"}'))).json()["data"] == ["1", "2"]
    assert len(d.ask("GET", query("/api/v1/series", ("match[]", "m"))).json()["data"]) == 5
    assert d.ask("GET", "/api/v1/metadata").status == 200
    packed = d.ask("GET", query("/api/v1/query", query="m or label_replace(m, 'x', 'y', '', '')"), headers={"Accept-Encoding": "gzip"})
    body = gzip.decompress(packed.body) if packed.headers.get("Content-Encoding") == "gzip" else packed.body
    assert len(json.loads(body)["data"]["result"]) == 10
    wrong = d.ask("GET", query("/api/v1/query", query="sum(")).json()
    assert wrong["status"] == "error" and "sum(" in wrong["error"] or "parse error" in wrong["error"]
    # rules: asked there, written here, sent on
    d.wait(lambda: alerts(d).get("High") == "active")
    d.wait(lambda: sees('double:m{made="far",i="4"}', {"4": "8"}))
    d.wait(lambda: sees('ALERTS{alertname="High",alertstate="firing",i="3"}', {"3": "1"}))
    # away: an error that names it, the alert stays
    far.stop()
    d.wait(lambda: rule(d, "High")["health"] == "err")
    said = d.ask("GET", query("/api/v1/query", query="m"))
    assert said.status == 503 and said.json()["errorType"] == "unavailable" and 'the cluster "peer" does not answer' in said.json()["error"]
    assert 'the cluster "peer"' in rule(d, "High")["lastError"] and rule(d, "High")["state"] == "firing"
    assert alerts(d).get("High") == "active"
    state = d.ask("GET", "/api/tocsin/v1/status").json()["remote_query"]
    assert state["name"] == "peer" and state["failed"] > 0 and "does not answer" in state["error"]
    # back: it goes on
    start(lambda: Program(PEERS[peer](tmp_path, port), tmp_path / "peer.log"))
    d.wait(lambda: rule(d, "High")["health"] == "ok")
    assert d.write([({"__name__": "m", "i": "3"}, [(int(time.time()) * 1000, 1)])]).status == 204
    d.wait(lambda: sees('m{i="3"}', {"3": "1"}))
    d.wait(lambda: rule(d, "High")["state"] == "inactive")


class Cluster:
    """Answers every question with what `answer` makes of it, and keeps what it was asked."""

    def __init__(self):
        self.seen, self.gone = [], threading.Event()
        self.answer = lambda path, form, headers: (200, {"status": "success", "data": {"resultType": "vector", "result": []}})
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.do_POST()

            def do_POST(self):
                url = urllib.parse.urlsplit(self.path)
                text = url.query or self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                form = urllib.parse.parse_qsl(text)
                outer.seen.append((url.path, form, dict(self.headers)))
                status, body = outer.answer(url.path, form, self)
                if status is None:
                    return
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if body[:1] == b"{" else "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/prometheus" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


PEOPLE = """
kind: customer
name: acme
spec: {}
---
kind: customer
name: zenith
spec: {}
---
kind: user
name: anna
spec: {role: viewer, customers: [acme]}
"""


def test_nobody_reads_foreign_series(tmp_path, start):
    far = start(Cluster)
    d = start(lambda: Daemon(tmp_path, "metrics: {remote: {query: {url: '%s/', tenant_header: X-Scope-OrgID, headers: {X-Extra: 'yes'}, "
                                       "basic_auth: {username: me, password: hush}}}}\n" % far.url, auth=True, resources=PEOPLE))
    anna = d.token("anna")
    assert d.ask("GET", query("/api/v1/query", query="up", extra_label="a=b"), token=anna).status == 200
    path, form, headers = far.seen[-1]
    assert path == "/prometheus/api/v1/query" and form == [("query", "up")]
    assert headers["X-Scope-OrgID"] == "acme" and headers["X-Extra"] == "yes" and headers["Authorization"] == "Basic bWU6aHVzaA=="
    asked = len(far.seen)
    assert d.ask("GET", query("/api/v1/query", query="up"), token=anna, headers={"X-Scope-OrgID": "zenith"}).status == 403
    assert d.ask("GET", query("/api/v1/labels"), token=anna, headers={"X-Scope-OrgID": "acme|zenith"}).status == 403
    assert len(far.seen) == asked
    assert d.ask("GET", "/api/v1/label/a%20b/values", token=d.admin, headers={"X-Scope-OrgID": "acme|zenith"}).status == 200
    assert far.seen[-1][0] == "/prometheus/api/v1/label/a%20b/values" and far.seen[-1][2]["X-Scope-OrgID"] == "acme|zenith"
    # a cluster that knows no customers: the label
    d.config.write_text("metrics: {remote: {query: {url: '%s', customer_label: customer}}}\n" % far.url)
    assert d.ask("POST", "/-/reload", token=d.admin).status == 200
    assert d.ask("GET", query("/api/v1/query", query='sum(up{customer="zenith"}) / count(x)'), token=anna).status == 200
    assert far.seen[-1][1] == [("query", 'sum(up{customer="acme",customer="zenith"}) / count(x{customer="acme"})')]
    assert d.ask("GET", "/api/v1/labels", token=anna).status == 200
    assert far.seen[-1][1] == [("match[]", '{customer="acme"}')]
    assert d.ask("GET", query("/api/v1/series", ("match[]", "up"), ("match[]", "down")), token=d.admin, headers={"X-Scope-OrgID": "acme|zenith"}).status == 200
    assert far.seen[-1][1] == [("match[]", '{__name__="up", customer=~"acme|zenith"}'), ("match[]", '{__name__="down", customer=~"acme|zenith"}')]
    asked = len(far.seen)
    for text in ("info(up)", 'up{a="b" or customer="zenith"}', "sum("):
        said = d.ask("GET", query("/api/v1/query", query=text), token=anna)
        assert said.status == 400 and said.json()["errorType"] == "bad_data"
    assert d.ask("GET", "/api/v1/metadata", token=anna).status == 200  # from here: there is no label to tell by
    assert len(far.seen) == asked
    # nor who else is near a limit
    for customer in ("acme", "zenith"):
        assert d.write([({"__name__": "m"}, [(int(time.time() * 1000), 1)])], customer, d.admin).status == 204
    assert [u["customer"] for u in d.ask("GET", "/api/tocsin/v1/limits", token=anna).json()] == ["acme"]
    assert {"acme", "zenith"} <= {u["customer"] for u in d.ask("GET", "/api/tocsin/v1/limits", token=d.admin).json()}
    assert b"zenith" not in d.ask("GET", "/metrics").body and b"zenith" not in d.ask("GET", "/metrics", token=anna).body
    # rules that want a cluster when there is none
    (tmp_path / "rules.yml").write_text("groups: [{name: g, query: remote, rules: [{record: r, expr: up}]}]\n")
    d.config.write_text("rule_files: [rules.yml]\n")
    said = d.ask("POST", "/-/reload", token=d.admin)
    assert said.status == 400 and "there is no cluster to ask" in said.json()["error"]
    # neither: only the customer default
    d.config.write_text("metrics: {remote: {query: {url: '%s'}}}\n" % far.url)
    assert d.ask("POST", "/-/reload", token=d.admin).status == 200
    said = d.ask("GET", query("/api/v1/query", query="up"), token=anna)
    assert said.status == 403 and "neither tenant_header nor customer_label" in said.json()["error"]
    assert len(far.seen) == asked


def test_a_cluster_that_misbehaves(tmp_path, start):
    far = start(Cluster)
    d = start(lambda: Daemon(tmp_path, "global: {query_log_file: queries.log}\nmetrics: {remote: {query: {name: far, url: '%s', timeout: 1s, answer_limit: 10KB, concurrency: 1}}}\n" % far.url))

    def ask(**more):
        said = d.ask("GET", query("/api/v1/query", query="up", **more))
        return said.status, said.json().get("errorType"), said.json().get("error")

    def answers(*what):
        far.answer = lambda path, form, handler: what

    answers(401, b"no such user")
    assert ask() == (503, "unavailable", 'the cluster "far" answered 401: no such user')
    answers(502, b"")
    assert ask() == (503, "unavailable", 'the cluster "far" answered 502')
    answers(500, {"status": "error", "errorType": "internal", "error": "out of memory"})
    assert ask() == (503, "unavailable", 'the cluster "far" answered 500: internal: out of memory')
    answers(200, b"welcome to the wrong port")
    assert ask()[:2] == (503, "unavailable")
    answers(422, {"status": "error", "errorType": "execution", "error": "many-to-many"})
    assert ask() == (422, "execution", "many-to-many")
    logged = [json.loads(line) for line in (tmp_path / "queries.log").read_text().splitlines()]
    assert [line["params"]["query"] for line in logged] == ["up"] * 5 and all(line["error"] for line in logged)
    answers(200, {"status": "success", "data": "x" * 20000})
    status, kind, error = ask()
    assert (status, kind) == (422, "execution") and "metrics.remote.query.answer_limit" in error
    # one question after the other; who waits too long is told so, who goes away makes room
    hung, go = [], threading.Event()

    def hang(path, form, handler):
        hung.append(handler)
        go.wait(8)
        return None, b""

    far.answer = hang
    began = time.time()
    assert ask()[:2] == (503, "timeout") and 0.9 < time.time() - began < 5
    before = len(hung)
    with socket.create_connection(("127.0.0.1", d.port)) as s:
        s.sendall(("GET /api/v1/query?query=slow HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % d.port).encode())
        d.wait(lambda: len(hung) > before)
    hung[-1].connection.settimeout(3)
    assert hung[-1].connection.recv(1) == b""  # the question was taken back, long before its time
    answers(200, {"status": "success", "data": {"resultType": "vector", "result": []}})
    began = time.time()
    assert ask()[0] == 200 and time.time() - began < 0.9
    go.set()


def test_a_rule_asks_all_that_it_must_know(tmp_path, start):
    """Thresholds that differ, and what was there before a start: each is a question of its own."""
    far, values = start(Cluster), {}

    def answer(path, form, handler):
        found = values.get(dict(form)["query"], {})
        result = [{"metric": {"__name__": "x", "host": host}, "value": [time.time(), str(v)]} for host, v in found.items()]
        return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}

    far.answer = answer
    (tmp_path / "rules.yml").write_text("""
groups:
  - name: far
    interval: 1s
    rules:
      - {alert: Full, expr: used > 90, resolve_expr: used < 80}
      - {alert: Silent, expr: beat < 1, on_no_data: fire}
""")
    values.update({"used > 90": {"a": 95}, "used": {"a": 95}, "last_over_time((beat)[1d:5m])": {"b": 1}})
    d = start(lambda: Daemon(tmp_path, "rule_files: [rules.yml]\nmetrics: {remote: {query: {url: '%s'}}}\n" % far.url))
    d.wait(lambda: rule(d, "Full")["state"] == "firing" and rule(d, "Silent")["state"] == "firing")
    assert [a["labels"]["host"] for a in rule(d, "Silent")["alerts"]] == ["b"]  # it was there before the start, and is not now
    values.update({"used > 90": {}, "used": {"a": 85}, "beat": {"b": 1}})
    d.wait(lambda: rule(d, "Silent")["state"] == "inactive")
    assert rule(d, "Full")["state"] == "firing"  # between the thresholds
    values.update({"used < 80": {"a": 70}})
    d.wait(lambda: rule(d, "Full")["state"] == "inactive")
    assert len([q for _, form, _ in far.seen for q in form if q == ("query", "last_over_time((beat)[1d:5m])")]) == 1
