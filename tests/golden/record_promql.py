#!/usr/bin/python3
"""Records what a Prometheus answers to queries of ours over the world of tests/e2e/promql_world.py: tests/golden/promql/*.json.
  tests/golden/record_promql.py PROMETHEUS
The version stands in the file; the test names it."""
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from promql_world import BEGIN, Grammar, answer, prometheus, series  # noqa: E402

AT = str(BEGIN + 3600)
RANGE = {"start": str(BEGIN + 3000), "end": str(BEGIN + 4200), "step": "60"}
WRITTEN = [line for line in (HERE / "promql" / "queries.txt").read_text().splitlines() if line and not line.startswith("#")]


def forms():
    for text in WRITTEN:
        yield {"query": text, "time": AT}
        yield dict(RANGE, query=text)
    for text in ("up", "sum(rate(requests_total[5m]))", "odd", "gone offset 5m", "max_over_time(temperature[10m:1m])", "waits", "rate(waits[5m])",
                 "temperature + up @ end()"):
        yield {"query": text, "time": AT, "stats": "all"}
        yield dict(RANGE, query=text, stats="all")
    grammar = Grammar(35)
    for _ in range(300):
        yield grammar.query()


def main(binary):
    said = subprocess.run([binary, "--version"], capture_output=True, text=True)
    version = re.search(r"version (\S+?)[+ ,]", said.stdout + said.stderr).group(1)
    with prometheus(binary, series()) as url:
        cases = []
        for form in forms():
            status, body = answer(url, form)
            if len(json.dumps(body)) < 20000:
                cases.append({"form": form, "status": status, "answer": body})
    lines = ",\n".join(json.dumps(c, sort_keys=True, separators=(",", ":")) for c in cases)
    (HERE / "promql" / "answers.json").write_text('{"version": "%s", "cases": [\n%s\n]}\n' % (version, lines))
    print("%d answers of %s" % (len(cases), version))


if __name__ == "__main__":
    main(sys.argv[1])
