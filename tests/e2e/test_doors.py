"""Samples that others push: InfluxDB's line protocol, what jobs push (real clients of both) and OpenTelemetry."""
import gzip
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
import urllib.request

import pytest

from daemon import TOCSIN, Daemon, field, query, snappy, varint, write_request
from peers import Program, free_port

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    daemon = Daemon(tmp_path_factory.mktemp("doors"), "server: {uncompressed_limit: 1MB}\nvoice: {listen: 127.0.0.1:0}\notlp: {start_timestamps: true}\n")
    yield daemon
    daemon.stop()


def ask(daemon, q, at=None):
    """{labels without the name, as a sorted tuple: value}"""
    said = daemon.ask("GET", query("/api/v1/query", query=q, **({"time": at} if at else {})))
    assert said.status == 200, said.body
    return {tuple(sorted(s["metric"].items())): float(s["value"][1]) for s in said.json()["data"]["result"]}


def labels(**named):
    return tuple(sorted(named.items()))


# ---- line protocol ----

def test_line_protocol(world):
    now = int(time.time())
    text = b'cpu,host=db1 user=1.5,count=3i,up=t,note="left out" %d\n' % (now * 10**9)
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl -d says it
    assert world.ask("POST", "/write?db=plant", text, headers=form).status == 204
    assert ask(world, '{__name__=~"cpu_.*"}') == {
        labels(__name__="cpu_user", host="db1", db="plant"): 1.5,
        labels(__name__="cpu_count", host="db1", db="plant"): 3,
        labels(__name__="cpu_up", host="db1", db="plant"): 1}
    for path, unit, scale in (("/api/v2/write", "s", 1), ("/influx/write", "ms", 10**3), ("/influx/api/v2/write", "us", 10**6)):
        line = b"unit_%s v=1 %d" % (unit.encode(), (now - 60) * scale)
        assert world.ask("POST", path + "?precision=" + unit, gzip.compress(line), headers={"Content-Encoding": "gzip"}).status == 204
        assert ask(world, "timestamp(unit_%s_v)" % unit) == {(): now - 60}


def test_a_bad_line_is_named_and_the_rest_is_stored(world):
    said = world.ask("POST", "/write", b"good_a v=1\nbad_b v=x\ngood_c v=3\n")
    assert said.status == 400
    assert said.json()["error"] == ('partial write: 1 of 3 lines were refused, the first because: '
                                    'line 2, column 9: "x" is no number, no boolean and no text in quotes')
    assert said.json()["code"] == "invalid" and said.headers["X-Influxdb-Error"]
    assert ask(world, "good_a_v + on() good_c_v") == {(): 4}
    assert world.ask("POST", "/write", b"m,__tenant_id__=a v=1").status == 400
    assert world.ask("POST", "/write?precision=weeks", b"m v=1").status == 400
    assert world.ask("POST", "/write?precision=h", b"m v=1 9000000000000000000").status == 400
    assert world.ask("POST", "/write", b"m v=1", headers={"Content-Encoding": "br"}).status == 400
    assert world.ask("POST", "/write", b"no gzip", headers={"Content-Encoding": "gzip"}).status == 400


def test_what_unpacks_to_too_much_is_refused(world):
    bomb = gzip.compress(b"\n" * (2 << 20))
    said = world.ask("POST", "/write", bomb, headers={"Content-Encoding": "gzip"})
    assert said.status == 400 and b"server.uncompressed_limit" in said.body
    world.wait(lambda: b'tocsin_budget_used{budget="bodies"} 0\n' in world.ask("GET", "/metrics").body)


def test_a_client_of_influxdb(world):
    influxdb = pytest.importorskip("influxdb")
    client = influxdb.InfluxDBClient("127.0.0.1", world.port, database="telemetry", gzip=True)
    assert client.ping() == "1.8.10"
    client.create_database("telemetry")
    points = [{"measurement": "room", "tags": {"name": "a b,c=d"}, "fields": {"celsius": 20.5 + i, "open": True}, "time": (int(time.time()) - 3 + i) * 10**9}
              for i in range(3)]
    assert client.write_points(points)
    assert ask(world, "count_over_time(room_celsius[1m])") == {labels(db="telemetry", name="a b,c=d"): 3}
    with pytest.raises(influxdb.exceptions.InfluxDBClientError, match="PromQL"):
        client.query("select * from room")
    client.close()


