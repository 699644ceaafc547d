"""Jobs report over HTTP: what was acknowledged is there after a kill; guessing, flooding and shouting gain nothing."""
import os
import signal
import time

import pytest

from daemon import TOCSIN, Daemon

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

JOBS = """
kind: customer
name: acme
spec: {title: Acme}
---
kind: heartbeat
name: backup
customer: acme
spec: {period: 1d}
---
kind: user
name: op
spec: {role: operator, customers: [acme]}
---
kind: user
name: other
spec: {role: operator, customers: [none-such]}
"""


@pytest.fixture
def daemon(tmp_path):
    d = Daemon(tmp_path, auth=True, resources=JOBS)
    yield d
    d.stop()


def uuid_of(daemon):
    return daemon.ask("GET", "/api/tocsin/v1/resources?kind=heartbeat", token=daemon.admin).json()[0]["spec"]["uuid"]


def beat(daemon, token=None):
    return daemon.ask("GET", "/api/tocsin/v1/heartbeats", token=token or daemon.admin).json()[0]


def test_a_report_that_was_acknowledged_survives_a_kill(daemon):
    uuid = uuid_of(daemon)
    assert len(uuid) == 36
    assert daemon.ask("HEAD", "/ping/" + uuid).status == 200
    answer = daemon.ask("POST", "/ping/" + uuid + "/7", b"\xff" * 20000)
    assert (answer.status, answer.body) == (200, b"OK") and "text/plain" in answer.headers["Content-Type"]
    engine = [p for p in daemon.children() if open("/proc/%s/comm" % p).read().strip() == "engine"][0]
    os.kill(int(engine), signal.SIGKILL)
    daemon.wait(lambda: engine not in daemon.children() and daemon.ask("GET", "/ping/" + uuid + "/start").status == 200)
    seen = beat(daemon, daemon.token("op"))
    assert seen["state"] == "failed" and seen["status"] == 7 and seen["started"] and seen["body"] == ""
    daemon.apply(daemon.path / "resources.yml")  # applied again: the uuid that was made stays
    assert uuid_of(daemon) == uuid
    assert daemon.ask("GET", "/api/tocsin/v1/heartbeats", token=daemon.token("other")).json() == []


def test_what_a_job_prints_is_cut(daemon):
    uuid = uuid_of(daemon)
    assert daemon.ask("POST", "/ping/" + uuid, b"100%" + b"x" * 20000, headers={"Content-Type": "application/x-www-form-urlencoded"}).status == 200
    assert beat(daemon)["body"] == "100%" + "x" * (10 * 1024 - 4)
    assert daemon.ask("POST", "/ping/" + uuid, b"y" * 500000).status == 200
    assert beat(daemon)["body"] == "y" * (10 * 1024)


def test_guessing_and_flooding_gain_nothing(daemon):
    uuid = uuid_of(daemon)
    for wrong in (uuid[:-1] + ("0" if uuid[-1] != "0" else "1"), "x", uuid.upper() + "x", uuid + "/-1", uuid + "/start/more"):
        assert daemon.ask("GET", "/ping/" + wrong).status in (400, 404), wrong
    answers = [daemon.ask("GET", "/ping/" + uuid).status for _ in range(70)]
    assert answers[:60] == [200] * 60 and answers[-1] == 429
    time.sleep(0.1)
    assert beat(daemon)["state"] == "up"
