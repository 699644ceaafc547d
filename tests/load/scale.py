"""Many series, and many targets: what one daemon holds, for ./bench million and ./bench targets."""
import http.client
import json
import subprocess
import threading
import time
import urllib.parse

from metrics import BUILD, EVERY, OURS, SERIES, Server

PANEL = "rate(node_measured_thing_3_total{instance='host0007.site07.example.net:9100'}[5m])"
ASKED = [  # what, its query, seconds of range (0: an instant)
    ("one host's panel over an hour, step 15 s", PANEL, 3600),
    ("one series now", "up{instance='host0007.site07.example.net:9100'}", 0),
    ("count of all hosts", "count(up)", 0),
    ("a rate of 25 series a host, by instance", "sum by (instance) (rate(node_measured_thing_3_total[5m]))", 0),
]


def percentile(values, p):
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * p / 100))] if ranked else float("nan")


class Peak(threading.Thread):
    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.most, self.on = server, 0, True

    def run(self):
        while self.on:
            self.most = max(self.most, self.server.memory())
            time.sleep(0.5)


class Asker(threading.Thread):
    """Asks one query after the other, all the time, as of what has been written."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.at, self.on = port, 0, True
        self.times = {what: [] for what, _, _ in ASKED}
        self.failed = 0

    def one(self, connection, text, span):
        words = dict(query=text, nocache=1)
        words.update(dict(start=self.at - span, end=self.at, step=15) if span else dict(time=self.at))
        connection.request("GET", "/api/v1/query%s?%s" % ("_range" if span else "", urllib.parse.urlencode(words)))
        with connection.getresponse() as answer:
            good = json.loads(answer.read())["data"]["result"]
        self.failed += not good

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while self.on:
            for what, text, span in ASKED:
                if not self.at:
                    time.sleep(0.05)
                    continue
                since = time.perf_counter()
                self.one(connection, text, span)
                self.times[what].append(1000 * (time.perf_counter() - since))
            time.sleep(0.1)


def million(options, table):
    hosts, span = options.series // SERIES, options.scrapes * EVERY
    first = (int(time.time()) - 600 - span) * 1000
    server = Server("tocsin", OURS, str(BUILD / "tocsin"))
    try:
        server.start()
        server.until(lambda: server.ask("/api/v1/query", query="1"))
        peak, asker = Peak(server), Asker(server.port)
        words = [BUILD / "tests" / "load", "127.0.0.1", server.port, "/api/v1/write", hosts, options.scrapes, 2, first, options.rate]
        load = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        peak.start()
        asker.start()
        before, written = server.cpu(), server.written()
        for k, line in enumerate(load.stderr):
            asker.at = int(line) / 1000 if k > 1 else 0  # a rate needs two samples
        got = json.loads(load.stdout.read())
        asker.on = peak.on = False
        asker.join()
        spent, wrote = server.cpu() - before, server.written() - written
        n = got["samples"]
        rows = [
            ("series, samples", "%d, %d" % (hosts * SERIES, n), ""),
            ("samples a second", "%.0f" % (n / got["seconds"]), ""),
            ("refused; queries without an answer", "%d; %d" % (got["refused"], asker.failed), "0; 0"),
            ("peak of memory (PSS) of all processes", "%.0f MB" % (peak.most / 1e6), "<= 1000 MB"),
            ("CPU-s per million samples, with the queries", "%.2f" % (spent / n * 1e6), ""),
            ("bytes per sample written", "%.2f" % (wrote / n), ""),
        ]
        for what, _, _ in ASKED:
            t = asker.times[what]
            rows.append(("  %s: p50, p99 of %d" % (what, len(t)), "%.1f, %.1f ms" % (percentile(t, 50), percentile(t, 99)), ""))
    finally:
        server.clean()
    table("%d series, %d scrapes at 15 s by their own times, asked meanwhile" % (hosts * SERIES, options.scrapes), rows)