# ---- what jobs push ----

@pytest.fixture
def start(request):
    def make(path, config):
        daemon = Daemon(path, config + "voice: {listen: 127.0.0.1:0}\n")
        request.addfinalizer(daemon.stop)
        return daemon
    return make


def test_pushes_of_a_prometheus_client(world):
    client = pytest.importorskip("prometheus_client")
    gateway, registry = "127.0.0.1:%d" % world.port, client.CollectorRegistry()
    done = client.Gauge("backup_done", "when", ["disk"], registry=registry)
    size = client.Histogram("backup_size", "how much", registry=registry, buckets=[1, 10])
    done.labels("a").set(5)
    size.observe(3)
    client.push_to_gateway(gateway, job="backup", grouping_key={"path": "/srv/x y"}, registry=registry)  # as base64
    group = {"job": "backup", "path": "/srv/x y"}
    assert ask(world, "backup_done") == {labels(__name__="backup_done", disk="a", **group): 5}
    assert ask(world, 'backup_size_bucket{le="10.0"}') == {labels(__name__="backup_size_bucket", le="10.0", **group): 1}
    assert abs(ask(world, 'push_time_seconds{job="backup"}')[labels(__name__="push_time_seconds", **group)] - time.time()) < 10

    other = client.CollectorRegistry()  # POST: its metric joins, and takes away what had its name
    client.Gauge("backup_done", "when", ["disk"], registry=other).labels("b").set(6)
    client.pushadd_to_gateway(gateway, job="backup", grouping_key={"path": "/srv/x y"}, registry=other)
    assert ask(world, "backup_done") == {labels(__name__="backup_done", disk="b", **group): 6}
    assert len(ask(world, "backup_size_count")) == 1

    client.push_to_gateway(gateway, job="backup", grouping_key={"path": "/srv/x y"}, registry=other)  # PUT: only what it has
    assert ask(world, "backup_size_count") == {} and len(ask(world, "backup_done")) == 1
    client.delete_from_gateway(gateway, job="backup", grouping_key={"path": "/srv/x y"})
    assert ask(world, '{job="backup"}') == {}
    client.delete_from_gateway(gateway, job="backup", grouping_key={"path": "/srv/x y"})  # there is none: fine


def test_bad_pushes_change_nothing(world):
    assert world.ask("PUT", "/metrics/job/steady", b"a 1\n").status == 200
    said = world.ask("POST", "/metrics/job/steady", b"a 2\nb x\n")
    assert said.status == 400 and b"line 2, column 3" in said.body
    assert ask(world, 'a{job="steady"}') == {labels(__name__="a", job="steady"): 1}
    for path, why in (("job", b"no value"), ("job/", b"no value"), ("jobs/x", b"the path is"), ("job/x/__a/b", b"cannot be a label"),
                      ("job@base64/=", b"the job has a name"), ("job/x/y@base64/~", b"base64"), ("job/x/job/y", b"job")):
        said = world.ask("PUT", "/metrics/" + path, b"a 1\n")
        assert said.status in (400, 404) and (why in said.body or path == "job/"), (path, said.body)
    protobuf = {"Content-Type": "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"}
    assert world.ask("PUT", "/metrics/job/steady", b"\x05\x0a", headers=protobuf).status == 400


