"""From a disk that fills on a real host to a closed ticket, with Debian's own programs at every end: node_exporter, sipp or
baresip behind kamailio, postfix with dovecot."""
import contextlib
import datetime
import json
import re
import shutil
import socket
import subprocess
import time

import pytest

from chain import RESOURCES, Chain
from daemon import TOCSIN
from peers import Program, free_port
from post_office import PostOffice, why_not
from sip_programs import BARESIP, KAMAILIO, SIPP, Baresip, Kamailio, Sipp

EXPORTER = shutil.which("prometheus-node-exporter")

pytestmark = [pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built"),
              pytest.mark.skipif(not EXPORTER, reason="there is no node_exporter"),
              pytest.mark.skipif(bool(why_not()), reason=why_not())]

CONFIG = """
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    customer: acme
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs: [{targets: ['127.0.0.1:%d']}]
"""
RULES = """
groups:
  - name: disks
    customer: acme
    interval: 15s
    evaluate: on_arrival
    rules:
      - alert: DiskFull
        expr: %s
        labels: {severity: critical}
        annotations: {summary: 'The disk of {{ $labels.job }} is nearly full'}
"""
# `second` is told by mail, `first` is called: both at once
PEOPLE = RESOURCES.replace('phone: "200", language: en, ladder: [{by: call}]', "mail: second@example.org, ladder: [{by: mail}]") \
                  .replace('notify: ["user:first"]', 'notify: ["user:first", "user:second"]') + """
---
kind: contact
name: buyer
customer: acme
spec: {title: Buyer, mail: buyer@example.org, language: it}
"""


class SmallDisk:
    """A file system of 4 MB that can be filled."""
    expr = 'node_filesystem_avail_bytes{mountpoint="%s"} / node_filesystem_size_bytes < 0.2'

    def __init__(self, path):
        self.path = path / "disk"
        self.path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tocsin-test", self.path], check=True, capture_output=True)
        self.expr = self.expr % self.path
        self.flags = []

    def fill(self):
        (self.path / "big").write_bytes(bytes(3600 << 10))

    def clear(self):
        (self.path / "big").unlink()

    def stop(self):
        subprocess.run(["umount", "-l", self.path], check=True)


class WrittenMetric:
    """Where nothing may be mounted: a file for the exporter's textfile collector."""
    expr = "batch_disk_free_ratio < 0.2"

    def __init__(self, path):
        self.path = path / "text"
        self.path.mkdir()
        self.flags = ["--collector.textfile.directory=%s" % self.path]
        self.clear()

    def write(self, ratio):
        (self.path / "new").write_text("batch_disk_free_ratio %g\n" % ratio)
        (self.path / "new").rename(self.path / "batch.prom")

    def fill(self):
        self.write(0.1)

    def clear(self):
        self.write(0.9)

    def stop(self):
        pass


def disk_of(path):
    try:
        return SmallDisk(path)
    except (subprocess.CalledProcessError, OSError):
        shutil.rmtree(path / "disk")
        return WrittenMetric(path)


class SippPhone:
    """Debian's sipp: rings, picks up, presses 1 by SIP INFO.  It takes every request for the one call of its scenario."""
    trunk = ", keepalive: 0s"

    def __init__(self, path):
        self.sipp = Sipp(path, "sipp_info.xml")
        self.port = self.sipp.port

    def when(self, start):
        """The moments at which messages passed that begin so."""
        return [at for at, text in self.sipp.messages() if re.search("^" + start, text, re.M)]

    def rings(self):
        return self.when("INVITE ")

    def press(self):
        pass  # its scenario does

    def pressed(self):
        return self.when("INFO ")[0]

    def judge(self):
        assert self.sipp.wait(10) == 0  # the whole scenario, to the BYE
        assert len(self.rings()) == 1

    def stop(self):
        self.sipp.stop()


class BaresipPhone:
    """Debian's baresip, registered at Debian's kamailio, which lets in nobody without a password: not us either."""

    def __init__(self, path):
        self.proxy = Kamailio(path)
        self.port = self.proxy.port
        (path / "trunk.secret").write_text("s3cret\n")
        self.trunk = ", registrar: '127.0.0.1:%d', user: tocsin, password_file: trunk.secret" % self.port
        self.phone = Baresip(path, self.proxy, "100")

    def rings(self):
        return re.findall("let in: INVITE of tocsin", self.proxy.said())

    def press(self):
        time.sleep(4)  # somebody listens first
        self.phone.press("1")

    def pressed(self):
        return self.phone.pressed

    def judge(self):
        said = self.proxy.said()
        assert "challenged: REGISTER of tocsin" in said and "let in: REGISTER of tocsin" in said
        assert "challenged: INVITE of tocsin" in said and len(self.rings()) == 1
        loud = [rms for rms in self.phone.loudness() if rms > 300]
        assert len(loud) >= 6, self.phone.loudness()  # three seconds of speech at least

    def stop(self):
        self.phone.stop()
        self.proxy.stop()


@pytest.fixture(params=[pytest.param(SippPhone, id="sipp", marks=pytest.mark.skipif(not SIPP, reason="there is no sipp")),
                        pytest.param(BaresipPhone, id="baresip behind kamailio",
                                     marks=pytest.mark.skipif(not (BARESIP and KAMAILIO), reason="there is no baresip or kamailio"))])
