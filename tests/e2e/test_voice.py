"""The phone process against real telephones: sipp, baresip behind kamailio, and a small one of our own."""
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from peers import Engine, Program, Telephone, free_port
import socket

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", HERE.parent.parent / "build"))
VOICE = BUILD / "tests" / "voice_run"

pytestmark = pytest.mark.skipif(not VOICE.exists(), reason="voice_run is not built")


class Phone:
    """A running phone process and the engine's connection to it."""

    def __init__(self, path, trunks, *settings):
        self.path = str(path / "voice.sock")
        low = 20000 + free_port() % 20000
        argv = [VOICE, self.path, "listen=127.0.0.1:0", "rtp_ports=%d-%d" % (low, low + 400), *settings]
        for trunk in trunks:
            argv += ["trunk", *trunk]
        self.program = Program(argv, path / "voice.log")
        self.engine = Engine(self.path)

    def reconnect(self):
        self.engine.close()
        time.sleep(0.1)
        self.engine = Engine(self.path)

    def stop(self):
        self.engine.close()
        return self.program.stop()


@pytest.fixture
def start(tmp_path):
    phones = []

    def make(trunks, *settings):
        phones.append(Phone(tmp_path, trunks, *settings))
        return phones[-1]

    yield make
    for p in phones:
        assert p.stop() == 0, (tmp_path / "voice.log").read_text()[-4000:]


@pytest.fixture
def telephone():
    made = []

    def make(**kw):
        made.append(Telephone(**kw))
        return made[-1]

    yield make
    for t in made:
        t.stop()


def trunk(port, name="one", *more):
    return ["name=" + name, "proxy=127.0.0.1:%d" % port, "user=tocsin", *more]


@pytest.fixture
def sipp(tmp_path):
    made = []

    def make(scenario, *more):
        if not shutil.which("sipp"):
            pytest.skip("sipp is not installed")
        port = free_port()
        made.append(Program(["sipp", "-sf", HERE / scenario, "-i", "127.0.0.1", "-p", port, "-m", 1, "-nostdin",
                             "-timeout", 30, *more], tmp_path / "sipp.log", cwd=tmp_path))
        time.sleep(0.3)
        return port, made[-1]

    yield make
    for p in made:
        p.stop()


def test_sipp_answers_and_presses_1_by_info(start, sipp):
    port, peer = sipp("sipp_info.xml")
    phone = start([trunk(port)])
    phone.engine.place("k1", "100")
    assert phone.engine.until("answered")["trunk"] == "one"
    digit = phone.engine.until("digit")
    assert digit["digit"] == "1"
    phone.engine.ack(digit)
    end = phone.engine.until("ended")
    assert end["reason"] == "done"
    assert peer.wait(10) == 0


@pytest.mark.parametrize("status,reason", [("486 Busy Here", "busy"), ("603 Decline", "declined"), ("404 Not Found", "failed"),
                                           ("480 Temporarily Unavailable", "no_answer"), ("503 Service Unavailable", "trunk_down")])
def test_sipp_refuses(start, sipp, status, reason):
    port, peer = sipp("sipp_refuse.xml", "-key", "status", status)
    phone = start([trunk(port)])
    phone.engine.place("k1", "100")
    end = phone.engine.until("ended")
    assert end["reason"] == reason and end["detail"] == status
    assert peer.wait(10) == 0


def test_sipp_rings_until_cancelled(start, sipp):
    port, peer = sipp("sipp_ring.xml")
    phone = start([trunk(port)])
    phone.engine.place("k1", "100", ring_time=1000)
    assert phone.engine.until("ended")["reason"] == "no_answer"
    assert peer.wait(10) == 0


def test_speech_is_heard_and_a_key_is_taken_once(start, telephone):
    def script(t):
        time.sleep(2)
        stamp = t.press("1", end=False)
        t.press("1", stamp=stamp)

    tel = telephone(payload=8, script=script)
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "+39 06 1234", prompt="The disk of the database is full", language="en")
    digit = phone.engine.until("digit")
    before = tel.speech_frames()
    assert before > 40
    phone.engine.ack(digit)
    assert phone.engine.until("ended")["reason"] == "done"
    assert [e.get("what") for e in phone.engine.seen].count("digit") == 1
    assert tel.speech_frames() > before + 20  # the confirmation
    assert "INVITE sip:+39061234@127.0.0.1" in tel.invites[0]
    time.sleep(0.3)
    assert tel.byes == 1
    sequence = [s for _, (s, _) in tel.times]
    assert all((b - a) & 0xffff == 1 for a, b in zip(sequence, sequence[1:]))
    spread = (tel.times[-1][0] - tel.times[0][0]) / (len(tel.times) - 1)
    assert 0.019 < spread < 0.021