def test_a_push_in_protobuf(world):
    number = lambda n, v: varint(n << 3 | 1) + struct.pack("<d", v)
    pair = field(1, field(1, b"disk") + field(2, b'a"b'))
    gauge = field(1, b"pb_done") + b"\x18\x01" + field(4, pair + field(2, number(1, 5.5)))
    bucket = field(3, b"\x08\x02" + number(2, 0.5))
    histogram = field(4, field(7, b"\x08\x03" + number(2, 9) + bucket)) + field(1, b"pb_size") + b"\x18\x04"
    page = varint(len(gauge)) + gauge + varint(len(histogram)) + histogram
    protobuf = {"Content-Type": "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"}
    assert world.ask("PUT", "/metrics/job/go", page, headers=protobuf).status == 200
    assert ask(world, "pb_done") == {labels(__name__="pb_done", job="go", disk='a"b'): 5.5}
    assert ask(world, "pb_size_bucket") == {labels(__name__="pb_size_bucket", job="go", le=le): n for le, n in (("0.5", 2), ("+Inf", 3))}
    assert ask(world, "pb_size_sum + pb_size_count") == {labels(job="go"): 12}


def test_what_was_pushed_is_sampled_on_and_outlives_a_kill(tmp_path, start):
    config = "global: {scrape_interval: 1s}\nlimits: {pushed_groups: 2}\n"
    daemon = start(tmp_path, config)
    assert daemon.ask("PUT", "/metrics/job/one/instance/i", b"done 1\nloose 7\n").status == 200
    assert daemon.ask("PUT", "/metrics/job/two", b"done 2\n").status == 200
    assert daemon.ask("PUT", "/metrics/job/three", b"done 3\n").status == 429
    daemon.wait(lambda: min(ask(daemon, "count_over_time(done[1m])").values()) >= 3)
    for pid in [int(p) for p in daemon.children()] + [daemon.program.process.pid]:
        os.kill(pid, signal.SIGKILL)
    daemon.program.process.wait()
    again = start(tmp_path, config)
    killed = time.time()
    again.wait(lambda: len(ask(again, "timestamp(done) > %f" % (killed + 1))) == 2)
    assert ask(again, "sum(done)") == {(): 3}
    assert again.ask("PUT", "/metrics/job/one/instance/i", b"done 9\n").status == 200
    assert ask(again, 'done{job="one"}') == {labels(__name__="done", job="one", instance="i"): 9}
    assert ask(again, "loose") == {}
    assert again.ask("DELETE", "/metrics/job/two").status == 202
    assert again.ask("PUT", "/metrics/job/three", b"done 3\n").status == 200
    assert ask(again, "sum(done)") == {(): 12}


# ---- OpenTelemetry ----

def otlp(metrics, **attributes):
    resource = [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()]
    return {"resourceMetrics": [{"resource": {"attributes": resource}, "scopeMetrics": [{"scope": {"name": "s"}, "metrics": metrics}]}]}


def nanos(seconds=0):
    return str((int(time.time()) + seconds) * 10**9)


