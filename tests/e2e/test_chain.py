"""The whole chain: an alert comes in, a telephone rings, a key takes the ticket in charge."""
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import pytest

from chain import Chain
from daemon import TOCSIN
from peers import Program, Telephone, free_port

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


@pytest.fixture
def chain(tmp_path):
    made = []

    def make(**kw):
        tel = Telephone(**kw)
        made.append(tel)
        made.insert(0, Chain(tmp_path, tel))
        return made[0], tel

    yield make
    for m in made:
        if isinstance(m, Chain):
            assert m.stop() == 0, m.said()
        else:
            m.stop()


def test_an_alert_rings_and_a_key_takes_it_in_charge(chain):
    daemon, tel = chain(script=lambda t: (time.sleep(2), t.press("1")))
    sent = time.time()
    assert daemon.alert("DiskFull") == 200
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
    assert daemon.alert("DiskFull") == 200
    assert daemon.ticket_when("in_progress", 30)["assignee"] == "first"
    time.sleep(1)
    assert len(set(tel.invites)) == 1


def test_2_passes_it_on_to_the_next_step(chain):
    daemon, tel = chain(script=lambda t: (time.sleep(1), t.press("2")))
    assert daemon.alert("DiskFull") == 200
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
    assert daemon.alert("DiskFull") == 200
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
