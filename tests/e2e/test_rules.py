"""`tocsin rules check` and `tocsin rules test` beside Debian's promtool, over files of ours that pass and that fail."""
import pathlib
import shutil
import subprocess

import pytest

from daemon import TOCSIN

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")
RULES = pathlib.Path(__file__).parent.parent / "rules"
PROMTOOL = shutil.which("promtool")


def run(*argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, cwd=RULES, timeout=60)
    return done.returncode, done.stdout + done.stderr


def verdict(said):
    status, text = said
    return status, "SUCCESS" in text, text.count("time: "), text.count("alertname: ")


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not here")
@pytest.mark.parametrize("name", sorted(p.name for p in RULES.glob("*.test.yml")))
def test_a_test_file_gets_promtools_verdict(name):
    ours = run(TOCSIN, "rules", "test", name)
    assert verdict(ours) == verdict(run(PROMTOOL, "test", "rules", name)), ours[1]


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not here")
@pytest.mark.parametrize("name", ["rules.yml", "broken.yml"])
def test_a_rule_file_gets_promtools_verdict(name):
    ours = run(TOCSIN, "rules", "check", name)
    theirs = run(PROMTOOL, "check", "rules", name)
    assert ours[0] == theirs[0] and ("SUCCESS" in ours[1]) == ("SUCCESS" in theirs[1]), ours[1]


def test_every_fault_is_named_with_its_place():
    status, text = run(TOCSIN, "rules", "check", "broken.yml", "rules.yml")
    assert status == 1
    for place in ("broken.yml:5:15: expr: 1:7:", "broken.yml:7:17:", "broken.yml:11:22:", "broken.yml:12:11:", "SUCCESS: 4 rules found"):
        assert place in text, text


def test_what_fails_is_shown_beside_what_was_wanted():
    status, text = run(TOCSIN, "rules", "test", "fails.test.yml", "passes.test.yml")
    assert status == 1
    assert "alertname: InstanceDown, time: 8m" in text and 'got:[\n            0:\n              Labels:{alertname="InstanceDown"' in text
    assert 'expr: "gone", time: 3m,\n        exp: gone 2\n        got: nil' in text
    assert "passes.test.yml\n  SUCCESS" in text


def test_rules_that_say_the_same_twice_are_named():
    status, text = run(TOCSIN, "rules", "check", "duplicates.yml")
    assert status == 0 and "1 duplicate rule(s) found" in text and "Metric: a\nLabel(s):\n\tx: y" in text


def test_a_value_that_is_none_is_refused(tmp_path):
    (tmp_path / "x.yml").write_text("tests: [{input_series: [{series: a, values: '1 two 3'}]}]\n")
    status, text = run(TOCSIN, "rules", "test", tmp_path / "x.yml")
    assert status == 1 and '"two" is not a value' in text


def test_what_is_written_in_keys_of_ours_is_shown_as_promql():
    status, text = run(TOCSIN, "rules", "check", "ours.yml")
    assert status == 0
    assert "  Grows: (disk_used) / (disk_used offset 1d) - 1 > 0.05\n" in text
    assert "  Unlike: abs((sum(rate(bytes_total[5m]))) / (sum(rate(bytes_total[5m] offset 1d))) - 1) > 0.2 and abs(" in text
    assert "  Full: (disk_used > 90) or (ALERTS{" in text


def test_wrong_keys_of_ours_are_named_with_their_places():
    status, text = run(TOCSIN, "rules", "check", "ours_broken.yml")
    assert status == 1
    for said in ('"lots" is not a share', "one of expr, evolution and comparison", '"90m" is not a number of whole days', "only alerting rules have", "14:23"):
        assert said in text, text
