"""Rules over stored history: episodes against the arithmetic done by hand, tickets and pages by the real desk, and what rules
deserve a look."""
import datetime
import subprocess
import time

import pytest

from daemon import TOCSIN, Daemon

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

MINUTE, HOUR = 60, 3600
NOW = int(time.time()) // MINUTE * MINUTE
FROM = NOW - 24 * HOUR
STORE = "storage: {out_of_order_window: 30d, retention: 90d}\n"
RULES = """
groups:
  - name: g
    interval: 1m
    rules:
      - {record: disk:used:max, expr: max by (host) (disk_used)}
      - {alert: DiskFull, expr: 'disk:used:max > %s', for: %s, annotations: {summary: 'disk of {{ $labels.host }} at {{ $value }}'}}
      - {alert: Never, expr: disk_used > 1000}
      - {alert: Always, expr: disk_used > -1}
      - {alert: Flapping, expr: flap == 1}
"""


def at(minute):
    return datetime.datetime.fromtimestamp(FROM + minute * MINUTE, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def disk(minute):
    if 100 <= minute < 130:
        return 95.0  # half an hour
    return 85.0 if 500 <= minute < 503 else 50.0


def flap(minute):
    return float(200 <= minute < 260 and minute % 4 < 2)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    path = tmp_path_factory.mktemp("replay")
    (path / "rules.yml").write_text(RULES % (80, "0s"))
    d = Daemon(path, STORE + "rule_files: [rules.yml]\n")
    minutes = range(0, 24 * 60)
    for name, value in (("disk_used", disk), ("flap", flap)):
        labels = {"__name__": name, "host": "a"}
        assert d.write([(labels, [((FROM + m * MINUTE) * 1000, value(m)) for m in minutes])]).status == 204
    yield d
    d.stop()


def replay(d, **order):
    said = d.ask("POST", "/api/tocsin/v1/rules/replay", dict({"from": at(0), "to": at(24 * 60 - 1)}, **order), timeout=60)
    assert said.status == 200, said.body
    return said.json()


def of(answer, name):
    return [e for e in answer["episodes"] if e["rule"] == name]


def test_a_changed_rule_is_told_beside_the_present_one(daemon):
    said = replay(daemon, rules=RULES % (90, "5m"), only=["DiskFull"])
    new, old = of(said["proposed"], "DiskFull"), of(said["present"], "DiskFull")
    assert [(e["pendingAt"], e["firingAt"], e["endedAt"]) for e in new] == [(at(100), at(105), at(130))]
    assert [(e["pendingAt"], e["firingAt"], e["endedAt"]) for e in old] == [(at(100), at(100), at(130)), (at(500), at(500), at(503))]
    assert new[0]["annotations"] == {"summary": "disk of a at 95"} and new[0]["labels"] == {"alertname": "DiskFull", "host": "a"}


def test_a_rule_that_was_never_long_enough_stays_pending(daemon):
    said = replay(daemon, rules=RULES % (80, "10m"), only=["DiskFull"], rehearse=False)
    episodes = of(said["proposed"], "DiskFull")
    assert [e.get("firingAt") for e in episodes] == [at(110), None]
    assert episodes[1]["endedAt"] == at(503) and "tickets" not in said["proposed"]


def test_all_present_rules_without_a_file(daemon):
    said = replay(daemon)
    rules = {r["name"]: r for r in said["present"]["rules"]}
    assert not [r for r in rules.values() if "error" in r]
    assert "proposed" not in said
    assert rules["Never"]["fired"] == 0 and rules["Always"]["fired"] == 1 and rules["Flapping"]["fired"] == 15
    assert rules["Always"]["evaluations"] == 24 * 60


def test_suggestions_propose_and_try_a_change(daemon):
    said = daemon.ask("GET", "/api/tocsin/v1/rules/suggest?days=1", timeout=60).json()
    found = {s["name"]: s for s in said["suggestions"]}
    assert found["Never"]["finding"] == "never fired"
    assert found["Flapping"]["finding"] == "flaps" and found["Flapping"]["change"] == "keep_firing_for: 3m"
    assert found["Flapping"]["firedNow"] == 15 and found["Flapping"]["firedThen"] == 1
    assert "DiskFull" not in found


def test_wrong_orders_are_refused_with_a_sentence(daemon):
    for order, word in (({"from": at(10), "to": at(5)}, "earlier"), ({"from": at(0), "rules": "groups: [{name: x, rules: [{alert: A, expr: 'sum('}]}]"}, "parse error"),
                        ({"from": "2001-01-01T00:00:00Z"}, "at most 400 days")):
        said = daemon.ask("POST", "/api/tocsin/v1/rules/replay", order)
        assert said.status == 400 and word in said.json()["error"], said.body


def test_the_command_line_prints_it(daemon, tmp_path):
    (tmp_path / "new.yml").write_text(RULES % (90, "5m"))
    done = subprocess.run([TOCSIN, "rules", "replay", "--url", daemon.url(""), "--rules", tmp_path / "new.yml", "--from", "24h", "--only", "DiskFull"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "== With these rules" in done.stdout and "== With the rules at work" in done.stdout and "DiskFull" in done.stdout
    done = subprocess.run([TOCSIN, "rules", "suggest", "--url", daemon.url(""), "--days", "1"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "keep_firing_for: 3m" in done.stdout, done.stderr
