"""What all requests together may take: bodies, queries and their samples; and how long a query may run."""
import re
import socket
import threading
import time

import pytest

from daemon import TOCSIN, Daemon, query

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


@pytest.fixture
def start(request):
    def make(path, server):
        daemon = Daemon(path, "server: {%s}\nvoice: {listen: 127.0.0.1:0}\n" % server)
        request.addfinalizer(daemon.stop)
        return daemon
    return make


def metric(daemon, name, budget):
    text = daemon.ask("GET", "/metrics").body.decode()
    return int(re.search(r'tocsin_budget_%s\{budget="%s"\} (\d+)' % (name, budget), text).group(1))


def series(n, now):
    return [({"__name__": "m", "i": "%06d" % i}, [(now, float(i))]) for i in range(n)]


def test_bodies_in_all(tmp_path, start):
    daemon = start(tmp_path, "bodies_limit: 64KB")
    now = int(time.time() * 1000)
    large, small = series(2000, now), series(10, now)
    refused = daemon.write(large)  # announced: refused on its head
    assert refused.status == 503 and refused.headers["Retry-After"] == "1" and b"try again" in refused.body
    head = b"POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (1000, b"x" * 1000) for _ in range(100)) + b"0\r\n\r\n"
    assert daemon.raw(head + chunks).startswith(b"HTTP/1.1 503"), "not announced: refused when it is in"
    assert daemon.write(small).status == 204
    # bodies that never end hold what they have sent, and give it back when they are cut
    held = socket.create_connection(("127.0.0.1", daemon.port), 5)
    held.sendall(b"POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 65000\r\n\r\n" + b" " * 64900)
    daemon.wait(lambda: metric(daemon, "used", "bodies") == 64900)
    assert daemon.write(small * 5).status == 503
    held.close()
    daemon.wait(lambda: metric(daemon, "used", "bodies") == 0)
    assert daemon.write(series(20, now)).status == 204
    assert metric(daemon, "refusals_total", "bodies") >= 1 and metric(daemon, "limit", "bodies") == 65536


def test_what_unpacks_counts_too(tmp_path, start):
    daemon = start(tmp_path, "bodies_limit: 64KB")
    # a Snappy block of 100 KB in 5 KB: one byte, then copies of 64 bytes of it
    packed = b"\xa0\x8d\x06" + b"\x00\x00" + b"\xfe\x01\x00" * 1562 + b"\x7a\x01\x00"
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    answer = daemon.ask("POST", "/api/v1/write", packed, headers=headers)
    assert answer.status == 503 and b"bytes are in use" in answer.body
    daemon.wait(lambda: metric(daemon, "used", "bodies") == 0)


def test_samples_of_all_queries(tmp_path, start):
    daemon = start(tmp_path, "query_total_samples: 5000, query_concurrency: 4")
    assert daemon.write(series(100, int(time.time() * 1000))).status == 204
    at = lambda points: query("/api/v1/query_range", query="m", start=time.time() - 60, end=time.time(), step=60 / points)
    assert daemon.ask("GET", at(30)).status == 200
    refused = daemon.ask("GET", at(200))
    assert refused.status == 422 and b"too much is under way" in refused.body
    assert metric(daemon, "used", "query_samples") == 0 and metric(daemon, "used", "queries") == 0
    assert daemon.ask("GET", at(30)).status == 200


SLOW = "count(m * on(i) (m + on(i) m))"


def test_a_query_ends_in_time(tmp_path, start):
    daemon = start(tmp_path, "query_timeout: 1ms")
    assert daemon.write(series(5000, int(time.time() * 1000))).status == 204
    for ask in (query("/api/v1/query", query=SLOW), query("/api/v1/query", query=SLOW, timeout="1h")):
        began = time.time()
        late = daemon.ask("GET", ask)
        assert late.status == 503 and late.json()["errorType"] == "timeout" and "timed out" in late.json()["error"]
        assert time.time() - began < 5
    assert daemon.ask("GET", query("/api/v1/query", query="vector(1)")).status == 200


def test_queries_side_by_side(tmp_path, start):
    daemon = start(tmp_path, "query_concurrency: 1, query_timeout: 3s")
    assert daemon.write(series(5000, int(time.time() * 1000))).status == 204
    seen = []
    ask = lambda: seen.extend(daemon.ask("GET", query("/api/v1/query", query=SLOW)).status for _ in range(10))
    several = [threading.Thread(target=ask) for _ in range(6)]
    for t in several:
        t.start()
    for t in several:
        t.join()
    assert set(seen) <= {200, 503} and 200 in seen
    assert metric(daemon, "refusals_total", "queries") == seen.count(503) and metric(daemon, "used", "queries") == 0
    daemon.wait(lambda: daemon.ask("GET", query("/api/v1/query", query="vector(1)")).status == 200)
