"""Killed everywhere: a process dies at its N-th call that changes the world, and the night goes on as if it had not."""
import collections
import contextlib
import os
import random
import re
import shutil
import signal
import threading
import time

import pytest

from chain import RESOURCES, Chain
from daemon import TOCSIN, query
from peers import MailServer, Telephone

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

ROLES = ("keeper", "engine", "core", "voice", "runner")
BY_PLUGIN = ("runner",)  # who has nothing to do with samples
CONFIG = """
rule_files: [rules.yml]
mail: {smarthost: '127.0.0.1:%d', from: tocsin@example.org, starttls: never}
"""
RULES = """
groups:
  - name: disks
    customer: acme
    interval: 1s
    evaluate: on_arrival
    rules:
      - {alert: DiskFull, expr: 'disk_free_ratio < 0.1', labels: {severity: critical}, annotations: {summary: 'The disk is full'}}
"""
PEOPLE = """
---
kind: contact
name: buyer
customer: acme
spec: {title: Buyer, mail: buyer@example.org}
"""
PLUGIN = """
---
kind: check_command
name: bad
spec: {argv: [/bin/sh, -c, "echo the disk is full; exit 2"]}
---
kind: host
name: db1
customer: acme
spec: {address: 127.0.0.1}
---
kind: service
name: disk
customer: acme
spec: {host: db1, check: bad, interval: 1s, retry_interval: 1s, max_attempts: 1, timeout: 2s}
"""
STEP = 1 if os.environ.get("TOCSIN_EXHAUSTIVE") else 10


def again_until(what, seconds=20):
    """As a sender does it that was not answered, or was told to try again."""
    end = time.time() + seconds
    while True:
        try:
            if what():
                return
            last = None
        except (OSError, AssertionError) as e:
            last = e
        assert time.time() < end, last
        time.sleep(0.05)


class Supervised(Chain):
    """Somebody starts it again when it has ended, as a machine's service manager does."""

    def __init__(self, *args, **kw):
        self.ending = False
        threading.Thread(target=self.supervise, daemon=True).start()
        super().__init__(*args, **kw)

    def supervise(self):
        while not self.ending:
            program = getattr(self, "program", None)
            if program and program.process.poll() is not None and not self.ending:
                program.start()
            time.sleep(0.05)

    def roles(self):
        return dict(super().roles(), keeper=self.program.process.pid)

    def stop(self):
        self.ending = True
        time.sleep(0.1)
        return super().stop()


def sure(question):
    """Its answer, from whoever lives by now."""
    answers = []
    again_until(lambda: answers.append(question()) or True)
    return answers[0]


def presses_1(tel):
    tel.script = presses_1  # the next call, too
    time.sleep(0.05)
    tel.press("1")


class Night:
    """A sample that crosses a rule's line, or a plug-in that says critical; one ticket, one call, one key, one command,
    three mails; `plan` is what TOCSIN_FAULT says."""

    def __init__(self, path, plan, by_plugin=False):
        self.path, self.by_plugin = path, by_plugin
        path.mkdir()
        self.once = path / "once"
        self.once.touch()
        (path / "rules.yml").write_text(RULES)
        (path / "resources.yml").write_text(RESOURCES + PEOPLE + (PLUGIN if by_plugin else ""))
        self.mail = MailServer()
        self.tel = Telephone(script=presses_1, ring=0.01)
        self.crossed_at = int(time.time() * 1000)
        self.daemon = Supervised(path, self.tel, CONFIG % self.mail.port, resources=None,
                                 env={"TOCSIN_FAULT": plan, "TOCSIN_FAULT_ONCE": str(self.once)})

    def crosses(self):
        sample = [({"__name__": "disk_free_ratio", "host": "db1"}, [(self.crossed_at, 0.05)])]
        return self.daemon.write(sample, tenant="acme").status in (200, 204)

    def live(self):
        d = self.daemon
        again_until(lambda: d.apply(self.path / "resources.yml") or True)
        if not self.by_plugin:
            again_until(self.crosses)
        again_until(lambda: self.state() in ("in_progress", "closed"), 30)
        again_until(lambda: self.state() == "closed" or d.verb("ticket", "close", "1") or True)
        again_until(lambda: self.state() == "closed")
        again_until(lambda: len(self.letters()) == 3, 90)

    def state(self):
        ticket = self.daemon.ticket()
        return ticket and ticket["state"]

    def letters(self):
        """Opened, taken, closed: how often each came."""
        return collections.Counter(re.search("Message-ID: (.*)", text).group(1) for _, _, text in self.mail.mails)

    def died(self):
        return not self.once.exists()

    def judge(self):
        """What must be true whoever died, and when."""
        d = self.daemon
        events = sure(d.timeline)
        moves = [e for e in events if e["kind"] == "ticket_state"]
        taken = [e for e in moves if e["facts"]["state"] == "in_progress"]
        calls = {t.split("Call-ID:")[1].split()[0] for t in self.tel.invites}
        assert len(sure(d.tickets)) == 1
        assert [e["actor"] for e in taken] == ["user/first"], taken
        assert [e["facts"]["state"] for e in moves] == ["in_progress", "closed"], moves
        assert len([e for e in events if e["kind"] == "ticket_opened"]) == 1
        assert sure(d.ticket)["assignee"] == "first"
        assert 1 <= len(calls) <= 2, calls
        assert len(self.letters()) == 3 and max(self.letters().values()) <= 2, self.letters()  # the same letter, at most once more
        if not self.by_plugin:
            again_until(self.sample_is_there)
        else:
            began = time.time()
            again_until(lambda: self.last_test() > began)  # it goes on
        assert "intact" in sure(d.verify)

    def sample_is_there(self):
        at = query("/api/v1/query", query="timestamp(disk_free_ratio)", time="%.3f" % (self.crossed_at / 1000))
        found = self.daemon.ask("GET", at, headers={"X-Scope-OrgID": "acme"}).json()["data"]["result"]
        return [round(float(r["value"][1]) * 1000) for r in found] == [self.crossed_at]

    def last_test(self):
        at = query("/api/v1/query", query="timestamp(service_state)")
        found = self.daemon.ask("GET", at, headers={"X-Scope-OrgID": "acme"}).json()["data"]["result"]
        return max(float(r["value"][1]) for r in found)

    def end(self):
        status = self.daemon.stop()
        self.tel.stop()
        self.mail.stop()
        return status

    def said(self):
        return self.daemon.said()


