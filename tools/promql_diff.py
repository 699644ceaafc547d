#!/usr/bin/env python3
"""Asks a Prometheus 3 and the daemon the same random queries over the same random data, and prints where they differ.
  tools/promql_diff.py [--prometheus BINARY] [--seconds 60] [--seed N] [--texts]
Without a Prometheus of version 3 it says so and ends well; otherwise it ends with 1 when anything differed."""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e"))
from promql_world import Grammar, answer, difference, prometheus, series, tocsin  # noqa: E402


def version(binary):
    said = subprocess.run([binary, "--version"], capture_output=True, text=True)
    found = re.search(r"version (\d+)\.", said.stdout + said.stderr)
    return int(found.group(1)) if found else 0


def compare(theirs, ours, seed, seconds, texts):
    """(asked, differed)"""
    grammar, end, asked, differed = Grammar(seed), time.time() + seconds, 0, 0
    while time.time() < end:
        form = grammar.query()
        asked += 1
        wrong = difference(form, answer(theirs, form), answer(ours, form), texts)
        if wrong:
            differed += 1
            print("%s\n    %s\n    %s" % (form["query"], {k: v for k, v in form.items() if k != "query"}, wrong[:600]))
    return asked, differed


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--prometheus", default=shutil.which("prometheus"))
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--texts", action="store_true", help="warnings and infos must be the same, too")
    a = p.parse_args()
    if not a.prometheus or version(a.prometheus) < 3:
        print("no Prometheus 3 is here: nothing was compared")
        return 0
    world = series(a.seed)
    with tempfile.TemporaryDirectory() as name, prometheus(a.prometheus, world) as theirs, tocsin(pathlib.Path(name), world) as ours:
        asked, differed = compare(theirs, ours, a.seed, a.seconds, a.texts)
    print("seed %d: %d queries, %d differ" % (a.seed, asked, differed))
    return 1 if differed else 0


if __name__ == "__main__":
    sys.exit(main())
