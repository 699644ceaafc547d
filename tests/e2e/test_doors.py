"""Samples that others push: InfluxDB's line protocol, with a real client of it."""
import gzip
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