def test_otlp_in_json(world):
    at = nanos()
    point = {"timeUnixNano": at, "attributes": [{"key": "http.route", "value": {"stringValue": "/a"}}]}
    said = world.ask("POST", "/v1/metrics", otlp([
        {"name": "requests", "unit": "{request}", "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [dict(point, asInt="7")]}},
        {"name": "heap.used", "unit": "By", "gauge": {"dataPoints": [dict(point, asDouble=1.5)]}},
        {"name": "latency", "unit": "ms", "histogram": {"aggregationTemporality": "AGGREGATION_TEMPORALITY_CUMULATIVE", "dataPoints": [
            dict(point, count="6", sum=9.5, bucketCounts=["1", "2", "3"], explicitBounds=[0.5, 10])]}},
        {"name": "age", "unit": "s", "summary": {"dataPoints": [dict(point, count="2", sum=3, quantileValues=[{"quantile": 0.5, "value": 1}])]}},
    ], **{"service.name": "shop", "service.namespace": "eu", "service.instance.id": "i1", "host.name": "h1"}))
    assert said.status == 200 and said.json() == {}, said.body
    of = {"job": "eu/shop", "instance": "i1", "http_route": "/a"}
    assert ask(world, '{job="eu/shop", __name__!~"latency.*|age.*|target_info"}') == {
        labels(__name__="requests_total", **of): 7, labels(__name__="heap_used_bytes", **of): 1.5}
    assert ask(world, "latency_milliseconds_bucket") == {
        labels(__name__="latency_milliseconds_bucket", le=le, **of): n for le, n in (("0.5", 1), ("10", 3), ("+Inf", 6))}
    assert ask(world, "latency_milliseconds_sum + latency_milliseconds_count") == {labels(**of): 15.5}
    assert ask(world, 'age_seconds{quantile="0.5"} + on() age_seconds_sum') == {(): 4}
    assert ask(world, "target_info") == {labels(__name__="target_info", job="eu/shop", instance="i1", host_name="h1"): 1}


def test_otlp_says_since_when_it_counts(world):
    began = nanos(-100)
    requests = [{"startTimeUnixNano": began, "timeUnixNano": nanos(-20), "asInt": "40"},
                {"startTimeUnixNano": nanos(-10), "timeUnixNano": nanos(-5), "asInt": "50"}]  # it began anew, and counts more by now
    said = world.ask("POST", "/v1/metrics", otlp(
        [{"name": "orders", "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": requests}}], **{"service.name": "till"}))
    assert said.status == 200 and said.json() == {}, said.body
    assert ask(world, "start_timestamp(orders_total offset 15s)") == {labels(job="till"): int(began) // 10**9}
    assert ask(world, "resets(orders_total[5m])") == {labels(job="till"): 1}
    assert ask(world, "irate(orders_total[5m])") == {labels(job="till"): pytest.approx(50 / 15)}


def difference(value, seconds):
    text = lambda number, s: field(number, s.encode())
    attribute = field(1, text(1, "service.name") + field(2, text(1, "worker")))
    point = b"\x19" + struct.pack("<Q", int(nanos(seconds))) + b"\x31" + struct.pack("<q", value)
    metric = text(1, "jobs.done") + field(7, field(1, point) + b"\x10\x01\x18\x01")
    return field(1, field(1, attribute) + field(2, field(2, metric)))


def test_otlp_in_protobuf_with_differences(world):
    request = difference
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    for value, seconds in ((3, -10), (4, -5)):
        said = world.ask("POST", "/v1/metrics", gzip.compress(request(value, seconds)), headers=headers)
        assert said.status == 200 and said.body == b"" and said.headers["Content-Type"] == "application/x-protobuf"
    assert ask(world, "jobs_done_total") == {labels(__name__="jobs_done_total", job="worker"): 7}
    again = world.ask("POST", "/v1/metrics", gzip.compress(request(4, -60)), headers=headers)  # behind what is there
    assert again.status == 200 and again.body.startswith(b"\x0a") and b"\x08\x01" in again.body and b"delta" in again.body
    assert ask(world, "jobs_done_total") == {labels(__name__="jobs_done_total", job="worker"): 7}
    bad = world.ask("POST", "/v1/metrics", b"\xff\xff", headers={"Content-Type": "application/x-protobuf"})
    assert bad.status == 400 and bad.body.startswith(b"\x08\x03")


def test_otlp_exponential_histograms_become_native_ones(world):
    point = {"timeUnixNano": nanos(), "count": "6", "sum": 7.5, "scale": 9, "zeroCount": "1",
             "positive": {"offset": -2, "bucketCounts": ["1", "0", "3"]}, "negative": {"offset": 1024, "bucketCounts": [1]}}
    said = world.ask("POST", "/v1/metrics", otlp([
        {"name": "waits", "unit": "s", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [point]}}]))
    assert said.status == 200 and said.json() == {}
    found = world.ask("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": "waits_seconds"})).json()["data"]["result"]
    assert len(found) == 1 and (found[0]["histogram"][1]["count"], found[0]["histogram"][1]["sum"]) == ("6", "7.5")
    bounds = [(int(b[0]), round(float(b[1]), 6), round(float(b[2]), 6), b[3]) for b in found[0]["histogram"][1]["buckets"]]
    assert bounds == [(1, -4.010845, -4, "1"), (3, 0, 0, "1"), (0, 0.997296, 1, "1"), (0, 1, 1.002711, "3")]
    assert ask(world, "histogram_count(waits_seconds)") == {labels(): 6}


