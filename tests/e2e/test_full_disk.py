"""A disk that fills: new work is refused with a clear sentence, nothing acknowledged is lost, and work goes on by itself
when there is space again."""
import os
import subprocess

import pytest

from daemon import TOCSIN, Daemon

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

RESOURCES = """
kind: customer
name: acme
spec: {title: Acme}
"""


@pytest.fixture
def small_disk(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data], capture_output=True).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    yield data
    subprocess.run(["umount", "-l", data], check=True)


def fill(data):
    with open(data / "ballast", "wb") as f:
        try:
            while True:
                f.write(b"x" * 65536)
                f.flush()
        except OSError:
            pass


def open_ticket(daemon, i):
    return daemon.ask("POST", "/api/tocsin/v1/tickets", {"customer": "acme", "title": "ticket %d" % i, "description": "d" * 20000})


def test_a_full_disk_refuses_and_recovers(small_disk, tmp_path):
    daemon = Daemon(tmp_path, resources=RESOURCES)
    try:
        acknowledged = 0
        for i in range(5):
            assert open_ticket(daemon, i).status == 200
            acknowledged += 1
        fill(small_disk)
        refused = None
        for i in range(200):
            said = open_ticket(daemon, i)
            if said.status == 200:
                acknowledged += 1
            else:
                refused = said
                break
        assert refused is not None and refused.status in (429, 503), refused
        assert "nothing can be recorded now" in refused.json()["error"] and "full" in refused.json()["error"]
        assert refused.headers["Retry-After"]
        assert daemon.ask("GET", "/-/healthy").status == 200
        pids = daemon.children()
        os.unlink(small_disk / "ballast")
        daemon.wait(lambda: open_ticket(daemon, 1).status == 200)
        acknowledged += 1
        assert daemon.children() == pids, "a full disk must not end a process"
        tickets = daemon.ask("GET", "/api/tocsin/v1/tickets?limit=1000").json()
        assert len(tickets) == acknowledged
    finally:
        daemon.stop()
    done = subprocess.run([TOCSIN, "verify", "--data", small_disk], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and "intact" in done.stdout
