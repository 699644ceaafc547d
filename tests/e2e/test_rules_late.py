"""A group of rules that takes longer than its interval: the others are on time, and it is seen that it is not."""
import time

import pytest

from daemon import TOCSIN, Daemon, query

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")
RULES = """
groups:
  - name: slow
    interval: 1s
    rules:
      - record: slow_one
        expr: 0 * stddev_over_time(stddev_over_time(vector(1)[12000s:1s])[12000s:1s]) + 1
      - record: slow_two
        expr: slow_one + 1
  - name: quick
    interval: 1s
    rules:
      - record: quick_time
        expr: time()
"""


def values(d, name):
    got = d.ask("GET", query("/api/v1/query", query="%s[1m]" % name)).json()["data"]["result"]
    return [(float(t), float(v)) for t, v in got[0]["values"]] if got else []


def metric(d, name):
    for line in d.ask("GET", "/metrics").body.decode().splitlines():
        if line.startswith(name) and 'role="core"' in line:
            return float(line.split()[-1])
    return 0


def test_a_slow_group_holds_up_nobody_and_is_seen_to_be_late(tmp_path):
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES)
    d = Daemon(tmp_path, "rule_files: [%s]" % rules)
    try:
        d.wait(lambda: values(d, "slow_two"), 60)
        slow = d.ask("GET", "/api/v1/rules").json()["data"]["groups"]
        took = {g["name"]: g["evaluationTime"] for g in slow}
        began, quick = time.time(), len(values(d, "quick_time"))
        d.wait(lambda: len(values(d, "slow_one")) > 1, 60)
        passed, came = time.time() - began, len(values(d, "quick_time")) - quick
        # the rule behind it sees what the slow one wrote in the same evaluation
        assert [t for t, _ in values(d, "slow_one")][:1] == [t for t, _ in values(d, "slow_two")][:1]
        assert took["quick"] < took["slow"], took
        assert came >= passed / 2 - 2, (came, passed, took)
        if took["slow"] > 1.2:
            d.wait(lambda: metric(d, "tocsin_rule_group_missed_total") > 0 or metric(d, "tocsin_rule_group_late_milliseconds") > 0)
    finally:
        d.stop()
