"""What a customer may bring: samples per second at every door, limits of one customer's own, and who is near to them."""
import http.server
import json
import socket
import struct
import threading
import time

import pytest

from daemon import TOCSIN, Daemon, query
from peers import free_port

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

LIMITS = "limits: {samples_per_second: %d, samples_burst: %d, series_labels: 20, customers: [{customer: acme, samples_per_second: 100000, series_labels: 30}]}\n"


def samples(name, n):
    now = int(time.time() * 1000)
    return [({"__name__": name, "i": str(i)}, [(now, i)]) for i in range(n)]


def limits_of(d, customer="default"):
    return next(u for u in d.ask("GET", "/api/tocsin/v1/limits").json() if u["customer"] == customer)


def count(d, expression):
    result = d.ask("GET", query("/api/v1/query", query="count(%s)" % expression)).json()["data"]["result"]
    return int(result[0]["value"][1]) if result else 0


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"".join(b"page_metric{i=\"%d\"} 1\n" % i for i in range(200))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def spend(d):
    """Brings the bucket down to nothing, and into debt."""
    assert d.write(samples("spent", 300)).status in (204, 429)


def test_every_door_counts(tmp_path, start):
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    graphite, statsd = free_port(), free_port()
    config = LIMITS % (10, 100) + """
graphite: {listen: '127.0.0.1:%d'}
statsd: {listen: '127.0.0.1:%d', flush: 200ms}
scrape_configs: [{job_name: big, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['127.0.0.1:%d']}]}]
""" % (graphite, statsd, page.server_port)
    d = start(lambda: Daemon(tmp_path, "graphite: {listen: '127.0.0.1:%d'}\nstatsd: {listen: '127.0.0.1:%d', flush: 200ms}\n" % (graphite, statsd)))
    assert d.write(samples("free", 500)).status == 204
    d.config.write_text(config)
    assert d.ask("POST", "/-/reload").status == 200
    spend(d)
    said = d.write(samples("m", 50))
    assert said.status == 429 and 1 <= int(said.headers["Retry-After"]) <= 60
    error = said.json()["error"]
    assert '"default"' in error and "limits.samples_per_second" in error and "10 a second, 100 at once" in error and "these 50" in error
    assert count(d, "m") == 0
    assert d.write(samples("m", 50), tenant="acme").status == 204  # another customer, with limits of its own
    said = d.ask("POST", "/write", b"".join(b"influx,i=%d v=1\n" % i for i in range(50)))
    assert said.status == 429 and "Retry-After" in said.headers and "samples_per_second" in said.json()["error"]
    points = [{"asDouble": 1, "timeUnixNano": str(time.time_ns()), "attributes": [{"key": "i", "value": {"stringValue": str(i)}}]} for i in range(50)]
    said = d.ask("POST", "/v1/metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "otlp", "gauge": {"dataPoints": points}}]}]}]})
    assert said.status == 429 and "Retry-After" in said.headers
    said = d.ask("POST", "/metrics/job/batch", b"".join(b"pushed{i=\"%d\"} 1\n" % i for i in range(50)))
    assert said.status == 429 and "samples_per_second" in said.json()["error"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        before = limits_of(d)["samples_per_second"]["refused"]
        s.sendto(b"".join(b"graphite.m;i=%d 1\n" % i for i in range(50)), ("127.0.0.1", graphite))
        s.sendto(b"".join(b"statsd_m%d:1|c\n" % i for i in range(50)), ("127.0.0.1", statsd))
        d.wait(lambda: limits_of(d)["samples_per_second"]["refused"] >= before + 100, 5)
    d.wait(lambda: "samples_per_second" in json.dumps(d.ask("GET", "/api/v1/targets").json()["data"]["activeTargets"]), 5)
    target = d.ask("GET", "/api/v1/targets").json()["data"]["activeTargets"][0]
    assert target["health"] == "down" and "limits.samples_per_second" in target["lastError"]
    assert count(d, '{__name__=~"influx.*|otlp|pushed|graphite.*|statsd.*|page_metric"}') == 0
    use = limits_of(d)
    assert use["samples_per_second"]["limit"] == 10 and use["samples_per_second"]["burst"] == 100 and not use["own"]
    assert use["series"]["used"] >= 500 and limits_of(d, "acme")["own"]
    metrics = d.ask("GET", "/metrics").body.decode()
    assert 'tocsin_limit_refusals_total{limit="samples_per_second"}' in metrics
    assert 'tocsin_customer_limit_refusals_total{customer="default",limit="samples_per_second"}' in metrics
    # without the limit all goes on, at once
    d.config.write_text(config.replace("samples_per_second: 10,", "samples_per_second: 0,"))
    assert d.ask("POST", "/-/reload").status == 200
    assert d.write(samples("m", 50)).status == 204
    d.wait(lambda: count(d, "page_metric") == 200, 5)
    page.shutdown()
    page.server_close()


def test_a_series_with_too_many_labels_takes_no_other_with_it(tmp_path, start):
    d = start(lambda: Daemon(tmp_path, LIMITS % (0, 0)))
    now = int(time.time() * 1000)

    def wide(n):
        return [({"__name__": "good"}, [(now, 1)]), (dict({"__name__": "wide"}, **{"l%03d" % i: "v" for i in range(n)}), [(now, 1)])]

    said = d.write(wide(25))
    assert said.status == 400 and "1 of 2 series were refused (wide)" in said.json()["error"] and "limits.series_labels is 20" in said.json()["error"]
    assert count(d, "good") == 1 and count(d, "wide") == 0
    assert d.write(wide(25), tenant="acme").status == 204
    said = d.write(wide(200), tenant="acme")
    assert said.status == 400 and "series_labels of acme in limits.customers is 30" in said.json()["error"]
    assert limits_of(d, "acme")["series_labels"]["refused"] >= 1