def calls_of_a_whole_night(path, by_plugin):
    """role -> how many calls it makes when nobody dies"""
    night = Night(path, "count", by_plugin)
    try:
        night.live()
        night.judge()
    finally:
        status = night.end()
    assert status == 0
    lines = [line.split() for line in night.said().splitlines() if line.startswith("fault: ")]
    return {words[1]: int(words[3]) for words in lines}


def one_death(path, role, n):
    """Did the role come to its n-th call?"""
    night = Night(path, "kill:%d:%s" % (n, role), role in BY_PLUGIN)
    try:
        night.live()
        night.judge()
    except (AssertionError, OSError) as e:
        raise AssertionError("%s killed at its call %d: %s\n%s" % (role, n, e, night.said())) from e
    finally:
        night.end()
    died = night.died()
    shutil.rmtree(path)
    return died


@pytest.mark.parametrize("role", ROLES)
def test_killed_everywhere(tmp_path, role):
    calls = calls_of_a_whole_night(tmp_path / "whole", role in BY_PLUGIN)[role]
    seed = int(os.environ.get("TOCSIN_SEED", random.randrange(1000)))
    step = STEP if calls > STEP else 1
    points = range(1 + seed % step, calls + 1, step)
    died = sum(one_death(tmp_path / str(n), role, n) for n in points)
    print("%s: killed at %d of its %d calls, every %d. from %d (TOCSIN_SEED=%d)" % (role, died, calls, step, points[0], seed))
    assert died >= len(points) * 9 // 10  # the last calls of a night may not come twice


# ---- a storm ----

def send_storm(daemon, acknowledged, numbers):
    for i in numbers:
        name = "Storm%04d" % i
        again_until(lambda: daemon.alert(name, severity="warning") == 200, 60)
        acknowledged.append(name)


def kill_now_and_then(daemon, rng, acknowledged, killed):
    """Somebody at every hundredth alert."""
    for n in range(100, 1000, 100):
        while len(acknowledged) < n:
            time.sleep(0.005)
        role = rng.choice(ROLES)
        with contextlib.suppress(OSError, KeyError):  # it is dead already
            os.kill(daemon.roles()[role], signal.SIGKILL)
            killed[role] += 1


def test_nothing_acknowledged_is_lost_in_a_storm_of_deaths(tmp_path):
    seed = int(os.environ.get("TOCSIN_SEED", random.randrange(1000)))
    daemon = Supervised(tmp_path)
    acknowledged, killed = [], collections.Counter()
    killer = threading.Thread(target=kill_now_and_then, args=(daemon, random.Random(seed), acknowledged, killed), daemon=True)
    senders = [threading.Thread(target=send_storm, args=(daemon, acknowledged, range(i, 1000, 8))) for i in range(8)]
    try:
        for t in [killer, *senders]:
            t.start()
        for t in senders:
            t.join(120)
        print("killed %s; TOCSIN_SEED=%d" % (dict(killed), seed))
        assert len(acknowledged) == 1000 and sum(killed.values()) >= 5
        again_until(lambda: {a["labels"]["alertname"] for a in daemon.get("/api/v2/alerts")} == set(acknowledged))
        assert "intact" in daemon.verify()
    finally:
        status = daemon.stop()
    assert status == 0, daemon.said()
