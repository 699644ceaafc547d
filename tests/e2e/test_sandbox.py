"""What each process holds, as the kernel tells it; and that the daemon works with no more."""
import os
import pathlib
import pwd
import socket
import subprocess

import pytest

from daemon import TOCSIN, Daemon
from peers import free_port

pytestmark = [pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built"),
              pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")]

BIT = {"KILL": 5, "SETGID": 6, "SETUID": 7, "NET_BIND_SERVICE": 10}
HELD = {"core": [], "engine": [], "runner": ["KILL", "SETGID", "SETUID"], "voice": ["NET_BIND_SERVICE"]}


def status(pid):
    lines = pathlib.Path("/proc/%s/status" % pid).read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def roles(daemon):
    return {s["Name"]: s for s in map(status, daemon.children())}


def mask(names):
    return sum(1 << BIT[n] for n in names)


def judge(found, uid):
    assert sorted(found) == sorted(HELD)
    for role, s in found.items():
        for field in ("CapEff", "CapPrm"):
            assert int(s[field], 16) == mask(HELD[role]), (role, field, s[field])
        assert s["NoNewPrivs"] == ("0" if role == "runner" else "1"), role
        assert int(s["CapBnd"], 16) == 0 or role == "runner", role
        assert s["Uid"].split() == [str(0 if role == "runner" else uid)] * 4, role
        if "Seccomp" in s and s["Seccomp"] != "0":
            assert s["Seccomp"] == "2", role


@pytest.fixture
def start(request):
    def make(*args, **named):
        daemon = Daemon(*args, **named)
        request.addfinalizer(daemon.stop)
        return daemon
    return make


def works(daemon):
    assert daemon.write([({"__name__": "up_here"}, [(1700000000000, 1.0)])]).status in (204, 400)  # 400: too old
    assert daemon.ask("POST", "/api/v2/alerts", [{"labels": {"alertname": "A"}}]).status == 200
    assert daemon.ask("POST", "/-/reload").status == 200
    assert daemon.ask("GET", "/-/ready").status == 200


def test_each_process_holds_what_its_row_says(tmp_path, start):
    daemon = start(tmp_path, "voice: {listen: 127.0.0.1:0}\n")
    judge(roles(daemon), 0)
    filtered = [s["Seccomp"] for s in roles(daemon).values()]
    said = daemon.log.read_text()
    assert said.count("held: uid 0") == 4
    assert filtered == ["2"] * 4 or "system calls cannot be filtered" in said
    works(daemon)


def test_root_is_given_away_where_a_user_is_named(tmp_path, start):
    nobody = pwd.getpwnam("nobody").pw_uid
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    daemon = start(tmp_path, "server: {user: nobody}\nvoice: {listen: 127.0.0.1:0}\n")
    judge(roles(daemon), nobody)
    assert all(p.stat().st_uid == nobody for p in (tmp_path / "data").rglob("*"))
    works(daemon)
    before = daemon.children()
    for pid in before:
        if status(pid)["Name"] == "engine":
            os.kill(int(pid), 9)
    daemon.wait(lambda: len(daemon.children()) == 4 and daemon.children() != before)
    daemon.wait(lambda: daemon.ask("POST", "/api/v2/alerts", [{"labels": {"alertname": "B"}}]).status == 200)
    judge(roles(daemon), nobody)
    last = daemon.children()
    os.kill(daemon.program.process.pid, 9)  # whom they became must not let them outlive the keeper
    daemon.wait(lambda: not any(pathlib.Path("/proc/%s/exe" % p).exists() for p in last))


def test_a_user_that_is_not_there_is_named(tmp_path):
    (tmp_path / "tocsin.yml").write_text("server: {user: nosuchperson}\n")
    done = subprocess.run([TOCSIN, "serve", "--config", tmp_path / "tocsin.yml", "--data", tmp_path / "data", "--listen",
                           "127.0.0.1:%d" % free_port(socket.SOCK_STREAM)], capture_output=True, text=True, timeout=10)
    assert done.returncode != 0 and "there is no user" in done.stderr and "nosuchperson" in done.stderr


def test_what_is_switched_off_is_said(tmp_path, start):
    daemon = start(tmp_path, "server: {sandbox: false}\nvoice: {listen: 127.0.0.1:0}\n")
    assert all(s["NoNewPrivs"] == "0" for s in roles(daemon).values())
    assert daemon.log.read_text().count("server.sandbox is off") == 4
