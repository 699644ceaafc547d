"""Other people's clients against the daemon: promtool, amtool, a webhook, and what Grafana asks when it starts."""
import json
import re
import shutil
import subprocess
import time
import urllib.parse

import pytest

from daemon import TOCSIN, Daemon, basic, query
from test_amtool import Hook

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

CONFIG = """
rule_files: [rules.yml]
route:
  receiver: all
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  routes:
    - {matchers: [severity=critical], receiver: urgent}
receivers:
  - {name: all}
  - {name: urgent, webhook_configs: [{url: 'http://127.0.0.1:HOOK/urgent'}]}
"""
RULES = """
groups:
  - name: group
    interval: 1s
    rules:
      - {record: twice, expr: metric * 2}
      - {alert: High, expr: metric > 100, for: 1m, labels: {severity: low}, annotations: {summary: high}}
"""


class World:
    def __init__(self, path, auth):
        self.hook = Hook()
        (path / "rules.yml").write_text(RULES)
        d = self.daemon = Daemon(path, CONFIG.replace("HOOK", str(self.hook.port)), auth=auth)
        self.now = int(time.time())
        samples = [((self.now - 60 + i) * 1000, i) for i in range(0, 60, 10)]
        assert d.write([({"__name__": "metric", "job": "j", "host": h}, samples) for h in "ab"], token=d.admin).status == 204
        self.http = path / "http.yml"
        self.http.write_text("basic_auth: {username: me, password: %s}\n" % d.admin if auth else "{}\n")

    def run(self, *argv, **kw):
        return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=20, **kw)

    def promtool(self, verb, *args):
        if "--http.config.file" in self.run("promtool", "query", "--help-long").stdout:
            args = ("--http.config.file", self.http, *args)
        elif self.daemon.auth:  # an older one knows of credentials in the address
            args = [str(a).replace("http://", "http://me:%s@" % self.daemon.admin) for a in args]
        done = self.run("promtool", "query", verb, *args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def amtool(self, *args):
        done = self.run("amtool", "--alertmanager.url", self.daemon.url(""), "--http.config.file", self.http, *args)
        assert done.returncode == 0, (args, done.stderr, done.stdout)
        return done.stdout

    def get(self, path, form=None):
        headers = basic(self.daemon.admin) if self.daemon.auth else {}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        a = self.daemon.ask("POST" if form is not None else "GET", path, body, headers=headers)
        assert a.status == 200, (path, a.status, a.body)
        assert a.headers["Content-Type"] == "application/json"
        said = a.json()
        assert said["status"] == "success"
        return said["data"]


@pytest.fixture(scope="module", params=["no_auth", "token"])
def world(request, tmp_path_factory):
    w = World(tmp_path_factory.mktemp("clients"), request.param == "token")
    yield w
    assert w.daemon.stop() == 0
    w.hook.server.shutdown()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool(world):
    url = world.daemon.url("")
    one = world.promtool("instant", "--time", world.now, url, 'metric{host="a"}')
    assert one.strip() == 'metric{host="a", job="j"} => 50 @[%d]' % world.now
    both = json.loads(world.promtool("instant", "-o", "json", "--time", world.now, url, "sum by (job) (metric)"))
    assert both == [{"metric": {"job": "j"}, "value": [world.now, "100"]}]
    many = world.promtool("range", "--start", world.now - 60, "--end", world.now, "--step", "10s", url, 'metric{host="b"}')
    assert [l.split()[0] for l in many.splitlines()[1:]] == ["0", "10", "20", "30", "40", "50", "50"]
    series = world.promtool("series", "--match", 'metric{host=~"a|b"}', url)
    assert len(series.splitlines()) == 2 and 'host="b"' in series
    assert world.promtool("labels", url, "host").split() == ["a", "b"]


@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed")
def test_amtool(world, tmp_path):
    world.amtool("alert", "add", "Tool", "host=a", "severity=low", "--annotation=summary=s")
    assert "Tool" in world.amtool("alert", "query", "alertname=Tool")
    identity = world.amtool("silence", "add", "alertname=Tool", "host=~a.*", "-c", "work", "-a", "me", "-d", "1h").strip()
    assert re.fullmatch(r"[0-9a-f-]{36}", identity)
    shown = json.loads(world.amtool("silence", "query", "-o", "json"))
    assert [s["id"] for s in shown] == [identity] and shown[0]["comment"] == "work"
    assert "Tool" not in world.amtool("alert", "query", "alertname=Tool")
    assert identity in world.amtool("silence", "update", identity, "-d", "2h", "-c", "more")
    (tmp_path / "silences.json").write_text(world.amtool("silence", "query", "-o", "json"))
    world.amtool("silence", "expire", identity)
    assert identity not in world.amtool("silence", "query")
    kept = json.loads((tmp_path / "silences.json").read_text())
    kept[0]["id"] = ""
    (tmp_path / "silences.json").write_text(json.dumps(kept))
    world.amtool("silence", "import", tmp_path / "silences.json")
    again = json.loads(world.amtool("silence", "query", "-o", "json"))
    assert len(again) == 1 and again[0]["matchers"] == shown[0]["matchers"] and again[0]["id"] != identity
    world.amtool("silence", "expire", again[0]["id"])
    assert world.amtool("config", "routes", "test", "severity=critical").strip() == "urgent"
    printed = json.loads(world.amtool("config", "show", "-o", "json"))["config"]["original"]
    (tmp_path / "printed.yml").write_text(printed)
    checked = world.run("amtool", "check-config", tmp_path / "printed.yml")
    assert checked.returncode == 0 and "SUCCESS" in checked.stdout and "2 receivers" in checked.stdout, checked.stdout + checked.stderr


def test_every_field_of_a_webhook(world):
    d = world.daemon
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(world.now - 30))
    alert = {"labels": {"alertname": "Hooked", "severity": "critical", "host": "a"}, "annotations": {"summary": "s"},
             "startsAt": began, "generatorURL": "http://example.org/g?x=1&y=2"}
    assert d.ask("POST", "/api/v2/alerts", [alert], d.admin).status == 200
    n = world.hook.wait("/urgent", "Hooked", "firing")
    assert set(n) - {"notification_reason"} == {"receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations",
                                                "externalURL", "version", "groupKey", "truncatedAlerts"}
    assert (n["receiver"], n["status"], n["version"], n["truncatedAlerts"]) == ("urgent", "firing", "4", 0)
    assert n["groupKey"] == '{}/{severity="critical"}:{alertname="Hooked"}'
    assert n["groupLabels"] == {"alertname": "Hooked"}
    assert n["commonLabels"] == alert["labels"] and n["commonAnnotations"] == alert["annotations"]
    assert n["externalURL"] == d.url("")
    a = n["alerts"][0]
    assert set(a) == {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}
    assert a["status"] == "firing" and a["labels"] == alert["labels"] and a["annotations"] == alert["annotations"]
    assert a["startsAt"].rstrip("Z").split(".")[0] + "Z" == began and a["endsAt"] == "0001-01-01T00:00:00Z"
    assert a["generatorURL"] == alert["generatorURL"]
    shown = d.ask("GET", query("/api/v2/alerts", filter='alertname="Hooked"'), token=d.admin).json()
    assert a["fingerprint"] == shown[0]["fingerprint"] and re.fullmatch("[0-9a-f]{16}", a["fingerprint"])


