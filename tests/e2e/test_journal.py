"""The journal proves itself: signed heads kept outside, a redaction that is one, and a tail that was cut; and a copy
that is put back."""
import sqlite3
import subprocess

import pytest

from daemon import TOCSIN, Daemon

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

RESOURCES = """
kind: customer
name: acme
spec: {title: Acme}
"""


def tocsin(*args):
    done = subprocess.run([str(TOCSIN), *map(str, args)], capture_output=True, text=True, timeout=20)
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.fixture
def daemon(tmp_path):
    d = Daemon(tmp_path, "ledger: {head_export: '%s/heads'}\n" % tmp_path, auth=True, resources=RESOURCES)
    yield d
    d.stop()


def open_tickets(daemon, n):
    for i in range(n):
        made = daemon.ask("POST", "/api/tocsin/v1/tickets", {"customer": "acme", "title": "ticket %d" % i}, daemon.admin)
        assert made.status == 200, made.body


def test_heads_redaction_and_a_cut_tail(daemon, tmp_path):
    open_tickets(daemon, 3)
    assert list(tmp_path.glob("heads.20*")), "the first day's heads were not exported"
    data = tmp_path / "data"
    status, said = tocsin("verify", "--data", data, "--sign", tmp_path / "now.heads")
    assert status == 0 and "intact" in said

    body = {"chain": "acme", "n": 2, "why": "a person asked for it"}
    assert daemon.ask("POST", "/api/tocsin/v1/events/redact", body).status == 401
    assert daemon.ask("POST", "/api/tocsin/v1/events/redact", body, daemon.admin).status == 200
    assert daemon.ask("POST", "/api/tocsin/v1/events/redact", dict(body, n=999), daemon.admin).status == 404
    events = daemon.ask("GET", "/api/tocsin/v1/events?limit=1000", None, daemon.admin).json()
    assert [e["text"] for e in events if e["chain"] == "acme" and e["n"] == 2] == ["(redacted)"]
    open_tickets(daemon, 1)
    daemon.stop()

    status, said = tocsin("verify", "--data", data, "--heads", tmp_path / "now.heads")
    assert status == 0 and "1 redacted" in said and "as the signed heads say" in said
    with sqlite3.connect(data / "ledger.db") as db:
        last = db.execute("SELECT MAX(n) FROM event WHERE chain = 'acme'").fetchone()[0]
        db.execute("DELETE FROM event WHERE chain = 'acme' AND n >= 2")
        db.execute("UPDATE chain SET n = 1 WHERE name = 'acme'")
    assert last > 3
    status, said = tocsin("verify", "--data", data)
    assert status == 0, "a chain alone cannot know that its tail is gone"
    status, said = tocsin("verify", "--data", data, "--heads", tmp_path / "now.heads")
    assert status == 1 and "its tail was cut" in said


def test_a_copy_is_put_back(daemon, tmp_path):
    open_tickets(daemon, 2)
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    assert tocsin("backup", "--data", data, "--to", copy)[0] == 0
    open_tickets(daemon, 1)
    status, said = tocsin("restore", "--data", data, "--from", copy)
    assert status == 1 and "stop it first" in said
    daemon.stop()
    status, said = tocsin("restore", "--data", data, "--from", tmp_path / "serve.log")
    assert status == 1 and "not a copy of a ledger" in said
    assert tocsin("restore", "--data", data, "--from", copy)[0] == 0
    with sqlite3.connect(data / "ledger.db") as db:
        assert db.execute("SELECT COUNT(*) FROM row WHERE space = 'ticket'").fetchone()[0] == 2
    assert tocsin("verify", "--data", data)[0] == 0
