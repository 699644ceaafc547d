"""The last hour, day, week, month and year of each series: the route, its limits, and the verb."""
import os
import subprocess
import time

import pytest

from daemon import TOCSIN, Daemon, query

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

RESOURCES = """
kind: customer
name: acme
spec: {title: Acme}
---
kind: customer
name: zenith
spec: {title: Zenith}
---
kind: user
name: worker
spec: {role: viewer, customers: [acme]}
"""
ROUTE = "/api/tocsin/v1/summary"
STEP = 300


@pytest.fixture(scope="module")
def now():
    return int(time.time())


@pytest.fixture(scope="module")
def daemon(tmp_path_factory, now):
    d = Daemon(tmp_path_factory.mktemp("summary"), "storage: {retention: 90d, retention_1h: 10y, retention_5m: 1y}\n", auth=True, resources=RESOURCES)
    times = range(now - 4 * 86400, now + 1, STEP)
    for first in range(0, len(times), 200):
        some = list(enumerate(times))[first:first + 200]
        said = d.write([({"__name__": "load", "host": "a"}, [(t * 1000, i % 50) for i, t in some]),
                        ({"__name__": "work_total", "host": "a"}, [(t * 1000, i * 3) for i, t in some])], "acme", d.admin)
        assert said.status in (200, 204), said.body
    yield d
    d.stop()


def ask(d, *pairs, token=None, tenant="acme"):
    return d.ask("GET", query(ROUTE, *pairs), None, token or d.admin, {"X-Scope-OrgID": tenant})


def expected(now, start, end, value):
    times = range(now - 4 * 86400, now + 1, STEP)
    return [value(i) for i, t in enumerate(times) if start < t <= end]


def test_summary_says_what_samples_say(daemon, now):
    for merged in (False, True):
        if merged:
            assert daemon.ask("POST", "/api/v1/admin/tsdb/compact", b"", daemon.admin).status == 204
        said = ask(daemon, ("match[]", '{host="a"}'), ("time", now)).json()
        assert [s["name"] for s in said["spans"]] == ["hour", "day", "week", "month", "year"]
        assert said["windows_only"] is False
        load, work = said["series"]
        assert load["metric"] == {"__name__": "load", "host": "a"} and not load["counter"] and work["counter"]
        full = now // 3600 * 3600
        for name, start, before in (("hour", now - 3600, now - 7200), ("day", full - 86400, full - 2 * 86400)):
            for key, since, until in (("now", start, now), ("before", before, start)):
                want = expected(now, since, until, lambda i: i % 50)
                got = load[name][key]
                assert got["samples"] == len(want) and got["min"] == min(want) and got["max"] == max(want) and got["last"] == want[-1]
                assert abs(got["avg"] - sum(want) / len(want)) < 1e-9
                assert work[name][key]["increase"] == 3 * (len(want) - 1)
        assert load["year"]["before"] is None and load["month"]["now"]["samples"] == 4 * 288 + 1

    windows = daemon.ask("GET", query("/api/v1/query_range", query="max_over_time(load[1h])", start=full - 2 * 86400, end=full - 86400, step=3600, stats="all"),
                         None, daemon.admin, {"X-Scope-OrgID": "acme"}).json()
    assert windows["data"]["stats"]["windows"]["1h"] >= 24
    samples = daemon.ask("GET", query("/api/v1/query_range", query="max_over_time(load[1h])", start=full - 2 * 86400, end=full - 86400, step=3600, windows=0),
                         None, daemon.admin, {"X-Scope-OrgID": "acme"}).json()
    assert samples["data"]["result"] == windows["data"]["result"]


def test_summary_is_of_those_who_may_see_it(daemon, now):
    worker = daemon.token("worker")
    assert len(ask(daemon, ("match[]", "load"), token=worker).json()["series"]) == 1
    assert ask(daemon, ("match[]", "load"), token=worker, tenant="zenith").status == 403
    assert ask(daemon, ("match[]", "load"), tenant="zenith").json()["series"] == []
    assert daemon.ask("GET", query(ROUTE, ("match[]", "load"))).status == 401


def test_summary_says_what_it_takes(daemon):
    for pairs, sentence in (((), "match[]= is missing"), ((("match[]", "rate(load[5m])"),), "expected a vector selector"),
                            ((("match[]", "load"), ("spans", "day,fortnight")), 'fortnight'), ((("match[]", "load"), ("limit", 0)), "limit= is from 1 to"),
                            ((("match[]", "load"), ("time", "noon")), "valid timestamp")):
        said = ask(daemon, *pairs)
        assert said.status == 400 and sentence in said.body.decode(), said.body
    said = ask(daemon, ("match[]", '{host="a"}'), ("limit", 1))
    assert said.status == 422 and "more than 1 series" in said.body.decode()
    check = daemon.ask("GET", query("/api/tocsin/v1/promql/check", query="load"), None, daemon.admin).json()
    assert check == {"type": "vector", "selector": True}


def test_summary_from_the_command_line(daemon, now):
    env = dict(os.environ, TOCSIN_URL=daemon.url(""), TOCSIN_TOKEN=daemon.admin, NO_COLOR="1")
    done = subprocess.run([TOCSIN, "query", "summary", '{host="a"}', "--spans", "day,month", "--customer", "acme", "--time", str(now)],
                          capture_output=True, text=True, timeout=30, env=env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["average", "change", "least", "greatest", "change", "last", "increase"]
    assert lines[1] == 'load{host="a"}' and lines[2].split()[0] == "day" and lines[3].split()[0] == "month" and lines[4] == 'work_total{host="a"}'
    assert lines[2].split()[3:5] == ["0", "49"] and "%" in lines[2]


def test_windows_are_in_snapshots_and_restored(daemon, tmp_path):
    made = daemon.ask("POST", "/api/v1/admin/tsdb/snapshot", b"", daemon.admin).json()["data"]["name"]
    samples = daemon.path / "data" / "samples"
    tiers = sorted(f.name for f in samples.glob("tier-*"))
    assert len(tiers) == 2
    (tmp_path / "data").mkdir()
    done = subprocess.run([TOCSIN, "tsdb", "restore", "--data", tmp_path / "data", "--from", samples / "snapshots" / made], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert sorted(f.name for f in (tmp_path / "data" / "samples").glob("tier-*")) == tiers
    done = subprocess.run([TOCSIN, "tsdb", "verify", "--data", tmp_path / "data"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout.count(" tier ") == 2, done.stdout + done.stderr
