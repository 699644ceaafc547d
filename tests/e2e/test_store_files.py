"""The store at rest: verify, snapshot and restore, OpenMetrics out and in, and blocks of a Prometheus."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest

from daemon import TOCSIN, Daemon, native, query, snappy, write_request
from peers import Program, free_port

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


def run(*words, url=None):
    env = dict(os.environ, TOCSIN_URL=url or "http://127.0.0.1:1", NO_COLOR="1")
    return subprocess.run([TOCSIN, "tsdb", *map(str, words)], capture_output=True, text=True, timeout=60, env=env)


def page(now):
    lines = ["# HELP gauge How much \\n of it.", "# TYPE gauge gauge"]
    for host in ("a", 'b "\\\\" \\n c'):
        for i in range(200):
            lines.append('gauge{host="%s"} %s %d.%03d' % (host.replace('"', '\\"').replace('\\\\"\\\\\\\\', "\\\\"), i * 0.25 - 3, now - 7200 + i * 30, i))
    lines.append("# TYPE count counter")
    for i in range(100):
        lines.append("count_total %d %d" % (i * i, now - 7200 + i * 30))
    return "\n".join(lines) + "\n# EOF\n"


@pytest.fixture
def start(tmp_path):
    daemons = []

    def begin(path):
        path.mkdir(exist_ok=True)
        daemons.append(Daemon(path))
        return daemons[-1]

    yield begin
    for d in daemons:
        d.stop()


def count(d, expression, now, tenant="default"):
    said = d.ask("GET", query("/api/v1/query", query=expression, time=now), None, None, {"X-Scope-OrgID": tenant}).json()
    return {json.dumps(s["metric"], sort_keys=True): s["value"][1] for s in said["data"]["result"]}


ALL = 'count_over_time({__name__=~"gauge|count_total"}[1d])'
SUM = 'sum_over_time({__name__=~"gauge|count_total"}[1d])'


def test_openmetrics_in_and_out(tmp_path, start):
    now = int(time.time())
    (tmp_path / "data").mkdir()
    text = tmp_path / "page.txt"
    text.write_text(page(now))
    done = run("import", "--data", tmp_path / "data", "--customer", "acme", text)
    assert done.returncode == 0 and done.stdout.startswith("500 samples were stored, from "), (done.stdout, done.stderr)
    done = run("import", "--data", tmp_path / "data", "--customer", "acme", text, "--json")
    assert json.loads(done.stdout)["duplicate"] == 500
    good = run("verify", "--data", tmp_path / "data")
    assert good.returncode == 0 and "block" in good.stdout, good
    d = start(tmp_path)
    whole = count(d, ALL, now, "acme"), count(d, SUM, now, "acme")
    assert sorted(whole[0].values()) == ["100", "200", "200"]
    told = d.ask("GET", "/api/v1/metadata", None, None, {"X-Scope-OrgID": "acme"}).json()["data"]
    assert told["gauge"] == [{"type": "gauge", "help": "How much \n of it.", "unit": ""}] and told["count"][0]["type"] == "counter"
    refused = run("import", "--data", tmp_path / "data", "--customer", "acme", text)
    assert refused.returncode == 3 and "stop it first" in refused.stderr
    out = run("export", "--customer", "acme", url=d.url(""))
    assert out.returncode == 0 and out.stdout.endswith("# EOF\n"), out.stderr
    some = run("export", "gauge", "--from", "1h", "--customer", "acme", url=d.url(""))
    assert 0 < some.stdout.count("gauge{") < 400 and "count_total" not in some.stdout
    (tmp_path / "out.txt").write_text(out.stdout)
    if shutil.which("promtool"):
        made = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", tmp_path / "out.txt", tmp_path / "blocks"],
                              capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, made.stderr
    (tmp_path / "other" / "data").mkdir(parents=True)
    assert run("import", "--data", tmp_path / "other" / "data", "--customer", "acme", tmp_path / "out.txt").returncode == 0
    other = start(tmp_path / "other")
    assert (count(other, ALL, now, "acme"), count(other, SUM, now, "acme")) == whole


@pytest.mark.parametrize("text,why", [("m 1\n", "has no time"), ("m{a=\"b\" 1 2\n", "line 1"), ("m 1 2\nm{} x 3\n", "line 2")])
def test_a_bad_page_stores_nothing(tmp_path, text, why):
    (tmp_path / "data").mkdir()
    (tmp_path / "page").write_text(text)
    done = run("import", "--data", tmp_path / "data", "--customer", "acme", tmp_path / "page")
    assert done.returncode == 1 and why in done.stderr and done.stdout.startswith("0 samples"), done


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here")
def ready(url):
    for _ in range(100):
        try:
            urllib.request.urlopen(url + "/-/ready", timeout=5)
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def test_blocks_of_a_prometheus(tmp_path, start):
    now = int(time.time())
    text = tmp_path / "page.txt"
    text.write_text(page(now))
    made = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", text, tmp_path / "blocks"], capture_output=True,
                          text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    port = free_port(socket.SOCK_STREAM)
    (tmp_path / "prometheus.yml").write_text("{}")
    peer = Program(["prometheus", "--config.file", tmp_path / "prometheus.yml", "--storage.tsdb.path", tmp_path / "blocks",
                    "--web.enable-admin-api", "--web.listen-address", "127.0.0.1:%d" % port], tmp_path / "prometheus.log")
    url = "http://127.0.0.1:%d" % port
    try:
        ready(url)
        request = urllib.request.Request(url + query("/api/v1/admin/tsdb/delete_series", ("match[]", 'gauge{host="a"}'), ("end", now - 5000)),
                                         method="POST")
        assert urllib.request.urlopen(request, timeout=10).status == 204
        with urllib.request.urlopen(url + query("/api/v1/query", query=SUM, time=now), timeout=10) as r:
            theirs = {json.dumps(s["metric"], sort_keys=True): s["value"][1] for s in json.load(r)["data"]["result"]}
    finally:
        peer.stop()
    assert any((f / "tombstones").stat().st_size > 9 for f in (tmp_path / "blocks").iterdir() if (f / "tombstones").exists())
    (tmp_path / "data").mkdir()
    done = run("import", tmp_path / "blocks", "--data", tmp_path / "data", "--customer", "default")
    assert done.returncode == 0, done
    d = start(tmp_path)
    ours = count(d, SUM, now)
    assert {k: float(v) for k, v in ours.items()} == pytest.approx({k: float(v) for k, v in theirs.items()}) and len(ours) == 3
    for block in (tmp_path / "blocks").iterdir():
        if (block / "chunks").is_dir():
            chunk = block / "chunks" / "000001"
            data = bytearray(chunk.read_bytes())
            data[len(data) // 2] ^= 1
            chunk.unlink()
            chunk.write_bytes(data)
    (tmp_path / "again").mkdir()
    bad = run("import", tmp_path / "blocks", "--data", tmp_path / "again", "--customer", "default")
    assert bad.returncode == 1 and "a chunk is damaged" in bad.stderr, bad


# Bounds of buckets only: in between, versions differ.
HISTOGRAMS = ("histogram_count(%s)", "histogram_sum(%s)", "histogram_fraction(-Inf, 4, %s)", "histogram_fraction(-2, 8, %s)",
              "histogram_count(increase(%s[2990s]))", "histogram_sum(increase(%s[3590s] offset 30m))")


def histogram(positive, negative, zero, total, floats=False):
    return native(sum(positive) + sum(negative) + zero, total, positive=(1, positive), negative=negative and (2, negative), zero=zero, floats=floats)


def test_native_histograms_of_a_prometheus(tmp_path, start):
    """TOCSIN_PROMETHEUS names a newer one than Debian's 2.42, whose remote write takes no histograms of floats."""
    prometheus = os.environ.get("TOCSIN_PROMETHEUS", "prometheus")
    floats = prometheus != "prometheus"
    start_at = int(time.time()) - 7200
    now = start_at + 149 * 40
    port = free_port(socket.SOCK_STREAM)
    (tmp_path / "prometheus.yml").write_text("{}")
    peer = Program([prometheus, "--config.file", tmp_path / "prometheus.yml", "--storage.tsdb.path", tmp_path / "prom",
                    "--web.enable-remote-write-receiver", "--web.enable-admin-api", "--enable-feature=native-histograms",
                    "--web.listen-address", "127.0.0.1:%d" % port], tmp_path / "prometheus.log")
    url = "http://127.0.0.1:%d" % port

    def theirs(expression):
        with urllib.request.urlopen(url + query("/api/v1/query", query=expression, time=now), timeout=10) as r:
            return {json.dumps(s["metric"], sort_keys=True): float(s["value"][1]) for s in json.load(r)["data"]["result"]}

    try:
        ready(url)
        for i in range(150):  # more than a chunk; buckets that come and go, and a reset
            t, k = (start_at + i * 40) * 1000, i % 90
            body = write_request([
                ({"__name__": "whole"}, [(t, histogram((k, 2 * k + i % 3, 0, k * k)[:2 + i // 50], (k,), k, -k / 3))]),
                *[({"__name__": "parts"}, [(t, histogram((k / 4, i % 7 / 8, k * 1.25), (), k * 0.5, k * 1.5, floats=True))])] * floats,
            ])
            headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0"}
            assert urllib.request.urlopen(urllib.request.Request(url + "/api/v1/write", snappy(body), headers), timeout=10).status in (200, 204)
        expected = {e % m: theirs(e % m) for e in HISTOGRAMS for m in ("whole", "parts")[:1 + floats]}
        with urllib.request.urlopen(urllib.request.Request(url + "/api/v1/admin/tsdb/snapshot", method="POST"), timeout=30) as r:
            snapshot = tmp_path / "prom" / "snapshots" / json.load(r)["data"]["name"]
    finally:
        peer.stop()
    (tmp_path / "data").mkdir()
    done = run("import", snapshot, "--data", tmp_path / "data", "--customer", "default", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["stored"] == 150 * (1 + floats) and json.loads(done.stdout)["unknown_chunks"] == 0, done
    d = start(tmp_path)
    for expression, values in expected.items():
        ours = {k: float(v) for k, v in count(d, expression, now).items()}
        assert ours == pytest.approx(values) and len(ours) == 1, expression


def test_snapshot_verify_restore(tmp_path, start):
    now = int(time.time())
    d = start(tmp_path)
    write = [({"__name__": "m", "i": str(i)}, [((now - 60 + k) * 1000, k * i) for k in range(60)]) for i in range(100)]
    write.append(({"__name__": "h"}, [((now - 5) * 1000, native(5, 3.5, positive=(0, [2, 3])))]))
    assert d.write(write).status == 204
    made = run("snapshot", "--json", url=d.url(""))
    name = json.loads(made.stdout)["data"]["name"]
    assert run("delete", "m", url=d.url("")).stdout == "They are deleted.\n"
    assert run("clean", url=d.url("")).returncode == 0 and run("compact", url=d.url("")).returncode == 0
    assert count(d, "count(m)", now) == {}
    said = run("analyze", url=d.url(""))
    assert said.returncode == 0 and "Metrics, by their series" in said.stdout, said
    copy = tmp_path / "data" / "samples" / "snapshots" / name
    live = run("verify", "--data", tmp_path / "data", "--json")
    assert live.returncode == 0 and all(f["state"] == "good" for f in json.loads(live.stdout)), live
    assert run("restore", "--data", tmp_path / "data", "--from", copy).returncode == 3
    d.stop()
    block = next(copy.glob("block-*"))
    data = bytearray(block.read_bytes())
    torn = bytearray(data)
    torn[len(torn) // 3] ^= 4
    block.unlink()
    block.write_bytes(torn)
    bad = run("verify", "--data", copy)
    assert bad.returncode == 1 and "damaged" in bad.stdout and block.name in bad.stderr, bad
    assert run("restore", "--data", tmp_path / "data", "--from", copy).returncode == 1
    block.write_bytes(data)
    half = tmp_path / "data" / "samples.new"  # of a restore that was killed
    half.mkdir()
    (half / "block-00000001").write_bytes(b"half")
    done = run("restore", "--data", tmp_path / "data", "--from", copy)
    assert done.returncode == 0 and "samples.before-" in done.stdout and not half.exists(), done
    half = tmp_path / "data" / "samples" / "snapshots" / "other.new"  # of a snapshot that was killed
    half.mkdir(parents=True)
    (half / "block-00000001").write_bytes(b"half")
    d = start(tmp_path)
    assert not half.exists()
    assert count(d, "count(m)", now) == {"{}": "100"}
    assert count(d, "histogram_count(h)", now) == {"{}": "5"}