def test_differences_of_exponential_histograms_are_stored_with_their_starts(world):
    def point(frm, to, count):
        return {"startTimeUnixNano": nanos(frm), "timeUnixNano": nanos(to), "count": str(count), "sum": count / 2, "scale": 0,
                "positive": {"offset": 0, "bucketCounts": [str(count)]}}

    said = world.ask("POST", "/v1/metrics", otlp([{"name": "steps", "unit": "s", "exponentialHistogram": {
        "aggregationTemporality": 1, "dataPoints": [point(-40, -30, 3), point(-30, -20, 4), point(-20, -10, 2)]}}]))
    assert said.status == 200 and said.json() == {}, said.body
    assert ask(world, "resets(steps_seconds[1m])") == {labels(): 2}
    assert ask(world, "histogram_count(irate(steps_seconds[1m]))") == {labels(): pytest.approx(0.2)}
    assert ask(world, "histogram_sum(increase(steps_seconds[5m] offset 10s))") == {labels(): pytest.approx(4.5, rel=0.25)}
    bad = dict(point(-5, -4, 1), startTimeUnixNano="0")
    said = world.ask("POST", "/v1/metrics", otlp([{"name": "steps", "unit": "s", "exponentialHistogram": {
        "aggregationTemporality": 1, "dataPoints": [bad]}}]))
    assert said.json()["partialSuccess"]["rejectedDataPoints"] == "1" and "since when" in said.json()["partialSuccess"]["errorMessage"]


def test_otlp_scopes_and_bounds_where_they_are_wanted(tmp_path, start):
    d = start(tmp_path, "otlp: {promote_scope_metadata: true, convert_histograms_to_nhcb: true}\n")
    request = otlp([{"name": "lag", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
        {"timeUnixNano": nanos(), "count": "6", "sum": 9.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 10]}]}}])
    request["resourceMetrics"][0]["scopeMetrics"][0]["scope"] = {
        "name": "lib", "version": "2", "attributes": [{"key": "team.name", "value": {"stringValue": "core"}}]}
    said = d.ask("POST", "/v1/metrics", request)
    assert said.status == 200 and said.json() == {}, said.body
    of = {"otel_scope_name": "lib", "otel_scope_version": "2", "otel_scope_team_name": "core"}
    assert ask(d, "histogram_count(lag_seconds)") == {labels(**of): 6}
    assert ask(d, "histogram_fraction(-Inf, 10, lag_seconds)") == {labels(**of): 0.5}
    assert ask(d, "lag_seconds_bucket") == {}


def test_what_is_said_of_metrics_is_kept(world):
    about = lambda: world.ask("GET", "/api/v1/metadata").json()["data"]
    page = b"# HELP jobs_done_total what is done\n# TYPE jobs_done_total counter\n# HELP absent nothing of it\njobs_done_total 4\n"
    assert world.ask("PUT", "/metrics/job/described", page).status == 200
    metric = {"name": "queue.size", "description": "how long the queue is", "unit": "By", "gauge": {"dataPoints": [{"timeUnixNano": nanos(), "asDouble": 5}]}}
    said = world.ask("POST", "/v1/metrics", otlp([metric]), headers={"Content-Type": "application/json"})
    assert said.status == 200, said.body
    assert about()["jobs_done_total"] == [{"type": "counter", "help": "what is done", "unit": ""}]
    assert about()["queue_size_bytes"] == [{"type": "gauge", "help": "how long the queue is", "unit": "By"}]
    assert "absent" not in about()


