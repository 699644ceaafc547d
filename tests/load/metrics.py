"""Remote write, disk, memory, restart and queries of servers that store samples, side by side, for ./bench metrics.

Every server gets the same load (load.c) in the same run, one after the other, and is a black box: its CPU, memory and
writes are those of its process tree, its disk what stands in its folder.  Peers are what PATH has, or --peer."""
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build"))
SERIES, EVERY = 500, 15
TICKS = os.sysconf("SC_CLK_TCK")

OURS = "{bin} serve --no-auth --data {data} --listen 127.0.0.1:{port}"
PEERS = {
    "prometheus": "{bin} --config.file={config} --storage.tsdb.path={data} --web.listen-address=127.0.0.1:{port}"
    " --web.enable-remote-write-receiver --storage.tsdb.retention.time=10y --log.level=error",
    "victoria-metrics": "{bin} -storageDataPath={data} -httpListenAddr=127.0.0.1:{port} -retentionPeriod=10y -loggerLevel=ERROR",
}
QUERIES = [
    ("rate of 25 series a host, by instance", "sum by (instance) (rate(node_measured_thing_3_total[5m]))"),
    ("one host's panel", "rate(node_measured_thing_3_total{instance='host0003.site03.example.net:9100'}[5m])"),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    out = [pid]
    for task in pathlib.Path("/proc/%d/task" % pid).glob("*/children"):
        for child in task.read_text().split():
            out += children(int(child))
    return out


def field_of(path, name):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


class Server:
    def __init__(self, name, command, program):
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="metrics-"))
        self.data = self.folder / "data"
        self.data.mkdir()
        self.port = free_port()
        config = self.folder / "config.yml"
        config.write_text("global: {scrape_interval: 15s}\n")
        words = {"{bin}": program, "{data}": str(self.data), "{port}": str(self.port), "{config}": str(config)}
        for k, v in words.items():
            command = command.replace(k, v)
        self.command, self.process, self.peak, self.watching = shlex.split(command), None, 0, False

    def start(self):
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.started = time.time()

    def sum(self, fn):
        total = 0
        try:
            for pid in children(self.process.pid):
                total += fn(pid)
        except OSError:
            pass  # one of them has just ended
        return total

    def cpu(self):
        def of(pid):
            f = pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
            return (int(f[11]) + int(f[12])) / TICKS
        return self.sum(of)

    def memory(self):
        return self.sum(lambda pid: field_of("/proc/%d/smaps_rollup" % pid, "Pss") * 1024)

    def written(self):
        return self.sum(lambda pid: field_of("/proc/%d/io" % pid, "write_bytes"))

    def watch(self):
        self.watching = True
        while self.watching:
            self.peak = max(self.peak, self.memory())
            time.sleep(0.3)

    def ask(self, path, **params):
        url = "http://127.0.0.1:%d%s?%s" % (self.port, path, urllib.parse.urlencode(params))
        with urllib.request.urlopen(url, timeout=120) as answer:
            return json.load(answer)

    def until(self, good):
        while time.time() - self.started < 300:
            try:
                if good():
                    return time.time() - self.started
            except (OSError, ValueError, KeyError, IndexError):
                pass
            time.sleep(0.01)
        raise SystemExit("%s does not answer" % self.name)

    def stop(self, how=signal.SIGTERM):
        before = self.cpu()
        last = before
        self.process.send_signal(how)
        while self.process.poll() is None:
            last = max(last, self.cpu())
            time.sleep(0.02)
        return last - before

    def clean(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def disk(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def load(server, options, first, rate=0):
    words = [BUILD / "tests" / "load", "127.0.0.1", server.port, "/api/v1/write", options.hosts, options.scrapes, 2, first, rate]
    return json.loads(subprocess.run([str(w) for w in words], capture_output=True, text=True).stdout)


def counted(server, at, span):
    total = 0
    for name in server.ask("/api/v1/label/__name__/values", start=at - span, end=at)["data"]:
        r = server.ask("/api/v1/query", query='sum(count_over_time({__name__="%s"}[%ds]))' % (name, span), time=at)["data"]["result"]
        total += int(float(r[0]["value"][1])) if r else 0
    return total


def queries(server, end, span, repeat=8):
    out = []
    for _, text in QUERIES:
        ask = dict(query=text, start=end - min(span, 7200), end=end, step=60, nocache=1)
        server.ask("/api/v1/query_range", **ask)
        before = server.cpu()
        for _ in range(repeat):
            server.ask("/api/v1/query_range", **ask)
        out.append((server.cpu() - before) / repeat * 1000)
    return out


def measure(server, options):
    span = options.scrapes * EVERY
    end = (int(time.time()) - 600) // EVERY * EVERY
    server.start()
    server.until(lambda: server.ask("/api/v1/query", query="1"))
    watcher = threading.Thread(target=server.watch, daemon=True)
    watcher.start()
    cpu, written = server.cpu(), server.written()
    got = load(server, options, (end - span) * 1000)
    time.sleep(3)
    n = got["samples"]
    r = {"refused": got["refused"], "cpu": (server.cpu() - cpu) / n * 1e6, "written": (server.written() - written) / n}
    r["to disk"] = r["cpu"] + server.stop() / n * 1e6
    server.watching = False
    watcher.join()
    r["memory"] = server.peak / (options.hosts * SERIES)
    r["disk"] = disk(server.data) / n
    server.start()
    answers = lambda: float(server.ask("/api/v1/query", query="count(up)", time=end - EVERY)["data"]["result"][0]["value"][1]) == options.hosts
    r["restart"] = server.until(answers)
    r["queries"] = queries(server, end, span)
    r["missing"] = n - counted(server, end, span + EVERY)
    server.stop()
    return r


def crash(server, options):
    """Killed at once behind the last acknowledgement, at 200,000 samples a second."""
    end = (int(time.time()) - 600) // EVERY * EVERY
    short = type(options)(**{**vars(options), "scrapes": 20})
    server.start()
    server.until(lambda: server.ask("/api/v1/query", query="1"))
    got = load(server, short, (end - 20 * EVERY) * 1000, 200000)
    for pid in reversed(children(server.process.pid)):
        os.kill(pid, signal.SIGKILL)
    server.process.wait()
    server.start()
    ready = server.until(lambda: server.ask("/api/v1/query", query="1"))
    return got["samples"] - counted(server, end, 21 * EVERY), ready


def servers(options):
    out = [("tocsin", OURS, str(BUILD / "tocsin"))]
    given = dict(p.split("=", 1) for p in options.peer)
    for name, command in PEERS.items():
        program = given.get(name) or shutil.which(name)
        if program:
            out.append((name, command, program))
        else:
            print("%s is not here: left out" % name)
    return out


ROWS = [
    ("remote write, CPU-s per million samples", lambda r: "%.2f" % r["cpu"], "a quarter of victoria-metrics"),
    ("the same, until it is stopped and on disk", lambda r: "%.2f" % r["to disk"], ""),
    ("peak memory per series, bytes", lambda r: "%.0f" % r["memory"], "<= 1000"),
    ("bytes per sample written before the stop", lambda r: "%.2f" % r["written"], "<= 2.5 in all"),
    ("bytes per sample on disk after it", lambda r: "%.2f" % r["disk"], "<= 1.0"),
    ("restart until the data answer, s", lambda r: "%.2f" % r["restart"], "<= 0.2"),
    ("CPU: " + QUERIES[0][0] + ", ms", lambda r: "%.0f" % r["queries"][0], ""),
    ("CPU: " + QUERIES[1][0] + ", ms", lambda r: "%.1f" % r["queries"][1], ""),
    ("acknowledged and missing, refused", lambda r: "%d, %d" % (r["missing"], r["refused"]), "0, 0"),
    ("lost by kill -9 at 200,000 samples/s", lambda r: "%d" % r["lost"], "0"),
    ("restart behind that, s", lambda r: "%.2f" % r["after"], ""),
]


def run(options, title):
    results = []
    for name, command, program in servers(options):
        for step in ("measure", "crash"):
            server = Server(name, command, program)
            try:
                if step == "measure":
                    results.append((name, measure(server, options)))
                else:
                    results[-1][1]["lost"], results[-1][1]["after"] = crash(server, options)
            finally:
                server.clean()
    title("metrics: %d series, %d scrapes" % (options.hosts * SERIES, options.scrapes),
          [r[0] for r in results], [(what, [fn(r) for _, r in results], goal) for what, fn, goal in ROWS])
