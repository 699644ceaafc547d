"""The phone process against real telephones: sipp, baresip behind kamailio, and a small one of our own."""
import os
import pathlib
import socket
import time

import pytest

import sip_programs
from peers import Engine, Program, Telephone, certificate, free_port
from sip_programs import Baresip, Kamailio, Sipp

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

    def make(scenario, status=""):
        if not sip_programs.SIPP:
            pytest.skip("sipp is not installed")
        made.append(Sipp(tmp_path, scenario, status))
        return made[-1].port, made[-1]

    yield make
    for p in made:
        p.stop()


def test_sipp_answers_and_presses_1_by_info(start, sipp):
    port, peer = sipp("sipp_info.xml")
    phone = start([trunk(port, "one", "keepalive=0s")])
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
    port, peer = sipp("sipp_refuse.xml", status)
    phone = start([trunk(port, "one", "keepalive=0s")])
    phone.engine.place("k1", "100")
    end = phone.engine.until("ended")
    assert end["reason"] == reason and end["detail"] == status
    assert peer.wait(10) == 0


def test_sipp_rings_until_cancelled(start, sipp):
    port, peer = sipp("sipp_ring.xml")
    phone = start([trunk(port, "one", "keepalive=0s")])
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


def test_a_trunk_that_is_trying_is_waited_for(start, telephone):
    tel = telephone(ring=6.5)
    phone = start([trunk(tel.port), trunk(free_port(), "other")])
    phone.engine.place("k1", "100", rounds=1)
    assert phone.engine.until("ringing")["trunk"] == "one"


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


def test_sound_follows_a_new_offer(start, telephone):
    def script(t):
        time.sleep(1)
        t.offer_again("sendrecv", 1)
        time.sleep(1)
        t.press("1")

    tel = telephone(script=script)
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100", prompt="A long text that would go on and on and on and on and on")
    phone.engine.until("digit")
    assert tel.speech_frames() > 20


def test_an_early_answer_of_the_network_is_ringing(start, telephone):
    tel = telephone(early=True, ring=0.5, script=lambda t: (time.sleep(1), t.press("1")))
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100")
    phone.engine.until("ringing")
    assert phone.engine.until("digit")["digit"] == "1"
    assert tel.speech_frames() > 10


def test_a_trunk_over_ipv6(start, telephone):
    tel = telephone(v6=True, script=lambda t: (time.sleep(1), t.press("1")))
    phone = start([["name=six", "proxy=[::1]:%d" % tel.port]])
    phone.engine.place("k1", "100")
    assert phone.engine.until("digit")["digit"] == "1"
    assert tel.speech_frames() > 10