def test_otlp_says_what_it_did_not_take(world):
    at = nanos()
    said = world.ask("POST", "/v1/metrics", otlp([
        {"name": "kept", "gauge": {"dataPoints": [{"timeUnixNano": at, "asDouble": 1}]}},
        {"name": "exp", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [{"timeUnixNano": at, "count": "2", "scale": 3}]}}]))
    assert said.status == 200 and said.json()["partialSuccess"]["rejectedDataPoints"] == "1"
    assert "since when" in said.json()["partialSuccess"]["errorMessage"]
    assert ask(world, "kept") == {labels(__name__="kept"): 1}
    gone = otlp([{"name": "kept", "gauge": {"dataPoints": [{"timeUnixNano": nanos(1), "flags": 1}]}}])
    assert world.ask("POST", "/api/v1/otlp/v1/metrics", gone).status == 200
    assert ask(world, "kept", time.time() + 2) == {}
    assert world.ask("POST", "/v1/metrics", b"{}", headers={"Content-Type": "text/plain"}).status == 415
    bad = world.ask("POST", "/v1/metrics", b'{"resourceMetrics": 1}', headers={"Content-Type": "application/json"})
    assert bad.status == 400 and bad.json()["code"] == 3


# ---- remote write ----

def write_2(daemon, *body, proto="io.prometheus.write.v2.Request"):
    headers = {"Content-Type": "application/x-protobuf;proto=" + proto, "Content-Encoding": "snappy",
               "X-Prometheus-Remote-Write-Version": "2.0.0"}
    return daemon.ask("POST", "/api/v1/write", snappy(b"".join(body)), headers=headers)


def test_remote_write_2(world):
    now = int(time.time() * 1000)
    symbols = b"".join(field(4, s) for s in (b"", b"__name__", b"v2_total", b"host", b"db1"))
    sample = lambda t, v: field(2, b"\x09" + struct.pack("<d", v) + b"\x10" + varint(t) + b"\x18" + varint(t - 60000))
    series = lambda refs, *rest: field(5, field(1, bytes(refs)) + b"".join(rest))
    said = write_2(world, symbols, series([1, 2, 3, 4], sample(now - 1000, 1), sample(now, 2), field(5, b"\x08\x01")))
    assert said.status == 204 and said.headers["X-Prometheus-Remote-Write-Samples-Written"] == "2"
    assert said.headers["X-Prometheus-Remote-Write-Histograms-Written"] == "0"
    assert ask(world, "v2_total") == {labels(__name__="v2_total", host="db1"): 2}
    assert ask(world, "start_timestamp(v2_total)") == {labels(host="db1"): now / 1000 - 60}
    assert ask(world, "resets(v2_total[1m])") == {labels(host="db1"): 0}
    assert write_2(world, symbols, series([1, 9], sample(now, 5))).status == 400
    assert write_2(world, proto="io.prometheus.write.v3.Request").status == 415
    assert write_2(world, write_request([({"__name__": "v1"}, [(now, 3)])]), proto="prometheus.WriteRequest").status == 204
    assert ask(world, "v1") == {labels(__name__="v1"): 3}


# ---- Graphite ----

def test_graphite(tmp_path, start):
    port = free_port(socket.SOCK_STREAM)
    daemon = start(tmp_path, 'graphite: {listen: "127.0.0.1:%d", templates: ["servers.* .host.measurement*", "app.*.* .service.measurement.unit"]}\n' % port)
    now = int(time.time())
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"servers.db1.load.1m 1.5 %d\nservers.db2.load.1m 2.5\nbad line here\n" % now)
        s.sendall(b"app.shop.latency.ms 7 -1\nplain.name;of=tag 9 ")
        s.sendall(b"%d\nx%s 1\nafter.long 3\nunfinished 1" % (now, b"y" * 100000))
    daemon.wait(lambda: ask(daemon, '{__name__="after.long"}'))
    assert ask(daemon, "load_1m") == {labels(__name__="load_1m", host="db1"): 1.5, labels(__name__="load_1m", host="db2"): 2.5}
    assert ask(daemon, "timestamp(load_1m{host=\"db1\"})") == {labels(host="db1"): now}
    assert ask(daemon, "latency") == {labels(__name__="latency", service="shop", unit="ms"): 7}
    assert ask(daemon, '{__name__="plain.name"}') == {labels(__name__="plain.name", of="tag"): 9}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.sendto(b"servers.db3.load.1m 4\nservers.db4.load.1m 5", ("127.0.0.1", port))
    daemon.wait(lambda: len(ask(daemon, "load_1m")) == 4)
    assert ask(daemon, '{__name__=~"unfinished|x.*"}') == {}
    assert "is no value" in daemon.log.read_text()


