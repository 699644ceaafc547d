"""What kills a process twice is refused from then on, shown, and a ticket; everything else goes on."""
import http.server
import os
import pathlib
import threading
import time

import pytest

from daemon import TOCSIN, Daemon, query

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

WORD = "deadly"
CONFIG = "desk: {desk: open}\nvoice: {listen: 127.0.0.1:0}\n"


@pytest.fixture
def start(request):
    def make(path, role, config=CONFIG):
        daemon = Daemon(path, config, env={"TOCSIN_FAULT": "panic:%s:%s" % (WORD, role)})
        request.addfinalizer(daemon.stop)
        return daemon
    return make


def deaths(daemon, role):
    # a panic repeats the last lines of the log
    return len({line for line in daemon.log.read_text().splitlines() if "%s was ended by signal 6" % role in line})


def ready(daemon):
    return daemon.ask("GET", "/-/ready").status == 200


def status(daemon):
    return daemon.ask("GET", "/api/tocsin/v1/status").json()


def send(daemon, method, path, body=None):
    """The status, or None when the server died of it."""
    try:
        return daemon.ask(method, path, body)
    except (OSError, ConnectionError):
        return None


def alert(word, n=0):
    return [{"labels": {"alertname": "A", "word": word}, "annotations": {"n": str(n)}}]


def quarantine_ticket(daemon):
    return [t for t in daemon.ask("GET", "/api/tocsin/v1/tickets").json() if "is refused from now on" in t["title"]]



def test_a_request_that_killed_the_core_twice_is_answered_500(tmp_path, start):
    daemon = start(tmp_path, "core")
    path = query("/api/v1/query", query='up{word="%s"}' % WORD)
    for n in (1, 2):
        assert send(daemon, "GET", path) is None
        daemon.wait(lambda: deaths(daemon, "core") == n)
        daemon.wait(lambda: ready(daemon))
    for _ in range(3):
        answer = send(daemon, "GET", path)
        assert answer is not None and answer.status == 500, answer
        assert "ended the server 2 times" in answer.json()["error"]
    assert deaths(daemon, "core") == 2
    assert daemon.ask("GET", query("/api/v1/query", query="vector(1)")).status == 200
    assert 'tocsin_quarantine_refusals_total{role="core"} 3' in daemon.ask("GET", "/metrics").body.decode()
    shown = status(daemon)["quarantine"]
    assert [(q["role"], q["deaths"], q["refused"]) for q in shown] == [("core", 2, True)]
    assert shown[0]["what"].startswith("GET /api/v1/query")
    assert shown[0]["print"] in daemon.ask("GET", "/text/status").body.decode()
    daemon.wait(lambda: quarantine_ticket(daemon))
    # another body, another fingerprint; and an administrator may let it be tried again
    assert daemon.ask("DELETE", "/api/tocsin/v1/quarantine/" + shown[0]["print"]).status == 200
    assert status(daemon)["quarantine"] == []
    assert send(daemon, "GET", path) is None
    daemon.wait(lambda: deaths(daemon, "core") == 3)
    daemon.wait(lambda: ready(daemon))


def test_an_alert_that_killed_the_engine_twice_is_kept_and_opens_a_ticket(tmp_path, start):
    daemon = start(tmp_path, "engine")
    for n in (1, 2):
        answer = send(daemon, "POST", "/api/v2/alerts", alert(WORD, n))
        assert answer is not None and answer.status == 503, answer
        daemon.wait(lambda: deaths(daemon, "engine") == n)
        daemon.wait(lambda: daemon.ask("POST", "/api/v2/alerts", alert("harmless")).status == 200)
    # with other annotations and another time it is the same alert
    answer = daemon.ask("POST", "/api/v2/alerts", alert("harmless too") + alert(WORD, 3))
    assert answer.status == 400 and b"it is in quarantine" in answer.body, answer.body
    assert deaths(daemon, "engine") == 2
    words = {a["labels"].get("word") for a in daemon.ask("GET", "/api/v2/alerts").json()}
    assert "harmless too" in words and WORD not in words  # the others of the batch were taken
    shown = [q for q in status(daemon)["quarantine"] if q["refused"]]
    assert len(shown) == 1 and shown[0]["role"] == "engine" and "the alert A" in shown[0]["what"]
    kept = tmp_path / "data" / "quarantine" / shown[0]["print"]
    assert WORD.encode() in kept.read_bytes() and kept.read_bytes().startswith(b"kind alert\n")
    daemon.wait(lambda: quarantine_ticket(daemon))
    assert len(quarantine_ticket(daemon)) == 1


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"metric{word=\"%s\"} %d\n" % (WORD.encode() if self.path == "/bad" else b"fine", time.time_ns()))

    def log_message(self, *args):
        pass


def test_a_target_and_a_rule_that_kill_the_core_are_left_alone(tmp_path, start):
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    (tmp_path / "rules.yml").write_text("groups: [{name: g, interval: 1s, rules: [{record: bad, expr: 'vector(1) unless x{a=\"%s\"}'},"
                                        " {record: good, expr: vector(2)}]}]\n" % WORD)
    job = "  - {job_name: %s, scrape_interval: 1s, metrics_path: /%s, static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
    port = site.server_address[1]
    daemon = start(tmp_path, "core", CONFIG + "rule_files: [rules.yml]\nscrape_configs:\n" + job % ("bad", "bad", port) + job % ("good", "good", port))
    barred = lambda: {q["what"].split()[1] for q in status(daemon)["quarantine"] if q["refused"]}
    daemon.wait(lambda: barred() == {"page", "rule"}, 60)
    value = lambda name: daemon.ask("GET", query("/api/v1/query", query=name)).json()["data"]["result"]
    for shown in ("good", 'metric{job="good"}', 'up{job="bad"} == 0'):
        daemon.wait(lambda: value(shown))
    died = deaths(daemon, "core")
    assert died == 4
    targets = lambda: {t["scrapePool"]: t for t in daemon.ask("GET", "/api/v1/targets").json()["data"]["activeTargets"]}
    daemon.wait(lambda: targets()["good"]["health"] == "up" and "quarantine" in targets()["bad"]["lastError"])
    daemon.wait(lambda: value("good"))
    rules = lambda: {r["name"]: r for g in daemon.ask("GET", "/api/v1/rules").json()["data"]["groups"] for r in g["rules"]}
    daemon.wait(lambda: rules()["good"]["health"] == "ok" and "quarantine" in rules()["bad"]["lastError"])
    time.sleep(2.5)
    assert deaths(daemon, "core") == died
    daemon.wait(lambda: len(quarantine_ticket(daemon)) >= 1)
    site.shutdown()


def test_being_killed_from_outside_is_nobodys_fault(tmp_path, start):
    daemon = start(tmp_path, "nobody")
    for _ in range(2):
        core = [p for p in daemon.children() if pathlib.Path("/proc/%s/comm" % p).read_text().strip() == "core"]
        os.kill(int(core[0]), 9)
        time.sleep(0.3)
        daemon.wait(lambda: ready(daemon))
    assert status(daemon)["quarantine"] == []