def test_what_grafana_asks(world):
    now, get = world.now, world.get
    info = get("/api/v1/status/buildinfo")
    assert int(info["version"].split(".")[0]) >= 2 and {"revision", "branch", "buildUser", "buildDate", "goVersion"} <= set(info)
    assert get("/api/v1/labels") == get("/api/v1/labels", form=[]) and {"__name__", "host", "job"} <= set(get("/api/v1/labels"))
    assert isinstance(get("/api/v1/metadata"), dict)
    assert get(query("/api/v1/query", query="1+1", time=str(now))) == {"resultType": "scalar", "result": [now, "2"]}
    one = get("/api/v1/query", form={"query": 'metric{host="a"}', "time": now})
    assert one == {"resultType": "vector", "result": [{"metric": {"__name__": "metric", "host": "a", "job": "j"}, "value": [now, "50"]}]}
    many = get("/api/v1/query_range", form={"query": 'metric{host="a"}', "start": now - 60, "end": now - 10, "step": "10"})
    assert many["resultType"] == "matrix"
    assert many["result"][0]["values"] == [[now - 60 + i, str(i)] for i in range(0, 60, 10)]
    series = get("/api/v1/series", form=[("match[]", 'metric{host="a"}'), ("match[]", 'metric{host="b"}'), ("start", now - 100), ("end", now)])
    assert [s["host"] for s in series] == ["a", "b"] and set(series[0]) == {"__name__", "host", "job"}
    assert get(query("/api/v1/label/host/values", ("match[]", 'metric{host!="a"}'))) == ["b"]
    assert "metric" in get("/api/v1/label/__name__/values")
    group = get("/api/v1/rules")["groups"][0]
    assert {"name", "file", "rules", "interval", "evaluationTime", "lastEvaluation"} <= set(group) and group["interval"] == 1
    record, alert = group["rules"]
    assert (record["type"], record["name"], record["query"]) == ("recording", "twice", "metric * 2")
    assert (alert["type"], alert["name"], alert["duration"]) == ("alerting", "High", 60)
    assert {"labels", "annotations", "alerts", "health", "state"} <= set(alert)
    assert get("/api/v1/alerts") == {"alerts": []}
    bad = world.daemon.ask("GET", query("/api/v1/query", query="sum("), headers=basic(world.daemon.admin or "x"))
    assert bad.status == 400 and bad.json()["errorType"] == "bad_data" and "error" in bad.json()
