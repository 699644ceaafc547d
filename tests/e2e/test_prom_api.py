"""The corners of Prometheus's API: formats and trees of expressions, limits, statistics, rules by filter and page, federation,
gzip.  Shapes and texts are Prometheus 3.5's."""
import gzip
import json
import signal
import struct
import time
import urllib.parse

import pytest

from daemon import TOCSIN, Daemon, field, native, query, snappy, varint

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")
NOW = 0  # when the samples were written: the lookback counts from there
CONFIG = """
global: {external_labels: {site: north}, query_log_file: queries/log}
rule_files: [rules.yml]
scrape_configs:
  - {job_name: nodes, static_configs: []}
  - job_name: own
    scrape_interval: 1s
    file_sd_configs: [{files: [targets.json], refresh_interval: 1s}]
    relabel_configs:
      - {source_labels: [team], regex: (.+), target_label: squad, replacement: q$1}
      - {regex: team, action: labeldrop}
      - {source_labels: [__address__], regex: gone.*, action: drop}
"""
RULES = """
groups:
  - name: first
    interval: 1s
    rules:
      - {alert: High, expr: 'm > 1', labels: {severity: page}}
      - {record: twice, expr: m * 2 or sum(held)}
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
    (path / "queries").mkdir()
    (path / "targets.json").write_text("[]")
    d = Daemon(path, CONFIG)
    (path / "targets.json").write_text(json.dumps([{"targets": ["127.0.0.1:%d" % d.port, "gone:1"], "labels": {"team": "1"}}]))
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


def test_steps_are_counted_where_nobody_looks_at_values(daemon):
    for expr in ("count(m)", "count by (i) (m)", "count(count_over_time(m[1m]))", "group(m)", "absent(m)", "timestamp(m)", "m or m"):
        told = get(daemon, "/api/v1/query_range", query=expr, start=NOW - 60, end=NOW, step=15, stats="all")
        plain = get(daemon, "/api/v1/query_range", query=expr, start=NOW - 60, end=NOW, step=15)
        assert told["result"] == plain["result"], expr
        assert len(told["stats"]["samples"]["totalQueryableSamplesPerStep"]) == 5 and told["stats"]["samples"]["totalQueryableSamples"] > 0, expr


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


def test_native_histograms_are_answered_but_not_federated(daemon):
    waits = {"__name__": "waits", "instance": "x"}
    counts = native(6, 7.5, 0, (0, [1, 2]), (1, [2]), 1)
    assert daemon.write([(waits, [((NOW - 40) * 1000, counts), ((NOW - 10) * 1000, counts)])]).status == 204
    told = {"count": "6", "sum": "7.5", "buckets": [[1, "-2", "-1", "2"], [3, "-0.001", "0.001", "1"], [0, "0.5", "1", "1"], [0, "1", "2", "2"]]}
    assert get(daemon, "/api/v1/query", query="waits", time=NOW)["result"] == [{"metric": waits, "histogram": [NOW, told]}]
    ranged = get(daemon, "/api/v1/query_range", query="waits or m{i='1'}", start=NOW - 10, end=NOW, step=5)["result"]
    assert ranged[1] == {"metric": waits, "histograms": [[t, told] for t in (NOW - 10, NOW - 5, NOW)]}
    assert ranged[0]["values"] == [[t, "1"] for t in (NOW - 10, NOW - 5, NOW)]
    assert "waits" not in daemon.ask("GET", query("/federate", ("match[]", "{instance=~'.+'}"))).body.decode()


def test_recording_rules_keep_native_histograms(daemon):
    assert daemon.write([({"__name__": "held", "instance": "x"}, [(int(time.time() * 1000) - 1000, native(3, 4.5, 0, (0, [1, 2])))])]).status == 204
    daemon.wait(lambda: get(daemon, "/api/v1/query", query="twice{i=''}")["result"])
    assert get(daemon, "/api/v1/query", query="twice{i=''}")["result"][0]["histogram"][1]["count"] == "3"


def test_exemplars_of_a_query(daemon):
    label = lambda k, v: field(1, k) + field(2, v)
    exemplar = field(1, label(b"trace_id", b"abc")) + b"\x11" + struct.pack("<d", 0.25) + b"\x18" + varint(NOW * 1000 - 500)
    body = field(1, field(1, label(b"__name__", b"ex_total")) + field(2, b"\x09" + struct.pack("<d", 1) + b"\x10" + varint(NOW * 1000)) + field(3, exemplar))
    said = daemon.ask("POST", "/api/v1/write", snappy(body), headers={"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"})
    assert said.status == 204
    both = get(daemon, "/api/v1/query_exemplars", query="rate(ex_total[5m]) / ex_total", start=NOW - 10, end=NOW)
    assert both == [{"seriesLabels": {"__name__": "ex_total"}, "exemplars": [{"labels": {"trace_id": "abc"}, "value": "0.25", "timestamp": NOW - 0.5}]}]
    assert get(daemon, "/api/v1/query_exemplars", query="ex_total", start=NOW - 100, end=NOW - 10) == []
    assert "end timestamp must not be before" in refused(daemon, "/api/v1/query_exemplars", query="ex_total", start=NOW, end=NOW - 10)


def test_targets_are_told_apart(daemon):
    daemon.wait(lambda: get(daemon, "/api/v1/targets/metadata", metric="tocsin_rule_evaluations_total"))
    own = get(daemon, "/api/v1/targets/metadata", metric="tocsin_rule_evaluations_total", match_target='{job="own"}')
    assert own == [{"target": {"instance": "127.0.0.1:%d" % daemon.port, "job": "own", "squad": "q1"}, "type": "counter",
                    "help": "Evaluations of rules.", "unit": ""}]
    assert get(daemon, "/api/v1/targets/metadata", match_target='{job="nodes"}') == []
    assert len(get(daemon, "/api/v1/targets/metadata", limit=1)) > 5
    assert refused(daemon, "/api/v1/targets/metadata", limit="x") == "limit must be a number"
    active = get(daemon, "/api/v1/targets", state="active", scrapePool="own")
    assert [t["scrapePool"] for t in active["activeTargets"]] == ["own"] and active["droppedTargetCounts"] is None
    assert get(daemon, "/api/v1/targets", state="dropped") == {"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {"nodes": 0, "own": 1}}
    assert get(daemon, "/api/v1/scrape_pools") == {"scrapePools": ["nodes", "own"]}


def test_relabelling_is_shown_step_by_step(daemon):
    steps = get(daemon, "/api/v1/targets/relabel_steps", scrapePool="own", labels='{"team": "1"}')["steps"]
    assert [(s["rule"]["action"], s["output"], s["keep"]) for s in steps] == [
        ("replace", {"team": "1", "squad": "q1"}, True), ("labeldrop", {"squad": "q1"}, True), ("drop", {"squad": "q1"}, True)]
    assert get(daemon, "/api/v1/targets/relabel_steps", scrapePool="own", labels='{"__address__": "gone:1"}')["steps"][2]["keep"] is False
    assert "no labels parameter" in refused(daemon, "/api/v1/targets/relabel_steps", scrapePool="own")
    assert 'scrape pool "none" not found' in refused(daemon, "/api/v1/targets/relabel_steps", scrapePool="none", labels="{}")


def test_queries_are_logged_and_the_log_is_rotated(daemon):
    log = daemon.path / "queries" / "log"
    get(daemon, "/api/v1/query_range", query="sum(m) + 0", start=NOW - 60, end=NOW, step=30)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    asked = next(line for line in lines if line["params"]["query"] == "sum(m) + 0")
    assert asked["params"]["step"] == 30 and asked["httpRequest"] == {"clientIP": "127.0.0.1", "method": "GET", "path": "/api/v1/query_range"}
    assert asked["stats"]["samples"]["totalQueryableSamples"] == 40 and asked["stats"]["timings"]["execTotalTime"] > 0
    of_rules = [line["ruleGroup"] for line in lines if "ruleGroup" in line]
    assert any(g["file"].endswith("rules.yml") and g["name"] == "first" for g in of_rules)
    log.rename(log.with_name("old"))
    daemon.program.process.send_signal(signal.SIGHUP)
    daemon.wait(lambda: log.exists() and get(daemon, "/api/v1/query", query="up") and "httpRequest" in log.read_text())


def test_large_answers_are_packed_for_who_can_unpack(daemon):
    path = query("/api/v1/query", query="m", time=NOW)
    packed = daemon.ask("GET", path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == daemon.ask("GET", path).json()
    assert "Content-Encoding" not in daemon.ask("GET", query("/api/v1/query", query="1"), headers={"Accept-Encoding": "gzip"}).headers


def test_what_is_the_same_for_everybody(daemon):
    assert daemon.ask("GET", "/api/v1/notifications/live").status == 204
    assert get(daemon, "/api/v1/alertmanagers") == {"activeAlertmanagers": [], "droppedAlertmanagers": []}
    assert get(daemon, "/api/v1/notifications") == []
    features = get(daemon, "/api/v1/features")
    assert features["promql"]["subqueries"] is True and features["promql_functions"]["start_timestamp"] is True
    assert {"@", "=~", "atan2", "unless", "limitk", "</"} <= set(features["promql_operators"])


def test_a_lookback_of_ones_own(daemon):
    late = NOW + 60
    assert get(daemon, "/api/v1/query", query="bare", time=late)["result"]
    assert not get(daemon, "/api/v1/query", query="bare", time=late, lookback_delta="30s")["result"]
