"""What the recorder, the test and the fuzzer of PromQL share: a world of series with everything that queries stumble over
(resets, gaps, marks of staleness, NaN, infinities, UTF-8 names, classic histograms), a grammar of queries over it, how an
answer is asked for, and what it means that two answers are the same."""
import contextlib
import json
import math
import pathlib
import random
import re
import socket
import struct
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from daemon import Daemon, native, snappy, write_request
from peers import Program, free_port

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
BEGIN, SPAN = 1767225600, 7200  # seconds: 1 January 2026, two hours
FEATURES = "promql-per-step-stats,native-histograms,promql-experimental-functions,promql-duration-expr,promql-delayed-name-removal"
STORE = "storage: {out_of_order_window: 100y, retention: 100y}\n"


# ---- the world ----

def samples(rng, value, every=15, skip=0.02):
    """Jittered scrapes; `value` is a function of the count."""
    out, t = [], BEGIN * 1000 + rng.randrange(every * 1000)
    for i in range(SPAN // every):
        if rng.random() >= skip:
            out.append((t + i * every * 1000 + rng.randrange(-40, 40), value(i)))
    return out


def counter(rng, most, resets=0.01):
    now = 0

    def value(i):
        nonlocal now
        now = 0 if rng.random() < resets else now + rng.randrange(most)
        return float(now)
    return value


def growing(rng, most, size, resets, make):
    """Counts of `size` buckets that grow, and begin again now and then."""
    counts, total = [0] * size, 0.0

    def value(i):
        nonlocal counts, total
        if rng.random() < resets:
            counts, total = [0] * size, 0.0
        for k in range(size):
            counts[k] += rng.randrange(most)
        total += rng.randrange(most) / 4
        return make(counts, total)
    return value


def natives(rng):
    """Native histograms: exponential ones of three resolutions, one with floating counts, gauges, custom bounds, and a series
    that changes from numbers to histograms and back."""
    out = []
    for host, schema, threshold in (("a", 3, 0.001), ("b", 1, 0.001), ("c", 0, 0.3)):
        def whole(counts, total, schema=schema, threshold=threshold):
            return native(sum(counts), total, schema, (2 if threshold > 0.1 else -2, counts[:4]), (3, counts[4:6]), counts[6], threshold)
        out.append(({"__name__": "waits", "job": "api", "host": host}, samples(rng, growing(rng, 5, 7, 0.01, whole), 30)))
        out.append(({"__name__": "sizes", "job": "api", "host": host}, samples(rng, growing(rng, 4, 4, 0.01, lambda counts, total: native(
            sum(counts), total, -53, (0, counts), custom=(0.1, 1, 10))), 30)))
    out.append(({"__name__": "waits", "job": "db", "host": "a"}, samples(rng, growing(rng, 5, 5, 0, lambda counts, total: native(
        sum(counts) / 2, total, 2, (0, [c / 2 for c in counts[:4]]), (), counts[4] / 2, floats=True)), 30)))
    out.append(({"__name__": "levels", "host": "a"}, samples(rng, lambda i: native(
        i % 7 + i % 3, i % 5 * 1.5, 2, (1, [i % 7, i % 3]), gauge=True), 30)))
    out.append(({"__name__": "changing", "host": "a"}, samples(rng, lambda i: native(
        i, i * 0.5, 0, (0, [i])) if i // 10 % 2 else float(i), 30)))
    return out


def series(seed=1):
    rng = random.Random(seed)
    out = []
    for job in ("api", "db"):
        for host in ("a", "b", "c"):
            labels = {"job": job, "host": host}
            out.append((dict(labels, __name__="requests_total", code="200"), samples(rng, counter(rng, 50))))
            out.append((dict(labels, __name__="requests_total", code="500"), samples(rng, counter(rng, 3))))
            out.append((dict(labels, __name__="temperature"), samples(rng, lambda i: round(rng.gauss(40, 9), 2))))
            out.append((dict(labels, __name__="up"), samples(rng, lambda i: float(rng.random() > 0.1))))
            bounds = ["0.1", "0.5", "1", "+Inf"]
            grown = {b: 0 for b in bounds}
            points = {b: [] for b in bounds}
            for i in range(SPAN // 30):
                for k, b in enumerate(bounds):
                    grown[b] += rng.randrange(4) if k else 1
                for k, b in enumerate(bounds):
                    points[b].append(((BEGIN + i * 30) * 1000, float(sum(grown[x] for x in bounds[:k + 1]))))
            out += [(dict(labels, __name__="latency_seconds_bucket", le=b), points[b]) for b in bounds]
            out.append((dict(labels, __name__="latency_seconds_count"), points["+Inf"]))
    odd = [1.5, math.nan, math.inf, -math.inf, -3.25, 0.0, -0.0, 1e300, 1e-300, STALE, 7.0]
    for host in ("a", "b"):
        out.append(({"__name__": "odd", "host": host}, samples(rng, lambda i: rng.choice(odd), 20)))
    out.append(({"__name__": "gone", "host": "a"}, [(t, v) for t, v in samples(rng, lambda i: i * 1.0) if t % 2000000 < 900000]))
    out.append(({"__name__": "my.metric", "label with blanks": "x", "host": "a"}, samples(rng, lambda i: i % 7 * 1.0)))
    out.append(({"__name__": "build_info", "job": "api", "host": "a", "version": "1"}, samples(rng, lambda i: 1.0)))
    out.append(({"__name__": "build_info", "job": "api", "host": "b", "version": "2"}, samples(rng, lambda i: 1.0)))
    out += natives(random.Random(seed))
    return [(labels, sorted(dict(points).items(), key=lambda p: p[0])) for labels, points in out]


# ---- queries ----

class Grammar:
    """Random expressions over the world.

    Left out is what Prometheus leaves open: which of equals topk and limitk choose, in what order sort leaves them, what hour() of a
    number is that is no time, and the logarithm of a denormal number; and where 3.5 differs from its
    own later tests: histogram_fraction from a bound below the first bucket, mad_over_time of NaN."""
    NAMES = ["requests_total", "temperature", "up", "odd", "gone", "latency_seconds_bucket", "latency_seconds_count", '{"my.metric"}',
             "build_info", "waits", "waits", "sizes", "levels", "changing"]
    LABELS = ["job", "host", "code", "le", "version", '"label with blanks"']
    RANGES = ["1m", "3m", "7m", "15m", "37s", "1h"]
    OVER = ["rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets", "avg_over_time", "sum_over_time", "min_over_time",
            "max_over_time", "count_over_time", "last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time",
            "absent_over_time", "ts_of_max_over_time", "ts_of_min_over_time", "ts_of_last_over_time"]
    EACH = ["abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sin", "atan", "tanh", "deg", "rad", "timestamp", "absent",
            "sort", "sort_desc"]
    DATES = ["hour", "minute", "day_of_week", "day_of_year", "days_in_month", "month", "year"]
    FOLDS = ["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"]
    OPS = ["+", "-", "*", "/", "%", "^", "atan2"]
    COMPARE = ["==", "!=", "<", "<=", ">", ">="]

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def one(self, of):
        return self.rng.choice(of)

    def number(self):
        return self.one(["0", "1", "2.5", "-3", "1e3", "0.1", "Inf", "NaN", "10", "42"])

    def labels(self):
        return "(" + ", ".join(self.rng.sample(self.LABELS, self.rng.randrange(0, 4))) + ")"

    def matchers(self):
        return self.one(['job="api"', 'host=~"a|b"', 'code!="200"', 'host!~"c.*"', 'job=""', 'le=~".+"', 'host="zz"'])

    def selector(self):
        name = self.one(self.NAMES)
        if self.rng.random() < 0.5:
            return name
        inside = ", ".join({re.split("[!=]", m)[0]: m for m in (self.matchers(), self.matchers())}.values())
        return name[:-1] + ", " + inside + "}" if name.startswith("{") else name + "{" + inside + "}"

    def shift(self):
        draw = self.rng.random()
        if draw < 0.08:
            return " offset " + self.one(["1m", "-2m", "10m"])
        if draw < 0.12:
            return " @ " + self.one(["start()", "end()", str(BEGIN + 3000)])
        return ""

    def matrix(self, depth):
        if depth > 0 and self.rng.random() < 0.25:
            return "(%s)[%s:%s]%s" % (self.vector(depth - 1), self.one(["5m", "10m", "30m"]), self.one(["", "1m", "45s"]), self.shift())
        return "%s[%s]%s" % (self.selector(), self.one(self.RANGES), self.shift())

    def scalar(self, depth):
        draw = self.rng.random()
        if depth > 0 and draw < 0.15:
            return "scalar(%s)" % self.vector(depth - 1)
        return "time()" if draw < 0.2 else self.number()

    def binary(self, depth):
        op = self.one(self.OPS + self.COMPARE + ["and", "or", "unless"])
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        if op in ("and", "or", "unless"):
            match = self.one(["", " on %s" % self.labels(), " ignoring %s" % self.labels()])
            return "(%s) %s%s (%s)" % (left, op, match, right)
        boolean = " bool" if op in self.COMPARE and self.rng.random() < 0.3 else ""
        if self.rng.random() < 0.5:
            sides = [left, self.scalar(depth - 1)]
            self.rng.shuffle(sides)
            return "(%s) %s%s (%s)" % (sides[0], op, boolean, sides[1])
        match = self.one(["", " on (job, host)", " ignoring (code, le, version)", " on (host) group_left ()", " on (job, host) group_left (version)",
                          " on (job, host) group_right ()"])
        return "(%s) %s%s%s (%s)" % (left, op, boolean, match, right)

    def aggregate(self, depth):
        by = self.one(["", " by %s" % self.labels(), " without %s" % self.labels()])
        draw = self.rng.random()
        if draw < 0.7:
            return "%s%s (%s)" % (self.one(self.FOLDS), by, self.vector(depth - 1))
        if draw < 0.8:
            return "quantile%s (%s, %s)" % (by, self.one(["0.5", "0.9", "0", "1", "-1", "2"]), self.vector(depth - 1))
        if draw < 0.85:
            return 'count_values%s ("v", %s)' % (by, "temperature")
        return "%s%s (%s, %s)" % (self.one(["topk", "bottomk"]), by, self.one(["1", "2", "5", "0"]), "avg_over_time(temperature[7m])")

    def function(self, depth):
        draw = self.rng.random()
        if draw < 0.45:
            return "%s(%s)" % (self.one(self.OVER), self.matrix(depth - 1))
        if draw < 0.75:
            return "%s(%s)" % (self.one(self.EACH), self.vector(depth - 1))
        return self.one([
            lambda: "histogram_quantile(%s, sum by (le, job) (rate(latency_seconds_bucket[%s])))" % (self.one(["0.5", "0.9", "0.99", "2", "-1"]), self.one(self.RANGES)),
            lambda: "histogram_quantile(%s, %s)" % (self.one(["0", "0.3", "0.9", "1"]), self.vector(depth - 1)),
            lambda: "histogram_%s(%s)" % (self.one(["count", "sum", "avg", "stddev", "stdvar"]), self.vector(depth - 1)),
            lambda: "histogram_fraction(%s, %s, %s)" % (self.one(["-Inf", "-1", "0"]), self.one(["0", "0.7", "3", "Inf"]), self.one(["waits", "sizes", "levels"])),
            lambda: "mad_over_time(temperature[%s])" % self.one(self.RANGES),
            lambda: "%s(timestamp(%s))" % (self.one(self.DATES), self.selector()),
            lambda: "histogram_fraction(0.2, %s, rate(latency_seconds_bucket[5m]))" % self.one(["0.3", "1", "Inf"]),
            lambda: "quantile_over_time(%s, %s)" % (self.one(["0.5", "0.95", "0", "-2"]), self.matrix(depth - 1)),
            lambda: "predict_linear(%s, %s)" % (self.matrix(depth - 1), self.one(["60", "3600", "-100"])),
            lambda: "double_exponential_smoothing(%s, 0.5, 0.3)" % self.matrix(depth - 1),
            lambda: "clamp(%s, %s, %s)" % (self.vector(depth - 1), self.number(), self.number()),
            lambda: "clamp_min(%s, %s)" % (self.vector(depth - 1), self.scalar(depth - 1)),
            lambda: "round(%s, %s)" % (self.vector(depth - 1), self.one(["1", "0.5", "10", "-1"])),
            lambda: 'label_replace(%s, "%s", "$1-x", "host", "(.*)")' % (self.vector(depth - 1), self.one(["new", "host", "job"])),
            lambda: 'label_join(%s, "joined", "/", "job", "host")' % self.vector(depth - 1),
            lambda: 'sort_by_label(%s, "host", "job")' % self.vector(depth - 1),
            lambda: "vector(%s)" % self.scalar(depth - 1),
        ])()

    def vector(self, depth):
        if depth <= 0:
            return self.selector() + self.shift()
        kind = self.rng.random()
        if kind < 0.35:
            return self.function(depth)
        if kind < 0.6:
            return self.aggregate(depth)
        if kind < 0.85:
            return self.binary(depth)
        if kind < 0.9:
            return "-(%s)" % self.vector(depth - 1)
        return self.selector() + self.shift()

    def query(self):
        """What to ask: {query, time} or {query, start, end, step}."""
        text = self.vector(self.rng.randrange(0, 4))
        at = BEGIN + self.rng.randrange(-600, SPAN + 600)
        if self.rng.random() < 0.4:
            return {"query": text, "time": str(at)}
        step = self.one([15, 30, 60, 300])
        return {"query": text, "start": str(at), "end": str(at + step * self.rng.randrange(1, 40)), "step": str(step)}


# ---- asking ----

def answer(url, form):
    """(status, the answer)"""
    path = "/api/v1/query_range" if "step" in form else "/api/v1/query"
    request = urllib.request.Request(url + path, data=urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as r:
            return r.status, json.load(r)
    except urllib.error.HTTPError as e:
        with e:
            return e.code, json.load(e)


def fill(url, world):
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    request = urllib.request.Request(url + "/api/v1/write", data=snappy(write_request(world)), headers=headers)
    with urllib.request.urlopen(request, timeout=30) as r:
        assert r.status == 204, r.read()


@contextlib.contextmanager
def prometheus(binary, world):
    """A fresh Prometheus that holds the world; its URL."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = pathlib.Path(name), free_port(socket.SOCK_STREAM)
        (folder / "p.yml").write_text("storage: {tsdb: {out_of_order_time_window: 10000d}}\n")
        program = Program([binary, "--config.file", folder / "p.yml", "--storage.tsdb.path", folder / "data", "--web.enable-remote-write-receiver",
                           "--storage.tsdb.retention.time", "100y", "--enable-feature=" + FEATURES, "--web.listen-address", "127.0.0.1:%d" % port],
                          folder / "log")
        url = "http://127.0.0.1:%d" % port
        try:
            wait_until(lambda: urllib.request.urlopen(url + "/-/ready", timeout=5).status == 200)
            fill(url, world)
            yield url
        finally:
            program.stop()


def wait_until(true, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        with contextlib.suppress(OSError):
            if true():
                return
        time.sleep(0.1)
    raise SystemExit("a peer is not ready")


@contextlib.contextmanager
def tocsin(folder, world):
    d = Daemon(folder, STORE)
    try:
        fill(d.url(""), world)
        yield d.url("")
    finally:
        d.stop()


# ---- comparing ----

def same_number(a, b):
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return a == b or math.isnan(a) and math.isnan(b)
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b)) + 1e-300


def same_histogram(a, b):
    if not (same_number(a["count"], b["count"]) and same_number(a["sum"], b["sum"])):
        return False
    theirs, ours = (visible(h) for h in (a, b))
    return len(theirs) == len(ours) and all(x[0] == y[0] and all(map(same_number, x[1:], y[1:])) for x, y in zip(theirs, ours))


def visible(histogram):
    """Without buckets that hold nothing but the inaccuracy of sums."""
    most = max([abs(float(b[3])) for b in histogram.get("buckets", [])], default=0)
    return [b for b in histogram.get("buckets", []) if not abs(float(b[3])) < 1e-9 * most]


def same_point(a, b):
    if isinstance(a[1], dict) or isinstance(b[1], dict):
        return a[0] == b[0] and isinstance(a[1], dict) and isinstance(b[1], dict) and same_histogram(a[1], b[1])
    return a[0] == b[0] and same_number(a[1], b[1])


def point_lists(data):
    """{labels: points}, and the order of labels."""
    if data["resultType"] == "scalar":
        return {"": [data["result"]]}
    return {json.dumps(s["metric"], sort_keys=True): points_of(s) for s in data["result"]}


def points_of(s):
    one = [s[k] for k in ("value", "histogram") if k in s]
    return one or sorted(s.get("values", []) + s.get("histograms", []), key=lambda p: p[0])


def notes(form, body, kind):
    """Within a subquery 3.5 always says 1:1; it does not say that sort() means nothing in a range, and names a metric without name."""
    place = " in a subquery" if re.search(r"\[\w+:", form["query"]) else None
    texts = [text.replace(' for metric name ""', "") for text in body.get(kind, [])]
    return sorted({re.sub(r" \(\d+:\d+\)$", place, text) if place else text for text in texts
                   if "sort is ineffective" not in text})


NAMES_AGAIN = re.compile("[<>=!]=|[<>]|last_over_time")


# 3.5 lengthens what a native histogram gained in a range also to where there would be less than no observations.
BELOW_ZERO = re.compile(r"(rate|increase)\(\(*(waits|sizes|levels|changing)")


def nameless(lists):
    """3.5 brings a name back that a function had dropped, when a comparison or last_over_time follows."""
    out = {}
    for key, points in lists.items():
        metric = json.loads(key) if key else {}
        metric.pop("__name__", None)
        out[json.dumps(metric, sort_keys=True)] = points
    return out


def difference(form, theirs, ours, texts=True):
    """What is not the same, in a line; None when nothing is."""
    ordered = is_ordered(form["query"]) and "time" in form
    if "step" in form and ours[0] == 200 and "with the same labelset" in theirs[1].get("error", ""):
        return None  # series that become one by losing their names, and never overlap: joined here, as in later versions
    if ours[0] == 422 and "many-to-one matching must be explicit" in ours[1].get("error", "") and NAMES_AGAIN.search(form["query"]):
        return None  # later versions see it, too, when a comparison drops all but one
    if theirs[0] != ours[0]:
        return "status %s, not %s: %s" % (ours[0], theirs[0], (ours if ours[0] != 200 else theirs)[1].get("error"))
    if theirs[0] != 200:
        return None if theirs[1].get("errorType") == ours[1].get("errorType") else "error type %s, not %s" % (
            ours[1].get("errorType"), theirs[1].get("errorType"))
    if theirs[1]["data"]["resultType"] != ours[1]["data"]["resultType"]:
        return "type %s, not %s" % (ours[1]["data"]["resultType"], theirs[1]["data"]["resultType"])
    if ours[1]["data"]["resultType"] == "string":
        return None if theirs[1]["data"] == ours[1]["data"] else "another text"
    a, b = point_lists(theirs[1]["data"]), point_lists(ours[1]["data"])
    if a.keys() != b.keys() and NAMES_AGAIN.search(form["query"]):
        a, b = nameless(a), nameless(b)
    if a.keys() != b.keys():
        return "series: missing %s, not theirs %s" % (sorted(a.keys() - b.keys())[:2], sorted(b.keys() - a.keys())[:2])
    if ordered and not all(same_point(a[x][0], b[y][0]) for x, y in zip(a, b)):
        return "another order"
    if BELOW_ZERO.search(form["query"]):
        return None
    for key in a:
        if len(a[key]) != len(b[key]) or not all(map(same_point, a[key], b[key])):
            wrong = [(x, y) for x, y in zip(a[key], b[key]) if not same_point(x, y)]
            return "points of %s: %d, not %d; %s" % (key, len(b[key]), len(a[key]), wrong[:2])
    for kind in ("warnings", "infos") if texts else ():
        if notes(form, theirs[1], kind) != notes(form, ours[1], kind):
            return "%s: %s, not %s" % (kind, notes(form, ours[1], kind)[:2], notes(form, theirs[1], kind)[:2])
    return None


def is_ordered(text):
    return re.match(r"sort(_desc|_by_label)?\(", text) is not None
