"""The daemon about itself: Prometheus's status routes, warnings, and what a reload leaves for the next start."""
import time

import pytest

from daemon import TOCSIN, Daemon

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

CONFIG = """
server: {query_timeout: 1m}
global: {scrape_interval: 33s, external_labels: {site: north}}
storage: {retention: 3d}
scrape_configs:
  - {job_name: one, scrape_interval: 45s, basic_auth: {username: me, password: hush-hush}, static_configs: [{targets: ['127.0.0.1:1']}]}
remote_read: [{url: 'http://me:hush-hush@127.0.0.1:2/write'}]
voice: {listen: 127.0.0.1:0}
"""


@pytest.fixture
def start(request):
    def make(*args, **named):
        daemon = Daemon(*args, **named)
        request.addfinalizer(daemon.stop)
        return daemon
    return make


def data(daemon, what, token=None):
    answer = daemon.ask("GET", "/api/v1/status/" + what, token=token)
    assert answer.status == 200, answer.body
    assert answer.json()["status"] == "success"
    return answer.json()["data"]


def test_status_as_prometheus_has_it(tmp_path, start):
    daemon = start(tmp_path, CONFIG)
    yaml = data(daemon, "config")["yaml"]
    for words in ("scrape_interval: 33s", "scrape_interval: 45s", "site: north", "retention: 3d", "username: me"):
        assert words in yaml, (words, yaml)
    assert "hush-hush" not in yaml and "<secret>" in yaml
    flags = data(daemon, "flags")
    assert flags["config.file"] == str(tmp_path / "tocsin.yml") and flags["query.timeout"] == "1m"
    assert flags["storage.tsdb.retention.time"] == "3d" and all(isinstance(v, str) for v in flags.values())
    info = data(daemon, "runtimeinfo")
    assert set(info) >= {"startTime", "CWD", "hostname", "serverTime", "reloadConfigSuccess", "lastConfigTime", "corruptionCount",
                         "goroutineCount", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "storageRetention"}
    assert info["reloadConfigSuccess"] is True and info["storageRetention"] == "3d"
    assert set(data(daemon, "buildinfo")) == {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}
    assert data(daemon, "walreplay") == {"min": 0, "max": 0, "current": 0}


def test_statistics_of_series(tmp_path, start):
    daemon = start(tmp_path)
    now = int(time.time() * 1000)
    series = [({"__name__": "requests", "code": str(code), "job": "web"}, [(now, 1.0)]) for code in range(20)]
    assert daemon.write(series + [({"__name__": "up_here", "job": "web"}, [(now, 1.0)])]).status == 204
    assert daemon.write([({"__name__": "foreign"}, [(now, 1.0)])], tenant="other").status == 204
    tsdb = data(daemon, "tsdb")
    assert tsdb["headStats"]["numSeries"] == 21 and tsdb["headStats"]["maxTime"] == now
    assert tsdb["headStats"]["numLabelPairs"] == 2 + 20 + 1
    assert tsdb["seriesCountByMetricName"] == [{"name": "requests", "value": 20}, {"name": "up_here", "value": 1}]
    assert tsdb["labelValueCountByLabelName"][0] == {"name": "code", "value": 20}
    assert tsdb["seriesCountByLabelValuePair"][0] == {"name": "job=web", "value": 21}
    assert {"name": "job", "value": 3} in tsdb["memoryInBytesByLabelName"]
    assert len(data(daemon, "tsdb?limit=3")["seriesCountByLabelValuePair"]) == 3
    assert daemon.ask("GET", "/api/v1/status/tsdb?limit=0").status == 400


def test_warnings_and_what_waits_for_the_next_start(tmp_path, start):
    daemon = start(tmp_path, CONFIG)
    said = daemon.ask("GET", "/api/tocsin/v1/status").json()
    assert any("remote_read" in w["text"] and "tocsin.yml:" in w["at"] for w in said["warnings"]), said
    assert said["at_next_start"] == [] and said["last_reload_refused"] is False
    page = daemon.ask("GET", "/text/status").body.decode()
    assert "remote_read" in page
    daemon.config.write_text(CONFIG.replace("3d", "4d").replace("query_timeout: 1m", "query_timeout: 2m, external_url: 'http://desk.example/'")
                             .replace("45s", "46s"))
    answer = daemon.ask("POST", "/-/reload")
    assert (answer.status, answer.body) == (200, b"Taken at the next start: server.query_timeout, storage.retention\n")
    assert "taken at the next start: server.query_timeout, storage.retention" in daemon.log.read_text()
    assert daemon.ask("GET", "/api/tocsin/v1/status").json()["at_next_start"] == ["server.query_timeout", "storage.retention"]
    assert "storage.retention" in daemon.ask("GET", "/text/status").body.decode()
    assert "scrape_interval: 46s" in data(daemon, "config")["yaml"]  # what is in force at once
    assert data(daemon, "flags")["storage.tsdb.retention.time"] == "3d"  # what it was started with
    daemon.config.write_text("scrape_configs: [{}]\n")
    assert daemon.ask("POST", "/-/reload").status == 400
    assert data(daemon, "runtimeinfo")["reloadConfigSuccess"] is False
    assert daemon.ask("GET", "/api/tocsin/v1/status").json()["last_reload_refused"] is True
    daemon.config.write_text(CONFIG)
    answer = daemon.ask("POST", "/-/reload")
    assert (answer.status, answer.body) == (200, b"")
    assert daemon.ask("GET", "/api/tocsin/v1/status").json()["at_next_start"] == []


PEOPLE = """
kind: customer
name: acme
spec: {title: Acme}
---
kind: user
name: some
spec: {title: Some, role: viewer, customers: [acme]}
---
kind: user
name: every
spec: {title: Every, role: viewer}
"""


def test_who_sees_some_customers_does_not_see_everybodys_configuration(tmp_path, start):
    daemon = start(tmp_path, CONFIG, auth=True, resources=PEOPLE)
    some, every = daemon.token("some"), daemon.token("every")
    for what in ("config", "flags"):
        assert daemon.ask("GET", "/api/v1/status/" + what, token=some).status == 403
        data(daemon, what, every)
    data(daemon, "buildinfo", some)
    for token in (some, every):
        assert daemon.ask("GET", "/api/tocsin/v1/status", token=token).status == 403
        assert daemon.ask("GET", "/text/status", token=token).status == 403
        assert daemon.ask("DELETE", "/api/tocsin/v1/quarantine/1", token=token).status == 403
    assert daemon.ask("DELETE", "/api/tocsin/v1/quarantine/1", token=daemon.admin).status == 404
