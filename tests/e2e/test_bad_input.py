"""What strangers, broken peers and tired people send: it is refused with a sentence, and nothing of the daemon dies of it."""
import http.server
import subprocess
import threading
import time

import pytest

from daemon import TOCSIN, Daemon, field, query, snappy, varint, write_request

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

CONFIG = """
server: {header_timeout: 1s}
limits: {series_per_customer: 2000, series_labels: 60}
global: {scrape_interval: 2s, scrape_timeout: 2s}
scrape_configs:
  - {job_name: cut, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /cut}}]}
  - {job_name: half, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /half}}]}
  - {job_name: long, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /long}}]}
  - {job_name: many, customer: flooded, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /many}}]}
  - {job_name: forged, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /forged}}]}
  - {job_name: binary, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /binary}}]}
  - {job_name: redirect, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /redirect}}]}
  - {job_name: good, static_configs: [{targets: ['127.0.0.1:PAGE'], labels: {__metrics_path__: /good}}]}
"""

PAGES = {
    "/good": b"good_metric 1\n",
    "/half": b"half_metric{a=\"b",
    "/cut": b"cut_metric 1\ncut_oth",
    "/long": b"long_metric{a=\"" + b"x" * (10 << 20) + b"\"} 1\n",
    "/many": b"".join(b"many_metric{a=\"%d\"} 1\n" % i for i in range(20000)),
    "/forged": b"forged_metric{__tenant_id__=\"zenith\"} 1\n",
    "/binary": bytes(range(256)) * 100,
}


class Exporter(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGES.get(self.path, b"")
        self.send_response(302 if self.path == "/redirect" else 200)
        if self.path == "/redirect":
            self.send_header("Location", "/redirect")
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body) + (1000 if self.path == "/cut" else 0)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *args):
        pass