@pytest.mark.parametrize("language", ["it", "fr", "sv", "en", "zh", "de", "es"])
def test_every_language_speaks(start, telephone, language):
    tel = telephone()
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100", language=language, rounds=1, prompt="1, 2, 3")
    phone.engine.until("heard")
    assert tel.speech_frames() > 25
    assert "no speech" not in (pathlib.Path(phone.path).parent / "voice.log").read_text()


def test_a_key_that_means_nothing_and_a_machine_count_for_nothing(start, telephone):
    tel = telephone(script=lambda t: (time.sleep(1), t.press("7")))
    phone = start([trunk(tel.port)], "answer_timeout=4s")
    phone.engine.place("k1", "100")
    end = phone.engine.until("ended")
    assert end["reason"] == "no_key"
    assert "digit" not in [e.get("what") for e in phone.engine.seen]


def test_they_hang_up(start, telephone):
    tel = telephone(script=lambda t: (time.sleep(1), t.hang_up()))
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100")
    assert phone.engine.until("ended")["reason"] == "hung_up"


def test_a_silent_trunk_is_passed_over(start, telephone):
    tel = telephone(script=lambda t: (time.sleep(0.5), t.press("2")))
    phone = start([trunk(free_port(), "dead"), trunk(tel.port, "alive")])
    phone.engine.place("k1", "100")
    digit = phone.engine.until("digit")
    assert digit["trunk"] == "alive" and digit["digit"] == "2"


def test_no_trunk_takes_it(start):
    phone = start([trunk(free_port(), "dead")])
    phone.engine.place("k1", "100")
    assert phone.engine.until("ended")["reason"] == "trunk_down"


def test_the_same_key_rings_once(start, telephone):
    tel = telephone(answer=0)
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100")
    phone.engine.until("ringing")
    phone.engine.place("k1", "100")
    again = phone.engine.until("ringing")
    assert again["key"] == "k1"
    phone.engine.send(4, key="k1")
    assert phone.engine.until("ended")["reason"] == "cancelled"
    time.sleep(0.3)
    assert len(set(tel.invites)) == 1 and tel.cancelled


def test_a_number_that_is_none_is_not_dialled(start, telephone):
    tel = telephone()
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100@evil.example;x")
    assert phone.engine.until("ended")["reason"] == "failed"
    assert not tel.invites


def test_an_engine_that_died_learns_of_the_key_and_the_end(start, telephone):
    tel = telephone(script=lambda t: (time.sleep(0.7), t.press("1"), time.sleep(0.5), t.hang_up()))
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100")
    phone.engine.until("answered")
    phone.engine.close()
    time.sleep(2)
    phone.engine = Engine(phone.path)
    digit = phone.engine.until("digit")
    end = phone.engine.until("ended")
    assert digit["digit"] == "1" and end["reason"] == "done"
    phone.engine.place("k1", "100")  # not knowing that it has ended
    assert phone.engine.until("ended", 1.5)["n"] == end["n"]
    phone.engine.ack(digit)
    phone.engine.ack(end)
    phone.reconnect()
    assert phone.engine.event(2.5) is None
    assert len(set(tel.invites)) == 1


def test_without_an_ack_the_voice_says_so(start, telephone):
    tel = telephone(script=lambda t: (time.sleep(0.7), t.press("1")))
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100", rounds=1)
    phone.engine.until("digit")
    time.sleep(1)
    before = tel.speech_frames()
    time.sleep(5)
    assert tel.speech_frames() == before
    assert phone.engine.until("ended", 20)["reason"] == "done"
    assert tel.speech_frames() > before + 50


def test_strangers_are_not_connected(start, telephone):
    tel = telephone()
    port = free_port()
    phone = start([trunk(tel.port)], "listen=127.0.0.1:%d" % port)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.2", 0))
    s.settimeout(3)
    mine = s.getsockname()[1]
    s.sendto(("INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:%d;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n"
              "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.2:%d>\r\n"
              "Content-Length: 0\r\n\r\n" % (mine, mine)).encode(), ("127.0.0.1", port))
    assert s.recv(2000).startswith(b"SIP/2.0 404")
    s.close()