# ---- StatsD ----

def test_statsd(tmp_path, start):
    port = free_port()
    daemon = start(tmp_path, 'statsd: {listen: "127.0.0.1:%d", flush: 500ms, meters: 8}\n' % port)
    statsd = pytest.importorskip("statsd")
    client = statsd.StatsClient("127.0.0.1", port, prefix="app")
    client.incr("hits", 3)
    client.incr("hits", 4)
    client.gauge("queue", 10)
    client.gauge("queue", -4, delta=True)
    client.set("users", "ann")
    client.set("users", "bob")
    client.set("users", "ann")
    daemon.wait(lambda: ask(daemon, '{__name__="app.hits"}') == {labels(__name__="app.hits"): 7})
    assert ask(daemon, '{__name__="app.queue"}') == {labels(__name__="app.queue"): 6}
    assert max(ask(daemon, 'max_over_time({__name__="app.users"}[1m])').values()) == 2
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"".join(b"t:%d|ms|#route:/a\n" % n for n in range(1, 101)) + b"t:9|x\napp.hits:1|c|@0.1\n")
    daemon.wait(lambda: ask(daemon, "t_count") == {labels(__name__="t_count", route="/a"): 100})
    assert ask(daemon, "t_sum") == {labels(__name__="t_sum", route="/a"): 5050}
    assert ask(daemon, 'max_over_time(t{quantile="0.9"}[1m])') == {labels(quantile="0.9", route="/a"): 90}
    daemon.wait(lambda: ask(daemon, '{__name__="app.hits"}') == {labels(__name__="app.hits"): 17})
    assert "none of c, g, ms" in daemon.log.read_text()


def test_sums_go_on_after_a_restart(tmp_path, start):
    port = free_port()
    daemon = start(tmp_path, 'statsd: {listen: "127.0.0.1:%d", flush: 200ms}\n' % port)
    headers = {"Content-Type": "application/x-protobuf"}

    def send(lines):
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(lines)

    send(b"hits:5|c\nqueue:10|g\nqueue:-4|g\nt:8|ms\nlevel:3|g\n")
    first = difference(4, -8)
    assert daemon.ask("POST", "/v1/metrics", first, headers=headers).status == 200
    daemon.wait(lambda: ask(daemon, "hits") == {labels(__name__="hits"): 5})
    for pid in daemon.children():
        os.kill(int(pid), signal.SIGKILL)
    daemon.wait(lambda: daemon.ask("GET", "/-/ready").status == 200)
    daemon.wait(lambda: not send(b"hits:2|c\nqueue:+1|g\nt:2|ms\nlevel:1|g\n"))
    daemon.wait(lambda: ask(daemon, "hits") == {labels(__name__="hits"): 7})
    assert ask(daemon, "queue") == {labels(__name__="queue"): 7} and ask(daemon, "level") == {labels(__name__="level"): 1}
    assert ask(daemon, "t_sum + on() t_count") == {(): 12}
    again = daemon.ask("POST", "/v1/metrics", first, headers=headers)  # the sender does not know that it was taken
    assert again.status == 200 and b"delta" in again.body
    assert daemon.ask("POST", "/v1/metrics", difference(3, -2), headers=headers).body == b""
    assert ask(daemon, "jobs_done_total") == {labels(__name__="jobs_done_total", job="worker"): 7}


