#!/usr/bin/python3
"""Records what Debian's Prometheus and Alertmanager answer to the calls that Grafana makes when it starts, and what Alertmanager
posts to a webhook: tests/golden/grafana/*.json and tests/golden/webhook.json.  Run by hand, when the peers or the list change.

A file holds the request and the answer.  In a request, $NOW is the moment of asking in seconds and $BEGIN a minute before."""
import json
import pathlib
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from daemon import snappy, write_request  # noqa: E402
from golden import ALERT, RULES, ROUTES, ask, series  # noqa: E402
from peers import Program, free_port  # noqa: E402
from test_amtool import Hook  # noqa: E402

PROMETHEUS = [
    ("buildinfo", "GET", "/api/v1/status/buildinfo", None),
    ("health", "POST", "/api/v1/query", {"query": "1+1", "time": "$NOW"}),
    ("instant", "POST", "/api/v1/query", {"query": "metric", "time": "$NOW"}),
    ("range", "POST", "/api/v1/query_range", {"query": "metric", "start": "$BEGIN", "end": "$NOW", "step": "10"}),
    ("labels", "POST", "/api/v1/labels", {"start": "$BEGIN", "end": "$NOW"}),
    ("labels_get", "GET", "/api/v1/labels?start=$BEGIN&end=$NOW", None),
    ("label_values", "GET", "/api/v1/label/host/values?start=$BEGIN&end=$NOW&match[]=metric", None),
    ("metric_names", "GET", "/api/v1/label/__name__/values?start=$BEGIN&end=$NOW", None),
    ("series", "POST", "/api/v1/series", {"match[]": "metric", "start": "$BEGIN", "end": "$NOW"}),
    ("series_get", "GET", "/api/v1/series?match[]=metric&start=$BEGIN&end=$NOW", None),
    ("metadata", "GET", "/api/v1/metadata?limit=5000", None),
    ("exemplars", "POST", "/api/v1/query_exemplars", {"query": "metric", "start": "$BEGIN", "end": "$NOW"}),
    ("rules", "GET", "/api/v1/rules", None),
    ("alerts", "GET", "/api/v1/alerts", None),
    ("bad_query", "POST", "/api/v1/query", {"query": "sum(", "time": "$NOW"}),
]
ALERTMANAGER = [
    ("am_status", "GET", "/api/v2/status", None),
    ("am_receivers", "GET", "/api/v2/receivers", None),
    ("am_alerts", "GET", "/api/v2/alerts", None),
    ("am_groups", "GET", "/api/v2/alerts/groups", None),
    ("am_silences", "GET", "/api/v2/silences", None),
]


def url_of(port):
    return lambda path: "http://127.0.0.1:%d%s" % (port, path)


def record(url, calls):
    for name, method, path, form in calls:
        request = {"method": method, "path": path, "form": form}
        status, answer = ask(url, request)
        text = json.dumps({"request": request, "status": status, "answer": answer}, indent=1, sort_keys=True)
        (HERE / "grafana" / (name + ".json")).write_text(text + "\n")


def until(true):
    for _ in range(200):
        try:
            if true():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("a peer is not ready")


def prometheus(folder):
    port = free_port(socket.SOCK_STREAM)
    (folder / "rules.yml").write_text(RULES)
    (folder / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    program = Program(["prometheus", "--config.file", folder / "prometheus.yml", "--storage.tsdb.path", folder / "prom",
                       "--web.enable-remote-write-receiver", "--web.listen-address", "127.0.0.1:%d" % port], folder / "prom.log")
    url = url_of(port)
    until(lambda: ask(url, {"method": "GET", "path": "/api/v1/status/buildinfo"})[0] == 200)
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    ask(url, {"method": "POST", "path": "/api/v1/write"}, snappy(write_request(series())), headers)
    time.sleep(2.5)  # the rules have run
    record(url, PROMETHEUS)
    program.stop()


def alertmanager(folder):
    hook, port = Hook(), free_port(socket.SOCK_STREAM)
    (folder / "am.yml").write_text(ROUTES.replace("HOOK", str(hook.port)))
    program = Program(["prometheus-alertmanager", "--config.file", folder / "am.yml", "--storage.path", folder / "am",
                       "--cluster.listen-address=", "--web.listen-address", "127.0.0.1:%d" % port], folder / "am.log")
    url = url_of(port)
    until(lambda: ask(url, {"method": "GET", "path": "/api/v2/status"})[0] == 200)
    headers = {"Content-Type": "application/json"}
    ask(url, {"method": "POST", "path": "/api/v2/alerts"}, json.dumps([ALERT]).encode(), headers)
    told = hook.wait("/urgent", "Hooked", "firing")
    told["externalURL"] = "http://alerts.example.org"  # not this machine's name
    (HERE / "webhook.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    record(url, ALERTMANAGER)
    program.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        prometheus(pathlib.Path(name))
        alertmanager(pathlib.Path(name))