def house(request, tmp_path):
    with contextlib.ExitStack() as stack:
        def keep(thing):
            stack.callback(thing.stop)
            return thing

        disk, post, port = keep(disk_of(tmp_path)), keep(PostOffice()), free_port(socket.SOCK_STREAM)
        phone = keep(request.param(tmp_path))
        keep(Program([EXPORTER, "--web.listen-address=127.0.0.1:%d" % port, *disk.flags], tmp_path / "exporter.log"))
        (tmp_path / "rules.yml").write_text(RULES % json.dumps(disk.expr))
        yield keep(Chain(tmp_path, phone, post.config() + CONFIG % port, PEOPLE, trunk=phone.trunk)), disk, phone, post


def second_of(text):
    """Of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def until(what, seconds, says):
    end = time.time() + seconds
    while not what():
        assert time.time() < end, says()
        time.sleep(0.05)


def kinds(daemon):
    return [e["kind"] for e in daemon.timeline()]


def test_a_disk_fills_and_the_ticket_is_closed(house):
    daemon, disk, phone, post = house
    time.sleep(2.5)  # two healthy scrapes
    assert daemon.ticket() is None
    disk.fill()
    filled = time.time()
    until(phone.rings, 5, daemon.said)
    assert time.time() - filled < 2.5  # a scrape every second, and the call at once
    assert daemon.ticket()["priority"] == "critical"

    phone.press()
    ticket = daemon.ticket_when("in_progress")
    pickup = ticket["clocks"]["pickup"]
    assert (ticket["priority"], ticket["assignee"], pickup["state"]) == ("critical", "first", "stopped")
    assert -0.01 <= second_of(pickup["stopped"]) - phone.pressed() < 0.5  # of the key, not of what came after

    until(lambda: post.mails("second@example.org"), 10, post.said)
    assert_mail_of_the_ticket(post.mails("second@example.org")[0])

    disk.clear()
    until(lambda: "ticket_left" in kinds(daemon), 10, lambda: str(kinds(daemon)))
    assert daemon.ticket()["state"] == "in_progress"  # a machine does not close what a person took
    time.sleep(1)
    daemon.verb("ticket", "close", "1")
    closed = daemon.ticket_when("closed")
    assert_clocks_are_those_of_the_timeline(daemon, closed)
    order = [k for k in kinds(daemon) if k in ("ticket_opened", "ticket_left")]
    assert order == ["ticket_opened", "ticket_left"]
    assert re.search("intact|unchanged", daemon.verify())
    phone.judge()
    until(lambda: len(post.mails("buyer@example.org")) == 3, 10, post.said)
    assert_customer_read_it_in_italian(post.mails("buyer@example.org"))


def assert_mail_of_the_ticket(mail):
    assert (mail["Delivered-To"], mail["From"], mail["To"]) == ("second@example.org", "Tocsin <tocsin@example.org>", "second@example.org")
    assert mail["Auto-Submitted"] == "auto-generated" and "ESMTPSA" in mail["Received"]  # TLS and a password
    text = mail.get_content()
    assert "nearly full" in text and "/ticket/1" in text


def assert_customer_read_it_in_italian(mails):
    said = ["Abbiamo aperto questa chiamata e ce ne occupiamo.", "First la sta seguendo.", "È stata chiusa."]
    for mail, sentence in zip(mails, said):
        text = mail.get_content().replace("\r\n", "\n")
        link = re.search(r"http://\S+/ticket/1", text).group()
        promised = re.findall(r"^(?:Presa in carico|Risolta) entro: \d{4}-\d\d-\d\d \d\d:\d\d \S+\n", text, re.M)
        assert len(promised) == (2 if sentence == said[0] else 0), text  # when it was opened, and only then
        for line in promised:
            text = text.replace(line, "")
        assert text.rstrip() == ("Chiamata 1: The disk of node is nearly full\n\nPriorità: critica\nCliente: Acme\n\n%s\n\nLa chiamata: %s"
                                 % (sentence, link))
        assert mail["Subject"] == "[critica] Chiamata 1: The disk of node is nearly full"
        assert mail.get_content_charset() == "utf-8" and mail["Content-Transfer-Encoding"] == "quoted-printable"
        assert mail["Auto-Submitted"] == "auto-generated"
    assert len({m["Message-ID"] for m in mails}) == 3  # and one thread
    assert {m["In-Reply-To"] for m in mails} == {m["References"] for m in mails} == {"<ticket-1@example.org>"}


def assert_clocks_are_those_of_the_timeline(daemon, ticket):
    """Both clocks ran from the opening to the change of state in the journal, to the millisecond."""
    moves = [(second_of(e["at"]), e["facts"]["state"]) for e in daemon.timeline() if e["kind"] in ("ticket_opened", "ticket_state")]
    opened = moves[0][0]
    for clock, state in (("pickup", "in_progress"), ("resolution", "closed")):
        c = ticket["clocks"][clock]
        at = next(at for at, s in moves if s == state)
        assert c["state"] == "stopped" and not c["breached"]
        assert abs(second_of(c["stopped"]) - at) < 0.001 and abs(c["spent_ms"] - 1000 * (at - opened)) < 1