def test_meters_are_stored_when_the_daemon_stops(tmp_path, start):
    port = free_port()
    daemon = start(tmp_path, 'statsd: {listen: "127.0.0.1:%d", flush: 1h}\n' % port)
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"hits:5|c\nno line\n")
    daemon.wait(lambda: "StatsD's lines" in daemon.log.read_text())
    assert ask(daemon, "hits") == {}
    daemon.stop()
    daemon.program = Program(daemon.program.argv, daemon.log)
    daemon.wait(lambda: daemon.ask("GET", "/-/ready").status == 200)
    assert ask(daemon, "hits") == {labels(__name__="hits"): 5}


def test_ports_for_lines_are_tried(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        def check(text):
            (tmp_path / "c.yml").write_text("server: {listen: '127.0.0.1:0'}\n" + text)
            run = subprocess.run([TOCSIN, "check-config", tmp_path / "c.yml"], capture_output=True, text=True)
            return run.returncode, run.stderr

        status, said = check("graphite: {listen: '127.0.0.1:%d', templates: ['a.* .host.measurement*']}" % port)
        assert status == 0 and "graphite.listen (TCP)" in said and "in use" in said and "(UDP)" not in said
        status, said = check("graphite: {listen: '127.0.0.1:%d', templates: ['a.* .host', 'b.* measurement.bad-name']}" % port)
        assert status == 1 and "c.yml:2:" in said and "no measurement" in said and "bad-name" in said
        status, said = check("statsd: {listen: '127.0.0.1:seven', flush: 1ms, meters: 0}")
        assert status == 1 and "address:port" in said and "100ms" in said and "meters is at least 1" in said


# ---- a Prometheus beside us ----

@pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus here")
def test_a_prometheus_writes_here_reads_from_here_and_federates(tmp_path, start):
    daemon = start(tmp_path, "")
    now = int(time.time() * 1000)
    assert daemon.write([({"__name__": "ours", "i": str(i)}, [(now - 60000 + k * 1000, k) for k in range(50)]) for i in range(3)]).status == 204
    port = free_port(socket.SOCK_STREAM)
    (tmp_path / "prometheus.yml").write_text("""
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: self, static_configs: [{targets: ['127.0.0.1:%d']}]}
  - {job_name: federate, honor_labels: true, metrics_path: /federate, params: {'match[]': ['{__name__="fresh"}']}, static_configs: [{targets: ['127.0.0.1:%d']}]}
remote_write: [{url: 'http://127.0.0.1:%d/api/v1/write'}]
remote_read: [{url: 'http://127.0.0.1:%d/api/v1/read', read_recent: true}]
""" % (port, daemon.port, daemon.port, daemon.port))
    peer = Program(["prometheus", "--config.file", tmp_path / "prometheus.yml", "--storage.tsdb.path", tmp_path / "theirs",
                    "--web.listen-address", "127.0.0.1:%d" % port], tmp_path / "prometheus.log")
    try:
        daemon.wait(lambda: len(ask(daemon, 'count_over_time(up{job="self"}[1m]) > 2')) == 1, 30)
        def theirs(q):
            with urllib.request.urlopen("http://127.0.0.1:%d" % port + query("/api/v1/query", query=q), timeout=10) as r:
                return json.load(r)

        # what it has by /federate keeps its own labels; it comes back here by remote write, as its own samples do
        assert daemon.write([({"__name__": "fresh", "job": "ours", "instance": "i9"}, [(int(time.time() * 1000), 9)])]).status == 204
        daemon.wait(lambda: [s["metric"] for s in theirs('fresh == 9')["data"]["result"]] == [{"__name__": "fresh", "job": "ours", "instance": "i9"}], 30)
        said = theirs('sum_over_time(ours{i=~"[01]"}[2m])')
        assert sorted((s["metric"]["i"], s["value"][1]) for s in said["data"]["result"]) == [("0", "1225"), ("1", "1225")], said
    finally:
        peer.stop()
    assert daemon.ask("POST", "/api/v1/read", b"\xff").status == 400
    assert daemon.ask("POST", "/api/v1/read", snappy(b"\xff")).status == 400
