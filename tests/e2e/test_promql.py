"""What Prometheus 3.5.3 answered to queries of ours over a world of ours (tests/golden/promql, recorded by record_promql.py),
asked of the daemon."""
import json
import pathlib
import re

import pytest

from daemon import TOCSIN
from promql_world import answer, difference, series, tocsin

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

GOLDEN = json.loads((pathlib.Path(__file__).parent.parent / "golden" / "promql" / "answers.json").read_text())


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with tocsin(tmp_path_factory.mktemp("promql"), series()) as u:
        yield u


def test_the_recording_is_of_this_version_and_large():
    assert GOLDEN["version"] == "3.5.3"
    assert len(GOLDEN["cases"]) > 350


def test_answers_are_those_of_prometheus_3_5_3(url):
    wrong = []
    for case in GOLDEN["cases"]:
        found = difference(case["form"], (case["status"], case["answer"]), answer(url, case["form"]))
        if found:
            wrong.append("%s: %s" % (case["form"], found))
    assert not wrong, "%d differ:\n%s" % (len(wrong), "\n".join(wrong[:20]))


def case_of(text):
    return next(c for c in GOLDEN["cases"] if c["form"]["query"] == text)


@pytest.mark.parametrize("text", ["rate(up)", "sum by (job (up)", "nofunction(up)", "quantile(2, up)", "rate(temperature[5m])"])
def test_errors_and_notes_say_the_same(url, text):
    theirs = case_of(text)
    status, ours = answer(url, theirs["form"])
    assert (status, *[ours.get(k) for k in ("error", "warnings", "infos")]) == (
        theirs["status"], *[theirs["answer"].get(k) for k in ("error", "warnings", "infos")])


def test_steps_cost_the_same(url):
    asked = [c for c in GOLDEN["cases"] if "stats" in c["form"]]
    assert len(asked) == 14
    for case in asked:
        theirs, ours = (a["data"]["stats"]["samples"] for a in (case["answer"], answer(url, case["form"])[1]))
        assert {k: ours[k] for k in ours if k != "peakSamples"} == {k: theirs[k] for k in theirs if k != "peakSamples"}, case["form"]


# What our regular expressions and numbers say of themselves in other words.
OTHER_WORDS = ['up{job=~"("}']


def test_what_cannot_be_read_is_refused_in_the_same_words_at_the_same_place(url):
    refused = [c for c in GOLDEN["cases"] if c["status"] == 400 and c["form"]["query"] not in OTHER_WORDS]
    assert len(refused) > 80
    said = [(c["form"]["query"], answer(url, c["form"])[1]["error"], c["answer"]["error"]) for c in refused]
    assert [s for s in said if s[1] != s[2]] == []
