"""Samples that others push: InfluxDB's line protocol and what jobs push, with real clients of both."""
import gzip
import os
import signal
import time

import pytest

from daemon import TOCSIN, Daemon, query

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    daemon = Daemon(tmp_path_factory.mktemp("doors"), "server: {uncompressed_limit: 1MB}\nvoice: {listen: 127.0.0.1:0}\n")
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
    assert b'tocsin_budget_used{budget="bodies"} 0\n' in world.ask("GET", "/metrics").body


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
    assert world.ask("PUT", "/metrics/job/steady", b"\0", headers=protobuf).status == 400


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