def test_who_is_on_the_line_hears_that_it_is_settled(start, telephone):
    tel = telephone()
    phone = start([trunk(tel.port)], "external_address=192.0.2.9")
    phone.engine.place("k1", "100", prompt="A long text that would go on and on and on and on and on")
    phone.engine.until("answered")
    time.sleep(1.2)
    phone.engine.send(4, key="k1")
    began = time.time()
    end = phone.engine.until("ended")
    assert end["reason"] == "cancelled"
    assert time.time() - began > 2  # the sentence was said
    assert "c=IN IP4 192.0.2.9" in tel.invites[0]


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


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "REGISTER"])
def test_strangers_hear_nothing(start, telephone, method):
    tel = telephone()
    port = free_port()
    start([trunk(tel.port)], "listen=127.0.0.1:%d" % port)

    def answer_to(address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((address, 0))
            s.settimeout(1)
            mine = s.getsockname()
            s.sendto(("%s sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bKx%d\r\nMax-Forwards: 70\r\n"
                      "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: 1\r\nCSeq: 1 %s\r\nContact: <sip:a@%s:%d>\r\n"
                      "Content-Length: 0\r\n\r\n" % (method, *mine, mine[1], method, *mine)).encode(), ("127.0.0.1", port))
            try:
                return s.recv(2000).split(b"\r\n")[0].decode()
            except socket.timeout:
                return None

    assert answer_to("127.0.0.2") is None
    assert answer_to("127.0.0.1") == {"INVITE": "SIP/2.0 603 Decline", "OPTIONS": "SIP/2.0 200 OK",
                                      "REGISTER": "SIP/2.0 501 Not Implemented"}[method]


def test_who_is_on_hold_hears_the_rest_when_back(start, telephone):
    counts = []

    def script(t):
        time.sleep(1)
        t.offer_again("sendonly", 1)
        time.sleep(0.3)
        before = len(t.heard)
        time.sleep(1)
        counts.append(len(t.heard) - before)
        t.offer_again("sendrecv", 2)
        time.sleep(1)
        t.press("1")

    tel = telephone(script=script)
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100", prompt="A long text that would go on and on and on and on and on")
    phone.engine.until("digit")
    assert counts == [0]
    assert tel.speech_frames() > 20


@pytest.mark.parametrize("answer,goes_on", [(503, True), (500, True), (486, False)])
def test_a_trunk_that_refuses_is_passed_over_a_person_is_not(start, telephone, answer, goes_on):
    first, second = telephone(answer=answer), telephone(script=lambda t: (time.sleep(0.7), t.press("1")))
    phone = start([trunk(first.port, "first"), trunk(second.port, "second")])
    phone.engine.place("k1", "100")
    if goes_on:
        assert phone.engine.until("digit")["trunk"] == "second"
    else:
        assert phone.engine.until("ended")["reason"] == "busy" and not second.invites


def test_a_peer_that_refreshes_its_session_keeps_its_call(start, telephone):
    """RFC 4028: it refreshes by a re-INVITE that changes nothing; what it hears goes on in step."""
    replies = []

    def script(t):
        time.sleep(0.8)
        t.request("INVITE", 1, t.sdp(), "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\nMin-SE: 90\r\n")
        time.sleep(0.3)
        t.request("ACK", 1)
        replies.extend(t.replies)
        time.sleep(0.5)
        t.press("1")

    tel = telephone(script=script)
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100", prompt="A long text that would go on and on and on and on and on")
    phone.engine.until("digit")
    assert sorted({r.split("\r\n")[0] for r in replies}) == ["SIP/2.0 200 OK"]
    sequence = [s for _, (s, _) in tel.times]
    assert all((b - a) & 0xffff == 1 for a, b in zip(sequence, sequence[1:]))


def test_a_trunk_that_fell_silent_is_not_asked_first_again(start, telephone):
    tel = telephone()
    phone = start([trunk(free_port(), "dead"), trunk(tel.port, "alive")])
    phone.engine.place("k1", "100", rounds=1)
    assert phone.engine.until("answered")["trunk"] == "alive"
    began = time.time()
    phone.engine.place("k2", "100", rounds=1)
    phone.engine.until("answered")
    assert time.time() - began < 2


def test_a_trunk_is_there_again_when_it_answers(start, telephone, tmp_path):
    port = free_port()
    phone = start([trunk(port, "first", "keepalive=1s"), trunk(telephone().port, "second")])
    phone.engine.place("k1", "100", rounds=1)
    assert phone.engine.until("answered")["trunk"] == "second"
    assert "trunk first is not there" in (tmp_path / "voice.log").read_text()
    tel = telephone(port=port)
    end = time.time() + 20
    while "trunk first is there again: 200 OK" not in (tmp_path / "voice.log").read_text():
        assert time.time() < end
        time.sleep(0.1)
    phone.engine.place("k2", "100", rounds=1)
    while phone.engine.until("answered")["key"] != "k2":
        pass
    assert tel.invites


def test_a_key_is_heard_in_the_sound_where_nothing_else_was_agreed_on(start, telephone):
    tel = telephone(events=False, script=lambda t: (time.sleep(1), t.press_in_band("1")))
    phone = start([trunk(tel.port)])
    phone.engine.place("k1", "100")
    assert phone.engine.until("digit")["digit"] == "1"


@pytest.fixture
def kamailio(tmp_path):
    made = []

    def make(tls_port=0):
        if not sip_programs.KAMAILIO:
            pytest.skip("kamailio is not installed")
        made.append(Kamailio(tmp_path, tls_port))
        return made[-1]

    yield make
    for p in made:
        p.stop()


@pytest.fixture
def baresip(tmp_path):
    made = []

    def make(proxy, user, secret=False):
        if not sip_programs.BARESIP:
            pytest.skip("baresip is not installed")
        made.append(Baresip(tmp_path, proxy, user, secret))
        return made[-1]

    yield make
    for p in made:
        p.stop()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_baresip_behind_kamailio_with_digest(start, kamailio, baresip, transport):
    proxy = kamailio()
    tel = baresip(proxy, "engineer")
    here = "127.0.0.1:%d" % proxy.port
    phone = start([trunk(proxy.port, "pbx", "registrar=" + here, "password=s3cret", "transport=" + transport)])
    time.sleep(0.5)
    assert "trunk pbx is registered" in (pathlib.Path(phone.path).parent / "voice.log").read_text()
    phone.engine.place("k1", "engineer")
    phone.engine.until("answered")
    time.sleep(1)
    tel.press("1")
    digit = phone.engine.until("digit")
    assert digit["digit"] == "1"
    phone.engine.ack(digit)
    assert phone.engine.until("ended")["reason"] == "done"


def test_a_wrong_password_is_said(start, kamailio):
    proxy = kamailio()
    phone = start([trunk(proxy.port, "pbx", "registrar=127.0.0.1:%d" % proxy.port, "password=wrong")])
    time.sleep(1)
    assert "trunk pbx is not registered: 401" in (pathlib.Path(phone.path).parent / "voice.log").read_text()
    phone.engine.place("k1", "engineer")
    end = phone.engine.until("ended")
    assert end["reason"] == "trunk_down" and end["detail"].startswith("407")


@pytest.mark.parametrize("ca,registered", [("ours", True), ("none", False), ("other", False), ("unverified", True)])
def test_the_certificate_of_a_tls_trunk_is_verified(start, kamailio, tmp_path, ca, registered):
    certificate(tmp_path / "other", "127.0.0.1")
    certificate(tmp_path, "127.0.0.1")
    tls = free_port(socket.SOCK_STREAM)
    kamailio(tls)
    trust = {"ours": ["ca_file=%s" % (tmp_path / "cert.pem")], "other": ["ca_file=%s" % (tmp_path / "other/cert.pem")],
             "none": [], "unverified": ["verify=none"]}[ca]
    phone = start([trunk(tls, "pbx", "registrar=127.0.0.1:%d" % tls, "password=s3cret", "transport=tls", *trust)])
    voice_log = pathlib.Path(phone.path).parent / "voice.log"
    end = time.time() + 15
    while "registered" not in voice_log.read_text() and time.time() < end:
        time.sleep(0.1)
    log = voice_log.read_text()
    assert ("trunk pbx is registered" in log) == registered, log


def test_sound_and_signals_are_secret(start, kamailio, baresip, tmp_path):
    certificate(tmp_path, "127.0.0.1")
    proxy = kamailio(free_port(socket.SOCK_STREAM))
    tel = baresip(proxy, "engineer", secret=True)
    phone = start([trunk(proxy.tls_port, "pbx", "registrar=127.0.0.1:%d" % proxy.tls_port, "password=s3cret", "transport=tls",
                         "ca_file=%s" % (tmp_path / "cert.pem"), "srtp=required")])
    time.sleep(0.5)
    phone.engine.place("k1", "engineer", prompt="The disk of the database is full")
    phone.engine.until("answered")
    time.sleep(3)
    tel.press("1")
    digit = phone.engine.until("digit")
    assert digit["digit"] == "1"
    phone.engine.ack(digit)
    assert phone.engine.until("ended")["reason"] == "done"
    assert len([rms for rms in tel.loudness() if rms > 300]) >= 3, tel.loudness()  # what it decrypted is speech


@pytest.mark.parametrize("srtp,reason", [("required", "trunk_down"), ("optional", "no_key")])
def test_a_peer_without_srtp(start, telephone, srtp, reason):
    tel = telephone()
    phone = start([trunk(tel.port, "one", "srtp=" + srtp)])
    phone.engine.place("k1", "100", rounds=1, prompt="The disk of the database is full")
    assert phone.engine.until("ended", 30)["reason"] == reason
    assert (tel.speech_frames() > 20) == (srtp == "optional")
    assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in tel.invites[0]
    assert ("RTP/SAVP" in tel.invites[0]) == (srtp == "required")


@pytest.mark.skipif(not os.environ.get("TOCSIN_EXHAUSTIVE"), reason="takes as long as a request over UDP is waited for")
def test_silence_says_nothing_of_a_trunk_that_registers(start, kamailio, tmp_path):
    proxy = kamailio()  # does not answer OPTIONS
    start([trunk(proxy.port, "registers", "registrar=127.0.0.1:%d" % proxy.port, "password=s3cret"), trunk(free_port(), "plain")])
    end = time.time() + 45
    while "trunk plain is not there: " not in (tmp_path / "voice.log").read_text():
        assert time.time() < end
        time.sleep(0.5)
    time.sleep(1)
    assert "trunk registers is not there" not in (tmp_path / "voice.log").read_text()
