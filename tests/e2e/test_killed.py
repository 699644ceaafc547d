"""Killed everywhere: a process dies at its N-th call that changes the world, and the night goes on as if it had not."""
import collections
import os
import random
import shutil
import signal
import threading
import time

import pytest

from chain import RESOURCES, Chain
from daemon import TOCSIN
from peers import Telephone

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

ROLES = ("engine", "core", "voice")
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


def presses_1(tel):
    tel.script = presses_1  # the next call, too
    time.sleep(0.05)
    tel.press("1")


class Night:
    """One alert, one call, one key, one command; `plan` is what TOCSIN_FAULT says."""

    def __init__(self, path, plan):
        self.path = path
        path.mkdir()
        self.once = path / "once"
        self.once.touch()
        (path / "resources.yml").write_text(RESOURCES)
        self.tel = Telephone(script=presses_1, ring=0.01)
        self.daemon = Chain(path, self.tel, resources=None, env={"TOCSIN_FAULT": plan, "TOCSIN_FAULT_ONCE": str(self.once)})

    def live(self):
        d = self.daemon
        again_until(lambda: d.apply(self.path / "resources.yml") or True)
        again_until(lambda: d.alert("DiskFull") == 200)
        again_until(lambda: d.ticket()["state"] in ("in_progress", "closed"))
        again_until(lambda: d.ticket()["state"] == "closed" or d.verb("ticket", "close", "1") or True)
        again_until(lambda: d.ticket()["state"] == "closed")

    def died(self):
        return not self.once.exists()

    def judge(self):
        """What must be true whoever died, and when."""
        moves = []
        again_until(lambda: moves.extend(e for e in self.daemon.timeline() if e["kind"] == "ticket_state") or True)
        taken = [e for e in moves if e["facts"]["state"] == "in_progress"]
        calls = {t.split("Call-ID:")[1].split()[0] for t in self.tel.invites}
        assert len(self.daemon.tickets()) == 1
        assert [e["actor"] for e in taken] == ["user/first"], taken
        assert self.daemon.ticket()["assignee"] == "first"
        assert 1 <= len(calls) <= 2, calls
        assert "intact" in self.daemon.verify()

    def end(self):
        status = self.daemon.stop()
        self.tel.stop()
        return status

    def said(self):
        return self.daemon.said()


def calls_of_a_whole_night(path):
    """role -> how many calls it makes when nobody dies"""
    night = Night(path, "count")
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
    night = Night(path, "kill:%d:%s" % (n, role))
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
    calls = calls_of_a_whole_night(tmp_path / "whole")[role]
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
        pid = daemon.roles().get(role)
        if pid:
            os.kill(pid, signal.SIGKILL)
            killed[role] += 1


def test_nothing_acknowledged_is_lost_in_a_storm_of_deaths(tmp_path):
    seed = int(os.environ.get("TOCSIN_SEED", random.randrange(1000)))
    daemon = Chain(tmp_path)
    acknowledged, killed = [], collections.Counter()
    killer = threading.Thread(target=kill_now_and_then, args=(daemon, random.Random(seed), acknowledged, killed), daemon=True)
    senders = [threading.Thread(target=send_storm, args=(daemon, acknowledged, range(i, 1000, 8))) for i in range(8)]
    try:
        for t in [killer, *senders]:
            t.start()
        for t in senders:
            t.join(60)
        print("killed %s; TOCSIN_SEED=%d" % (dict(killed), seed))
        assert len(acknowledged) == 1000 and sum(killed.values()) >= 5
        again_until(lambda: {a["labels"]["alertname"] for a in daemon.get("/api/v2/alerts")} == set(acknowledged))
        assert "intact" in daemon.verify()
    finally:
        status = daemon.stop()
    assert status == 0, daemon.said()
