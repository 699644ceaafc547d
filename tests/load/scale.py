"""What one daemon holds, and what it writes, for ./bench million, targets and written."""
import http.client
import json
import subprocess
import threading
import time
import urllib.parse

from metrics import BUILD, EVERY, OURS, SERIES, Server, free_port, load

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


def post(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("POST", path)
    with connection.getresponse() as answer:
        return answer.status, answer.read()


def written(options, table):
    """Log, first blocks, and the block of the day: what a sample costs the disk in all."""
    rows = []
    for sync in options.sync or ["200ms", "batch"]:
        server = Server("tocsin", OURS + " --config {config}", str(BUILD / "tocsin"))
        try:
            (server.folder / "config.yml").write_text("storage: {sync: %s}\n" % sync)
            server.start()
            server.until(lambda: server.ask("/api/v1/query", query="1"))
            day = (int(time.time()) // 86400 - 1) * 86400 * 1000
            before, cpu = server.written(), server.cpu()
            half = type(options)(**{**vars(options), "scrapes": options.scrapes // 2})
            n = 0
            for k in range(2):
                n += load(server, half, day + k * half.scrapes * EVERY * 1000)["samples"]
                logged = server.written()
                status, said = post(server.port, "/api/v1/admin/tsdb/compact")
                assert status // 100 == 2, said
                if k == 0:
                    half_n, half_log, half_block = n, logged - before, server.written() - logged
            rows += [
                ("sync: %s: the log" % sync, "%.2f" % (half_log / half_n), ""),
                ("  the first block", "%.2f" % (half_block / half_n), ""),
                ("  in all, with the block of the day", "%.2f" % ((server.written() - before) / n), "<= 2.5" if sync != "batch" else "<= 4.5"),
                ("  CPU-s per million samples", "%.2f" % ((server.cpu() - cpu) / n * 1e6), ""),
            ]
        finally:
            server.clean()
    table("bytes written per sample: %d series, %d scrapes" % (options.hosts * SERIES, options.scrapes), rows)


def config_of(options, port):
    lines = ["scrape_configs:", "- job_name: node", "  scrape_interval: %ds" % options.every, "  scrape_timeout: %ds" % min(10, options.every), "  static_configs:"]
    for n in range(options.targets):
        lines.append("  - {targets: ['127.0.0.1:%d'], labels: {__metrics_path__: /t/%d, instance: 'host%04d.site%02d.example.net:9100'}}" % (port, n, n, n % 20))
    return "\n".join(lines) + "\n"


def targets(options, table):
    port = free_port()
    server = Server("tocsin", OURS + " --config {config}", str(BUILD / "tocsin"))
    (server.folder / "config.yml").write_text(config_of(options, port))
    pages = subprocess.Popen([str(BUILD / "tests" / "pages"), str(port), str(options.targets)], stdin=subprocess.PIPE)
    one = lambda text: float(server.ask("/api/v1/query", query=text)["data"]["result"][0]["value"][1])
    try:
        server.start()
        server.until(lambda: server.ask("/api/v1/query", query="1"))
        peak = Peak(server)
        peak.start()
        time.sleep(2 * options.every + 5)  # every series has begun
        before, wrote, since = server.cpu(), server.written(), time.time()
        time.sleep(options.seconds)
        spent, wrote, took = server.cpu() - before, server.written() - wrote, time.time() - since
        peak.on = False
        window = "[%ds]" % options.seconds
        n = one("sum(sum_over_time(scrape_samples_scraped%s))" % window)
        rows = [
            ("targets that answer, series", "%d, %d" % (one("sum(up)"), options.targets * SERIES), "all"),
            ("samples a second", "%.0f" % (n / took), "%.0f" % (options.targets * SERIES / options.every)),
            ("CPU of a core", "%.1f %%" % (100 * spent / took), ""),
            ("CPU-s per million samples", "%.2f" % (spent / n * 1e6), ""),
            ("scrapes of a target, least and most", "%d, %d" % (one("min(count_over_time(up%s))" % window), one("max(count_over_time(up%s))" % window)),
             "%d" % (options.seconds // options.every)),
            ("the longest scrape of each target: p50, p99, worst", "%.0f, %.0f, %.0f ms" % tuple(
                1000 * one("quantile(%s, max_over_time(scrape_duration_seconds%s))" % (q, window)) for q in ("0.5", "0.99", "1")), ""),
            ("peak of memory (PSS) of all processes", "%.0f MB" % (peak.most / 1e6), ""),
            ("bytes per sample written", "%.2f" % (wrote / n), ""),
        ]
    finally:
        pages.stdin.close()
        pages.wait()
        server.clean()
    table("%d targets of %d series every %d s, over %d s" % (options.targets, SERIES, options.every, options.seconds), rows)
