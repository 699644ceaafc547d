"""The corners of Prometheus's API: formats and trees of expressions, limits, statistics, rules by filter and page, federation,
gzip.  Shapes and texts are Prometheus 3.5's."""
import gzip
import json
import time
import urllib.parse

import pytest

from daemon import TOCSIN, Daemon, query

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")
NOW = 0  # when the samples were written: the lookback counts from there
RULES = """
groups:
  - name: first
    interval: 1s
    rules:
      - {alert: High, expr: 'm > 1', labels: {severity: page}}
      - {record: twice, expr: m * 2}
  - name: second
    interval: 1s
    rules: [{alert: Low, expr: 'm < 1', labels: {severity: info}}]
  - name: third
    rules: [{record: thrice, expr: m * 3}]
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    global NOW
    NOW = int(time.time())
    path = tmp_path_factory.mktemp("prom_api")
    (path / "rules.yml").write_text(RULES)
    d = Daemon(path, "global: {external_labels: {site: north}}\nscrape_configs: [{job_name: nodes, static_configs: []}]\nrule_files: [rules.yml]\n")
    series = [({"__name__": "m", "i": str(i), "instance": "x:%d" % i}, [((NOW - 10) * 1000, float(i))]) for i in range(40)]
    series.append(({"__name__": "bare", "path": 'a"b\\c'}, [((NOW - 10) * 1000, 1.5)]))
    try:
        assert d.write(series).status == 204
        d.wait(lambda: get(d, "/api/v1/alerts")["alerts"])
        yield d
    finally:
        d.stop()


def get(d, path, *pairs, **named):
    said = d.ask("GET", query(path, *pairs, **named))
    assert said.status == 200, said.body
    return said.json()["data"]


def refused(d, path, *pairs, **named):
    said = d.ask("GET", query(path, *pairs, **named))
    assert said.status == 400, said.body
    return said.json()["error"]


def test_an_expression_is_formatted(daemon):
    assert get(daemon, "/api/v1/format_query", query="sum(m)by(i)") == "sum by (i) (m)"
    said = daemon.ask("POST", "/api/v1/format_query", urllib.parse.urlencode({"query": "foo/bar"}).encode(),
                      headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert said.json() == {"status": "success", "data": "foo / bar"}
    assert 'parse error' in refused(daemon, "/api/v1/format_query", query="foo /")


def test_an_expression_is_a_tree(daemon):
    assert get(daemon, "/api/v1/parse_query", query="foo/bar") == {
        "type": "binaryExpr", "op": "/", "bool": False, "matching": {"card": "one-to-one", "include": [], "labels": [], "on": False},
        "lhs": {"type": "vectorSelector", "name": "foo", "offset": 0, "startOrEnd": None, "timestamp": None,
                "matchers": [{"name": "__name__", "type": "=", "value": "foo"}]},
        "rhs": {"type": "vectorSelector", "name": "bar", "offset": 0, "startOrEnd": None, "timestamp": None,
                "matchers": [{"name": "__name__", "type": "=", "value": "bar"}]}}
    tree = get(daemon, "/api/v1/parse_query", query='topk by (i) (2, rate(m{i!="1"}[5m] offset 1m @ end()))')
    assert (tree["type"], tree["op"], tree["grouping"], tree["param"]) == ("aggregation", "topk", ["i"], {"type": "numberLiteral", "val": "2"})
    call = tree["expr"]
    assert call["type"] == "call" and call["func"] == {"name": "rate", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector"}
    assert call["args"][0]["type"] == "matrixSelector" and call["args"][0]["range"] == 300000 and call["args"][0]["offset"] == 60000
    assert call["args"][0]["startOrEnd"] == "end"


def test_a_limit_cuts_and_says_so(daemon):
    said = daemon.ask("GET", query("/api/v1/query", query="m", time=NOW, limit=3)).json()
    assert len(said["data"]["result"]) == 3 and said["warnings"] == ["results truncated due to limit"]
    assert "warnings" not in daemon.ask("GET", query("/api/v1/query", query="m", time=NOW, limit=40)).json()


def test_statistics_are_told_when_they_are_asked_for(daemon):
    assert "stats" not in get(daemon, "/api/v1/query", query="m", time=NOW)
    stats = get(daemon, "/api/v1/query", query="sum(m)", time=NOW, stats="all")["stats"]
    assert stats["samples"]["totalQueryableSamples"] == 40 and stats["samples"]["peakSamples"] >= 1
    assert stats["timings"]["execTotalTime"] > 0


def names(data):
    return [r["name"] for g in data["groups"] for r in g["rules"]]


def test_rules_are_filtered(daemon):
    assert names(get(daemon, "/api/v1/rules")) == ["High", "twice", "Low", "thrice"]
    assert names(get(daemon, "/api/v1/rules", type="alert")) == ["High", "Low"]
    assert names(get(daemon, "/api/v1/rules", type="record")) == ["twice", "thrice"]
    assert names(get(daemon, "/api/v1/rules", ("rule_name[]", "Low"), ("rule_name[]", "twice"))) == ["twice", "Low"]
    assert names(get(daemon, "/api/v1/rules", ("rule_group[]", "second"))) == ["Low"]
    assert names(get(daemon, "/api/v1/rules", ("file[]", "nowhere.yml"))) == []
    assert names(get(daemon, "/api/v1/rules", ("match[]", '{severity="page"}'))) == ["High"]
    assert [r["alerts"] for g in get(daemon, "/api/v1/rules", ("rule_name[]", "High"), exclude_alerts="true")["groups"] for r in g["rules"]] == [[]]
    assert "not supported value" in refused(daemon, "/api/v1/rules", type="odd")


def test_rules_come_in_pages(daemon):
    first = get(daemon, "/api/v1/rules", group_limit=2)
    assert [g["name"] for g in first["groups"]] == ["first", "second"]
    rest = get(daemon, "/api/v1/rules", group_limit=2, group_next_token=first["groupNextToken"])
    assert [g["name"] for g in rest["groups"]] == ["third"] and "groupNextToken" not in rest
    assert "group_limit" in refused(daemon, "/api/v1/rules", group_next_token="x")
    assert "invalid group_next_token" in refused(daemon, "/api/v1/rules", group_limit=1, group_next_token="x")


def test_others_may_federate(daemon):
    said = daemon.ask("GET", query("/federate", ("match[]", 'm{i=~"1|2"}'), ("match[]", "bare")))
    assert said.status == 200 and said.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    at = (NOW - 10) * 1000
    assert said.body.decode().splitlines() == [
        "# TYPE m untyped", 'm{i="1",instance="x:1",site="north"} 1 %d' % at, 'm{i="2",instance="x:2",site="north"} 2 %d' % at,
        "# TYPE bare untyped", 'bare{path="a\\"b\\\\c",instance="",site="north"} 1.5 %d' % at]


def test_large_answers_are_packed_for_who_can_unpack(daemon):
    path = query("/api/v1/query", query="m", time=NOW)
    packed = daemon.ask("GET", path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == daemon.ask("GET", path).json()
    assert "Content-Encoding" not in daemon.ask("GET", query("/api/v1/query", query="1"), headers={"Accept-Encoding": "gzip"}).headers


def test_what_is_the_same_for_everybody(daemon):
    assert get(daemon, "/api/v1/scrape_pools") == {"scrapePools": ["nodes"]}
    assert get(daemon, "/api/v1/alertmanagers") == {"activeAlertmanagers": [], "droppedAlertmanagers": []}
    assert get(daemon, "/api/v1/notifications") == []
    assert get(daemon, "/api/v1/features")["promql"]["subqueries"] is True


def test_a_lookback_of_ones_own(daemon):
    late = NOW + 60
    assert get(daemon, "/api/v1/query", query="bare", time=late)["result"]
    assert not get(daemon, "/api/v1/query", query="bare", time=late, lookback_delta="30s")["result"]
