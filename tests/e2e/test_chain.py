"""The whole chain: an alert comes in, a telephone rings, a key takes the ticket in charge."""
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import pytest

from peers import Program, Telephone, free_port

BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", pathlib.Path(__file__).parent.parent.parent / "build"))
TOCSIN = BUILD / "tocsin"

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

RESOURCES = """
kind: user
name: first
spec: {title: First, phone: "100", language: it, ladder: [{by: call}]}
---
kind: user
name: second
spec: {title: Second, phone: "200", language: en, ladder: [{by: call}]}
---
kind: calendar
name: always
spec: {time_zone: UTC}
---
kind: policy
name: night
spec: {steps: [{notify: ["user:first"], after: 5m}, {notify: ["user:second"], after: 5m}]}
---
kind: contract
name: gold
spec:
  calendar: always
  on_call: true
  slas: [{priority: critical, pickup: 15m, resolution: 4h}]
  matrix: [{severity: [critical], priority: critical, modality: call, policy: night}]
---
kind: customer
name: acme
spec: {title: Acme, contract: gold}
"""


class Daemon:
    def __init__(self, path, telephone):
        self.port = free_port(socket.SOCK_STREAM)
        (path / "tocsin.yml").write_text("voice:\n  listen: 127.0.0.1:0\n  trunks:\n    - name: pbx\n      proxy: 127.0.0.1:%d\n"
                                         % telephone.port)
        (path / "resources.yml").write_text(RESOURCES)
        self.program = Program([TOCSIN, "serve", "--config", path / "tocsin.yml", "--data", path / "data",
                                "--listen", "127.0.0.1:%d" % self.port, "--no-auth"], path / "serve.log")
        for _ in range(100):
            try:
                self.get("/-/ready")
                break
            except OSError:
                time.sleep(0.1)
        self.verb("apply", "-f", path / "resources.yml")

    def url(self, path):
        return "http://127.0.0.1:%d%s" % (self.port, path)

    def get(self, path):
        return urllib.request.urlopen(self.url(path), timeout=5).read()

    def verb(self, *argv):
        done = subprocess.run([TOCSIN, *argv], env=dict(os.environ, TOCSIN_URL=self.url("")), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def alert(self, name):
        body = json.dumps([{"labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": "The disk is full"}}])
        request = urllib.request.Request(self.url("/api/v2/alerts"), data=body.encode(),
                                         headers={"Content-Type": "application/json", "X-Scope-OrgID": "acme"})
        assert urllib.request.urlopen(request, timeout=5).status == 200

    def ticket(self):
        tickets = json.loads(self.verb("ticket", "list", "--json"))
        return tickets[0] if tickets else None

    def ticket_when(self, state, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            t = self.ticket()
            if t and t["state"] == state:
                return t
            time.sleep(0.2)
        raise AssertionError("the ticket is not %s: %r" % (state, self.ticket()))

    def child(self, role):
        for task in pathlib.Path("/proc/%d/task" % self.program.process.pid).iterdir():
            for pid in (task / "children").read_text().split():
                words = pathlib.Path("/proc/%s/cmdline" % pid).read_bytes() + pathlib.Path("/proc/%s/comm" % pid).read_bytes()
                if role.encode() in words:
                    return int(pid)
        return None


@pytest.fixture
def chain(tmp_path):
    made = []

    def make(**kw):
        tel = Telephone(**kw)
        made.append(tel)
        made.insert(0, Daemon(tmp_path, tel))
        return made[0], tel

    yield make
    for m in made:
        if isinstance(m, Daemon):
            assert m.program.stop() == 0, (tmp_path / "serve.log").read_text()[-4000:]
        else:
            m.stop()


def test_an_alert_rings_and_a_key_takes_it_in_charge(chain):
    daemon, tel = chain(script=lambda t: (time.sleep(2), t.press("1")))
    sent = time.time()
    daemon.alert("DiskFull")
    while not tel.invites and time.time() < sent + 5:
        time.sleep(0.01)
    assert time.time() - sent < 1  # from the request to the INVITE
    ticket = daemon.ticket_when("in_progress")
    assert ticket["assignee"] == "first" and ticket["clocks"]["pickup"]["state"] == "stopped"
    before = tel.speech_frames()
    time.sleep(4)
    assert tel.speech_frames() > before + 20  # "recorded" is said after it is
    assert tel.byes == 1


def test_a_key_pressed_while_the_engine_is_dead_counts(chain):
    def script(t):
        time.sleep(1)
        os.kill(daemon.child("engine"), signal.SIGKILL)
        t.press("1")

    daemon, tel = chain(script=script)
    daemon.alert("DiskFull")
    assert daemon.ticket_when("in_progress", 30)["assignee"] == "first"
    time.sleep(1)
    assert len(set(tel.invites)) == 1


def test_2_passes_it_on_to_the_next_step(chain):
    daemon, tel = chain(script=lambda t: (time.sleep(1), t.press("2")))
    daemon.alert("DiskFull")
    end = time.time() + 30
    while time.time() < end and not any("sip:200@" in i.split("\r\n")[0] for i in tel.invites):
        time.sleep(0.2)
    assert [i.split("@")[0] for i in tel.invites if i][0] == "INVITE sip:100"
    assert any("sip:200@" in i.split("\r\n")[0] for i in tel.invites)
    assert daemon.ticket()["state"] == "new"


def test_a_phone_process_that_dies_is_started_again_and_rings_again(chain):
    def again(t):
        time.sleep(1)
        t.press("1")

    def script(t):
        time.sleep(0.5)
        t.script = again
        os.kill(daemon.child("voice"), signal.SIGKILL)

    daemon, tel = chain(script=script)
    daemon.alert("DiskFull")
    assert daemon.ticket_when("in_progress", 30)["assignee"] == "first"
    assert len({i.split("Call-ID:")[1].split()[0] for i in tel.invites}) == 2


def test_the_port_speaks_https_with_a_certificate(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
                   check=True, capture_output=True)
    (tmp_path / "tocsin.yml").write_text("server: {tls_cert_file: cert.pem, tls_key_file: key.pem}\n")
    port = free_port(socket.SOCK_STREAM)
    daemon = Program([TOCSIN, "serve", "--config", tmp_path / "tocsin.yml", "--data", tmp_path / "data",
                      "--listen", "127.0.0.1:%d" % port, "--no-auth"], tmp_path / "serve.log")
    trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    answer = None
    for _ in range(50):
        try:
            answer = urllib.request.urlopen("https://localhost:%d/-/ready" % port, context=trust, timeout=5).read()
            break
        except OSError:
            time.sleep(0.1)
    assert daemon.stop() == 0
    assert b"ready" in answer