class Pages(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class World:
    def __init__(self, path, auth=False):
        self.pages = Pages(("127.0.0.1", 0), Exporter)
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()
        self.daemon = Daemon(path, CONFIG.replace("PAGE", str(self.pages.server_address[1])), auth=auth)
        self.born = self.daemon.children()

    def unharmed(self):
        assert self.daemon.ask("GET", "/-/healthy").status == 200
        assert self.daemon.children() == self.born, self.daemon.log.read_text()[-4000:]

    def stop(self):
        code = self.daemon.stop()
        self.pages.shutdown()
        return code


@pytest.fixture(scope="module")
def module_world(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("bad"))
    yield w
    assert w.stop() == 0, w.daemon.log.read_text()[-4000:]
    assert "panic" not in w.daemon.log.read_text()


@pytest.fixture
def world(module_world):
    yield module_world
    module_world.unharmed()


@pytest.mark.parametrize("text,sentence", [
    ("scrape_configs: [", "3:|1:|2:"), ("a: b: c\n", ":1:"), ("\tx: 1\n", ":1:"), ("serfer: {}\n", "server"),
    ("route: {reciever: x}\nreceivers: [{name: x}]\n", "receiver"), ("route: {receiver: nobody}\n", "nobody"),
    ("global: {scrape_interval: soon}\n", "soon"), ("rule_files: [none.yml]\nscrape_configs: 7\n", "scrape_configs"),
    ("a: &a [*a, *a]\n", ":1:"), ("x: &x {<<: *x}\n", ":1:"), ("\0\0\0", ":"), ("[" * 5000, ":"), ("- 1\n" * 3, ":1:"),
    ("scrape_configs: [{job_name: a}, {job_name: a}]\n", "a"), ("limits: {series_per_customer: 99999999999999999999}\n", "9999")])
def test_a_broken_configuration_is_explained(tmp_path, text, sentence):
    (tmp_path / "bad.yml").write_text(text)
    done = subprocess.run([TOCSIN, "check-config", tmp_path / "bad.yml"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and any(s in done.stderr for s in sentence.split("|")), (done.returncode, done.stderr[:2000])


RESOURCES = [
    (b"kind: contract\nname: x\nspec: {title: X}\n", "calendar"),
    (b"kind: contract\nname: x\nspec: {calender: always, calendar: a}\n", "calendar"),
    (b"kind: nothing\nname: x\nspec: {}\n", "nothing"),
    (b"kind: user\nname: ../../x\nspec: {}\n", "name"),
    (b"kind: user\nname: x\nspec: {role: king}\n", "king"),
    (b"kind: user\nname: x\nspec: {role: contact}\n", "customers"),
    (b"kind: user\nname: x\nspec: {time_zone: Mars/Base}\n", "Mars"),
    (b"kind: calendar\nname: x\nspec: {hours: [{days: [someday]}]}\n", "someday"),
    (b"kind: [", "request"), (b"\xff\xfe\x00", "request"), (b"- - - -", "request"), (b"42", "request"),
]


@pytest.mark.parametrize("body,sentence", RESOURCES)
def test_a_resource_that_makes_no_sense_is_explained(world, body, sentence):
    a = world.daemon.ask("POST", "/api/tocsin/v1/resources", body, headers={"Content-Type": "application/yaml"})
    assert a.status == 400 and sentence in a.json()["error"], a.body


def test_bad_pages_are_down_and_the_good_one_goes_on(world):
    d = world.daemon

    def judged():
        targets = d.ask("GET", "/api/v1/targets").json()["data"]["activeTargets"]
        return len(targets) == 8 and all(t["health"] != "unknown" for t in targets)

    d.wait(judged, 20)
    health = {t["scrapePool"]: (t["health"], t["lastError"]) for t in d.ask("GET", "/api/v1/targets").json()["data"]["activeTargets"]}
    assert health["good"] == ("up", "")
    for job in ("cut", "half", "long", "many", "forged", "binary", "redirect"):
        assert health[job][0] == "down" and health[job][1], (job, health[job])
    names = d.ask("GET", "/api/v1/label/__name__/values").json()["data"]
    assert "good_metric" in names
    assert not {"half_metric", "cut_metric", "forged_metric", "long_metric"} & set(names)
    assert d.ask("GET", query("/api/v1/query", query="many_metric"), headers={"X-Scope-OrgID": "flooded"}).json()["data"]["result"] == []
    assert d.ask("GET", "/api/v1/query?query=good_metric", headers={"X-Scope-OrgID": "zenith"}).json()["data"]["result"] == []


def test_labels_over_a_limit_are_refused_by_its_name_and_the_others_stored(world):
    d, now = world.daemon, int(time.time() * 1000)
    fine = ({"__name__": "of_a_fine_size"}, [(now, 1)])
    a = d.write([fine, ({"__name__": "big", "x": "y" * 16385}, [(now, 1)])], "calm")
    assert a.status == 400 and b"limits.series_label_size" in a.body, (a.status, a.body)
    a = d.write([fine, (dict({"n%03d" % i: "1" for i in range(60)}, __name__="many"), [(now, 1)])], "calm")
    assert a.status == 400 and b"limits.series_labels" in a.body, (a.status, a.body)
    assert b"of_a_fine_size" in d.ask("GET", "/api/v1/query?query=of_a_fine_size", headers={"X-Scope-OrgID": "calm"}).body


def test_label_values_without_end_stop_at_the_limit(world):
    d, now = world.daemon, int(time.time() * 1000)
    a = d.write([({"__name__": "flood", "id": str(i)}, [(now, 1)]) for i in range(5000)], "flooded")
    assert a.status == 429 and b"limit" in a.body, (a.status, a.body)
    assert d.write([({"__name__": "calm"}, [(now, 1)])], "calm").status == 204


def test_remote_write_that_is_none(world):
    d, now = world.daemon, int(time.time() * 1000)
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    good = write_request([({"__name__": "m", "a": "b"}, [(now, 1)])])
    bodies = [b"", b"\xff" * 100, varint(1 << 31) + b"\x00a", snappy(b"\xff" * 50), snappy(good)[:-3], snappy(good[:-3]), good,
              varint(10 ** 12), snappy(field(1, field(1, b""))), snappy(field(1, field(1, field(1, b"a") + field(2, b"b")) * 3 + field(2, b"\x09" + bytes(8) + b"\x10\x01")))]
    for i, body in enumerate(bodies):
        a = d.ask("POST", "/api/v1/write", body, headers=headers)
        assert a.status in (400, 413, 429), (i, a.status, a.body)
    assert d.write([({"__name__": "x", "__tenant_id__": "zenith"}, [(now, 1)])]).status == 400
    assert d.write([({"__name__": "x", "a" * 5000: "b"}, [(now, 1)])]).status == 400
    assert d.write([({"__name__": "x", **{"l%d" % i: "v" for i in range(1000)}}, [(now, 1)])]).status == 400
    for name in ("../x", "a|b", "a/b", "x" * 64, "\u00e4"):
        assert d.write([({"__name__": "x"}, [(now, 1)])], name.encode().decode("latin-1")).status == 400


ALERTS = [b"", b"{}", b"[", b"[{}]", b"[1]", b"null", b'"x"', b'[{"labels":{}}]', b'[{"labels":{"a":1}}]', b'[{"labels":[]}]',
          b'[{"labels":{"a":"b"},"startsAt":"yesterday"}]', b'[{"labels":{"a":"b"},"startsAt":7}]',
          b'[{"labels":{"a":"b","a":"c"}}]', b'[{"labels":{"__tenant_id__":"zenith"}}]', b'[{"labels":{"a":"b"}}]x',
          b'[{"labels":{"a":"\xff\xfe"}}]', b'[{"labels":{"a":"b"},"x":' + b"[" * 100000 + b"]" * 100000 + b"}]",
          b"[" * 1000000, b'{"a":' * 100000, b'[{"labels":{"a":"b"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}]',
          b'[{"labels":{"":"b"}}]', b'[{"labels":{"a":"\\ud800"}}]']


@pytest.mark.parametrize("body", ALERTS, ids=range(len(ALERTS)))
def test_alerts_that_are_none(world, body):
    a = world.daemon.ask("POST", "/api/v2/alerts", body, headers={"Content-Type": "application/json"})
    assert a.status == 400 and a.body, (a.status, a.body[:300])


@pytest.mark.parametrize("path,body", [
    ("/api/tocsin/v1/tickets", {"customer": 7}), ("/api/tocsin/v1/tickets", []), ("/api/tocsin/v1/tickets", {"titel": "x"}),
    ("/api/tocsin/v1/tickets", {"customer": "nobody", "title": "x"}), ("/api/tocsin/v1/tickets/1/dance", {}),
    ("/api/tocsin/v1/tickets/0/close", {}), ("/api/tocsin/v1/tickets/-1/close", {}), ("/api/tocsin/v1/tickets/1e9/close", {}),
    ("/api/tocsin/v1/tickets/99999999999999999999999/close", {}), ("/api/tocsin/v1/pages/1/take", {}), ("/api/tocsin/v1/pages/-/take", {}),
    ("/api/tocsin/v1/session", {"user": "x"}), ("/api/tocsin/v1/session", "x"), ("/api/tocsin/v1/password", {"password": "short"}),
    ("/api/tocsin/v1/tokens", {"name": "x", "lifetime": "-1d"}), ("/api/tocsin/v1/tokens", {"name": "x", "lifetime": 10 ** 30}),
    ("/api/v2/silences", {"matchers": []}), ("/api/v2/silences", {"matchers": [{"name": "a", "value": "(", "isRegex": True}]}),
    ("/api/v2/silences", {"matchers": [{"name": "", "value": ""}], "startsAt": "x", "endsAt": "y"}), ("/api/v2/silences", [])])
def test_json_of_the_wrong_shape(world, path, body):
    a = world.daemon.ask("POST", path, body)
    assert a.status in (400, 403, 404), (a.status, a.body[:300])
    assert len(a.body) > 10


@pytest.mark.parametrize("place", [
    query("/api/v1/query", query=q) for q in ("", "(" * 100000, "-" * 50000 + "1", "a" * 100000, "{}", "sum(", "rate(x[1y:1ms])[1y:1ms]", "x[99999999y]",
                                              'x{a=~"' + "(a*)*" * 50 + '("}', "\0", "\u00ff\u0000")] + [
    query("/api/v1/query", query="1", time=t) for t in ("x", "1e300", "-1e300", "NaN", "Inf", "99999999999999999999")] + [
    query("/api/v1/query_range", query="1", start="0", end=e, step=s) for e, s in (("1", "0"), ("1", "-1"), ("1e15", "1"), ("-5", "1"), ("1", "1e-9"))] + [
    query("/api/v1/query_range", query="1"), "/api/v1/series", "/api/v1/series?match[]={", "/api/v1/labels?start=x", "/api/v1/query?query=%zz", "/api/v1/query?query=%",
    "/api/tocsin/v1/events?after=x", "/api/tocsin/v1/tickets?limit=1e3", "/api/v2/alerts?filter=a~b", "/api/v2/alerts?receiver=(",
    "/api/v2/silence/nothing", "/api/v1/status/nothing"], ids=lambda p: p[:60])
def test_questions_without_an_answer(world, place):
    began = time.time()
    got = world.daemon.raw(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % place.encode())
    assert got[9:12] in (b"400", b"404", b"414", b"422", b"429", b"431"), (place[:100], got[:300])
    assert time.time() - began < 3


def head(line, *headers):
    return (line + "\r\n" + "".join(h + "\r\n" for h in headers) + "\r\n").encode()


@pytest.mark.parametrize("data,status", [
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Content-Length: 2", "Transfer-Encoding: chunked") + b"[]", "400"),
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Content-Length: 2", "Content-Length: 3") + b"[]", "400"),
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Content-Length: -2") + b"[]", "400"),
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Content-Length: 99999999999999999999"), "400|413"),
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Content-Length: 9999999999"), "413"),
    (head("POST /api/tocsin/v1/tickets HTTP/1.1", "Host: localhost", "Content-Length: 2000000"), "413"),
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked") + b"zz\r\n", "400"),
    (head("GET /-/healthy HTTP/1.1", "Host: evil.example"), "421"), (head("GET /-/healthy HTTP/1.1"), "400"),
    (head("GET /-/healthy HTTP/1.1", "Host: localhost", "Host: evil.example"), "400"),
    (head("GET http://evil.example/-/healthy HTTP/1.1", "Host: localhost"), "421"),
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Origin: http://evil.example", "Content-Length: 2") + b"[]", "403"),
    (head("POST /api/v2/alerts HTTP/1.1", "Host: localhost", "Origin: null", "Content-Length: 2") + b"[]", "403"),
    (head("POST /-/reload HTTP/1.1", "Host: localhost", "Sec-Fetch-Site: cross-site", "Content-Length: 0"), "403"),
    (head("BREW /api/v2/alerts HTTP/1.1", "Host: localhost"), "400|405|501"), (head("DELETE / HTTP/1.1", "Host: localhost"), "400|405"),
    (head("GET /%00 HTTP/1.1", "Host: localhost"), "400|404"), (head("GET /../../etc/passwd HTTP/1.1", "Host: localhost"), "400|404"),
    (head("GET /" + "a" * 100000 + " HTTP/1.1", "Host: localhost"), "400|414|431"),
    (head("GET / HTTP/1.1", "Host: localhost", *["X-%d: y" % i for i in range(1000)]), "400|431"),
    (head("GET / HTTP/1.1", "Host: localhost", "X: " + "y" * 100000), "400|431"),
    (head("GET / HTTP/9.9", "Host: localhost"), "400|505"), (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n", "400|")],
    ids=range(23))
def test_requests_that_smell(world, data, status):
    got = world.daemon.raw(data, 4)
    assert got[9:12].decode() in status.split("|"), got[:300]


def test_slow_headers_are_hung_up_on(world):
    began = time.time()
    got = world.daemon.raw(b"GET / HTTP/1.1\r\nHost: local", 8)
    assert time.time() - began < 6 and b" 200 " not in got


def test_a_body_over_the_limit_is_413(world):
    a = world.daemon.raw(head("POST /api/tocsin/v1/tickets HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked") +
                         b"".join(b"10000\r\n" + b" " * 65536 + b"\r\n" for _ in range(20)))
    assert a[9:12] in (b"413", b""), a[:300]


def test_wrong_passwords_are_counted(tmp_path):
    d = Daemon(tmp_path, "access: {failed_logins: 5}\n", auth=True)
    born = d.children()
    try:
        said = [d.ask("POST", "/api/tocsin/v1/session", {"user": "admin", "password": "wrong%d" % i}).status for i in range(7)]
        assert said == [403] * 5 + [429] * 2
        for header in ("Basic !!!!", "Basic", "Basic " + "A" * 5000, "Bearer ", "Bearer " + "x" * 5000, "Digest x", "Basic bm9jb2xvbg=="):
            assert d.ask("GET", "/api/tocsin/v1/me", headers={"Authorization": header}).status in (401, 403, 431), header
        for cookie in ("tocsin_session=", "tocsin_session=x", "tocsin_session=" + "y" * 3000, ";;;=;="):
            assert d.ask("GET", "/api/tocsin/v1/me", headers={"Cookie": cookie}).status == 401
        assert d.ask("GET", "/api/tocsin/v1/me", token=d.admin).status == 200
        assert d.children() == born
    finally:
        assert d.stop() == 0
