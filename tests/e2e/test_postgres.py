"""The same daemon with its ledger in PostgreSQL: a ticket, every process killed, the ticket again, the chain intact."""
import os
import signal
import subprocess

import pytest

from daemon import TOCSIN, Daemon

URL = os.environ.get("TOCSIN_TEST_POSTGRES")

pytestmark = [pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built"),
              pytest.mark.skipif(not URL, reason="TOCSIN_TEST_POSTGRES names no database that may be emptied")]

RESOURCES = """
kind: customer
name: acme
spec: {title: Acme}
"""


def sql(text):
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", URL, "-c", text], check=True, capture_output=True, timeout=20)


def test_a_ticket_outlives_every_process(tmp_path):
    sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    daemon = Daemon(tmp_path, "ledger: {url: '%s'}\n" % URL, resources=RESOURCES)
    try:
        made = daemon.ask("POST", "/api/tocsin/v1/tickets", {"customer": "acme", "title": "it is slow"})
        assert made.status == 200, made.body
        for pid in daemon.children():
            os.kill(int(pid), signal.SIGKILL)
        daemon.wait(lambda: daemon.ask("POST", "/api/tocsin/v1/tickets/1/take").status == 200)
        ticket = daemon.ask("GET", "/api/tocsin/v1/tickets/1").json()
        assert (ticket["state"], ticket["title"]) == ("in_progress", "it is slow")
    finally:
        daemon.stop()
    done = subprocess.run([TOCSIN, "verify", "--ledger", URL], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and "intact" in done.stdout, done.stdout + done.stderr
