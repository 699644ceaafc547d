"""The store of samples by hand: deletion, clean-up, snapshots and merging through the admin API."""
import os
import pathlib
import signal
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
spec: {role: operator, customers: [acme]}
"""
CONFIG = """
storage:
  retention: 30d
  retentions:
    - {matchers: [job=debug], keep: 1d}
    - {customer: zenith, keep: 0s}
"""
ADMIN = "/api/v1/admin/tsdb/"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    d = Daemon(tmp_path_factory.mktemp("store"), CONFIG, auth=True, resources=RESOURCES)
    yield d
    d.stop()


def fill(d, tenant, now):
    points = [((now - 60 + i * 10) * 1000, i) for i in range(6)]
    for host in "ab":
        said = d.write([({"__name__": "m", "host": host}, points)], tenant, d.admin)
        assert said.status in (200, 204), said.body


def values(d, tenant, now, expression="m"):
    said = d.ask("GET", query("/api/v1/query", query=expression + "[5m]", time=now), None, d.admin, {"X-Scope-OrgID": tenant}).json()
    assert said["status"] == "success", said
    return {s["metric"]["host"]: [int(float(v)) for _, v in s["values"]] for s in said["data"]["result"]}


def admin(d, what, *pairs, tenant="acme", token=None, method="POST"):
    return d.ask(method, query(ADMIN + what, *pairs), b"", token or d.admin, {"X-Scope-OrgID": tenant})


def test_deletion_is_of_one_customer_and_survives(daemon):
    now = int(time.time())
    for tenant in ("acme", "zenith"):
        fill(daemon, tenant, now)
    assert values(daemon, "acme", now) == {"a": [0, 1, 2, 3, 4, 5], "b": [0, 1, 2, 3, 4, 5]}
    said = admin(daemon, "delete_series", ("match[]", 'm{host="a"}'), ("start", now - 45), ("end", now - 25), method="PUT")
    assert said.status == 204 and said.body == b"", said.body
    left = {"a": [0, 1, 4, 5], "b": [0, 1, 2, 3, 4, 5]}
    assert values(daemon, "acme", now) == left
    assert values(daemon, "zenith", now) == {"a": [0, 1, 2, 3, 4, 5], "b": [0, 1, 2, 3, 4, 5]}

    for pid in daemon.children():  # the core among them: what was deleted must not come back with its log
        os.kill(int(pid), signal.SIGKILL)
    daemon.wait(lambda: daemon.ask("GET", "/-/ready").status == 200)
    daemon.wait(lambda: values(daemon, "acme", now) == left)

    assert admin(daemon, "clean_tombstones").status == 204
    assert values(daemon, "acme", now) == left
    said = admin(daemon, "delete_series", ("match[]", 'm{host="b"}'), ("match[]", "nothing"))
    assert said.status == 204
    assert values(daemon, "acme", now) == {"a": [0, 1, 4, 5]}
    listed = daemon.ask("GET", query("/api/v1/series", ("match[]", "m")), None, daemon.admin, {"X-Scope-OrgID": "acme"}).json()
    assert [s["host"] for s in listed["data"]] == ["a"]
    assert admin(daemon, "compact").status == 204
    assert values(daemon, "acme", now) == {"a": [0, 1, 4, 5]}


def test_snapshot_is_a_store(daemon, tmp_path):
    now = int(time.time())
    fill(daemon, "zenith", now)
    whole = values(daemon, "zenith", now)
    said = admin(daemon, "snapshot", ("skip_head", "false"))
    assert said.status == 200, said.body
    name = said.json()["data"]["name"]
    assert admin(daemon, "delete_series", ("match[]", "m"), tenant="zenith").status == 204
    assert values(daemon, "zenith", now) == {}
    copy = pathlib.Path(daemon.path / "data" / "samples" / "snapshots" / name)
    assert any(f.name.startswith("block-") for f in copy.iterdir())
    (tmp_path / "data").mkdir()
    copy.rename(tmp_path / "data" / "samples")
    other = Daemon(tmp_path)
    try:
        assert values(other, "zenith", now) == whole
    finally:
        other.stop()


def test_samples_stay_as_long_as_an_entry_says(daemon):
    now = int(time.time()) * 1000
    for tenant, days, job, stored in (("acme", 20, "a", True), ("acme", 40, "b", False), ("acme", 20, "debug", False),
                                      ("zenith", 400, "c", True), ("zenith", 2, "debug", False)):
        said = daemon.write([({"__name__": "old", "job": job}, [(now - days * 86400000, 1)])], tenant, daemon.admin)
        assert (said.status in (200, 204)) == stored, (tenant, days, job, said.body)


def test_the_journal_tells_who(daemon):
    assert admin(daemon, "delete_series", ("match[]", 'm{host="nobody"}'), tenant="zenith").status == 204
    events = daemon.ask("GET", "/api/tocsin/v1/events?latest=50", None, daemon.admin).json()
    mine = [e for e in events if e["kind"] == "samples_changed"]
    assert any(e["chain"] == "zenith" and 'host="nobody"' in e["text"] and e["actor"] == "user/admin" for e in mine), mine


def test_who_may(daemon):
    worker = daemon.token("worker")
    m = ("match[]", "m")
    assert admin(daemon, "delete_series", m, token=worker).status == 403
    for what in ("snapshot", "clean_tombstones", "compact"):
        assert admin(daemon, what, token=worker).status == 403
    assert admin(daemon, "delete_series", m, tenant="nobody").status == 403
    assert admin(daemon, "delete_series", m, tenant="acme|zenith").status == 400


@pytest.mark.parametrize("pairs,why", [
    ([], "no match[] parameter provided"),
    ([("match[]", "m{")], 'invalid parameter "match[]"'),
    ([("match[]", "m"), ("start", "soon")], 'invalid parameter "start"'),
    ([("match[]", "m"), ("start", 20), ("end", 10)], "end is before start"),
])
def test_what_is_wrong_is_said(daemon, pairs, why):
    said = admin(daemon, "delete_series", *pairs)
    assert said.status == 400 and why in said.json()["error"], said.body
