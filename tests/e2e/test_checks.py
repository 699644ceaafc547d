"""Services are tested: a page of a small server and plug-ins, good, bad and hostile."""
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import pytest

from chain import Chain
from daemon import TOCSIN
from peers import Program, free_port

PLUGINS = pathlib.Path("/usr/lib/nagios/plugins")

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

FAST = "interval: 1s, retry_interval: 1s, max_attempts: 3"


class Site:
    """A page whose answer the test chooses."""

    def __init__(self):
        site = self
        self.status, self.body, self.asked = 200, b"all is well", 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked += 1
                self.send_response(site.status)
                self.send_header("Content-Length", str(len(site.body)))
                self.end_headers()
                self.wfile.write(site.body)

            def log_message(self, *a):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Checks(Chain):
    """The daemon without a telephone, allowed to reach this machine."""

    def __init__(self, path):
        self.path = path
        self.port = free_port(socket.SOCK_STREAM)
        (path / "tocsin.yml").write_text("access: {allow_addresses: [127.0.0.0/8]}\ndesk: {desk: open}\nvoice: {listen: 127.0.0.1:0}\n")
        self.begin()

    def begin(self):
        self.program = Program([TOCSIN, "serve", "--config", self.path / "tocsin.yml", "--data", self.path / "data",
                                "--listen", "127.0.0.1:%d" % self.port, "--no-auth"], self.path / "serve.log")
        for _ in range(100):
            try:
                if self.ask("GET", "/-/ready").status == 200:
                    return
            except OSError:
                time.sleep(0.1)

    def apply(self, text):
        (self.path / "resources.yml").write_text(text)
        self.verb("apply", "-f", self.path / "resources.yml")

    def query(self, promql):
        found = self.get("/api/v1/query?query=" + urllib.parse.quote(promql))["data"]["result"]
        return [(r["metric"], float(r["value"][1])) for r in found]

    def value(self, promql):
        found = self.query(promql)
        return found[0][1] if found else None

    def value_when(self, promql, value, seconds=15):
        return self.wait(lambda: self.value(promql) == value, "%s is %r" % (promql, self.value(promql)), seconds)

    def alerts(self):
        return self.get("/api/v2/alerts")

    def wait(self, true, why, seconds=15):
        end = time.time() + seconds
        while not true():
            assert time.time() < end, why + "\n" + (self.path / "serve.log").read_text()[-3000:]
            time.sleep(0.1)


@pytest.fixture
def daemon(tmp_path):
    d = Checks(tmp_path)
    yield d
    assert d.program.stop() == 0, (tmp_path / "serve.log").read_text()[-4000:]


@pytest.fixture
def site():
    s = Site()
    yield s
    s.stop()


def web(site, more=""):
    return """
kind: host
name: web1
spec: {address: 127.0.0.1, labels: {site: north}}
---
kind: service
name: front-page
spec: {host: web1, check: http, %s, http: {url: "http://$HOSTADDRESS$:%d/", phrase: well%s}}
""" % (FAST, site.port, more)


def test_a_page_that_breaks_opens_a_ticket_when_the_problem_is_hard(daemon, site):
    daemon.apply(web(site))
    daemon.value_when('service_state{host="web1",service="front-page",site="north"}', 0)
    assert daemon.query('service_perfdata{label="size",uom="B"}')[0][1] == len(site.body)
    site.status, asked = 500, site.asked
    daemon.value_when("service_state", 2)
    assert not daemon.alerts()  # it is soft
    daemon.wait(daemon.alerts, "no alert")
    assert site.asked >= asked + 3
    alert = daemon.alerts()[0]
    assert alert["labels"] == {"alertname": "ServiceProblem", "host": "web1", "service": "front-page", "severity": "critical",
                               "site": "north", "state": "critical"}
    assert alert["annotations"]["summary"] == "HTTP CRITICAL: status 500"
    assert daemon.ticket_when("new")["title"]
    site.status = 200
    daemon.wait(lambda: not daemon.alerts(), "still there")
    daemon.value_when("service_state", 0)


def test_a_soft_problem_is_nobodys_business(daemon, site):
    daemon.apply(web(site))
    daemon.value_when("service_state", 0)
    site.body = b"broken"
    daemon.value_when("service_state", 2)
    site.body = b"well again"
    daemon.value_when("service_state", 0)
    time.sleep(2)
    assert not daemon.alerts() and not daemon.ticket()


def test_a_restart_neither_forgets_nor_repeats(daemon, site):
    daemon.apply(web(site))
    site.status = 503
    daemon.wait(daemon.alerts, "no alert")
    before = daemon.alerts()[0]
    assert daemon.program.stop() == 0
    daemon.begin()
    daemon.wait(daemon.alerts, "forgotten")
    assert daemon.alerts()[0]["startsAt"] == before["startsAt"]
    assert len(json.loads(daemon.verb("ticket", "list", "--json"))) == 1
    daemon.apply(web(site).replace("kind: service", "kind: service\nremoved: true"))
    daemon.wait(lambda: not daemon.alerts(), "the alert of a service that is gone")


@pytest.fixture
def folder():
    """One that an unprivileged user can read."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


def script(path, name, text):
    p = path / name
    p.write_text("#!/bin/sh\n" + text)
    p.chmod(0o755)
    return p


def plugin(name, argv, args=(), more=""):
    return """
kind: check_command
name: %s
spec: {argv: %s%s}
---
kind: service
name: s-%s
spec: {host: web1, check: %s, args: %s, %s, timeout: 2s}
---
""" % (name, json.dumps([str(a) for a in argv]), more, name, name, json.dumps(list(args)), FAST)


HOST = "kind: host\nname: web1\nspec: {address: 127.0.0.1}\n---\n"


@pytest.mark.skipif(not (PLUGINS / "check_dummy").exists(), reason="no monitoring-plugins here")
def test_monitoring_plugins_say_how_it_is(daemon, site):
    daemon.apply(HOST + plugin("dummy", [PLUGINS / "check_dummy", "$ARG1$", "$ARG2$"], ["1", "so; so $HOSTNAME$"])
                 + plugin("tcp", [PLUGINS / "check_tcp", "-H", "$HOSTADDRESS$", "-p", "$ARG1$"], [str(site.port)])
                 + plugin("option", [PLUGINS / "check_dummy", "$ARG1$"], ["--help"])
                 + plugin("missing", ["/nonexistent/plugin"]))
    daemon.value_when('service_state{service="s-dummy"}', 1)
    daemon.value_when('service_state{service="s-tcp"}', 0)
    daemon.value_when('service_state{service="s-option"}', 3)
    daemon.value_when('service_state{service="s-missing"}', 3)
    assert daemon.value('service_perfdata{service="s-tcp",label="time",uom="s"}') < 2
    daemon.wait(lambda: len(daemon.alerts()) == 3, "three problems")
    summaries = {a["labels"]["service"]: a["annotations"]["summary"] for a in daemon.alerts()}
    assert summaries["s-dummy"] == "WARNING: so; so $HOSTNAME$"
    assert "begins with a dash" in summaries["s-option"] and "No such file" in summaries["s-missing"]


def may_ping():
    return os.geteuid() == 0 and subprocess.run(["getcap", "/usr/bin/ping"], capture_output=True, text=True).stdout.count("cap_net_raw") == 1


@pytest.mark.skipif(not shutil.which("getcap") or not may_ping(), reason="no ping with a capability of its own")
def test_a_plug_in_may_ping_and_cannot_touch_the_kernel(daemon, folder):
    pings = script(folder, "pings", 'id -u | grep -qx 65534 || exit 3\nping -c 1 -W 1 $1 >/dev/null 2>&1 && echo it answers && exit 0\nexit 2\n')
    unshares = script(folder, "unshares", "unshare -r true 2>/dev/null && exit 0\necho refused; exit 1\n")
    daemon.apply(HOST + plugin("pings", [pings, "$HOSTADDRESS$"]) + plugin("unshares", [unshares]))
    daemon.value_when('service_state{service="s-pings"}', 0)
    daemon.value_when('service_state{service="s-unshares"}', 1)


def living(mark):
    """Processes with this word in their command line."""
    found = []
    for p in pathlib.Path("/proc").iterdir():
        try:
            if p.name.isdigit() and mark.encode() in (p / "cmdline").read_bytes():
                found.append(int(p.name))
        except OSError:
            pass
    return found


def test_hostile_plugins_harm_nothing(daemon, folder, tmp_path):
    mark = "stray-%d" % os.getpid()
    flood = script(folder, "flood", "echo 'FLOOD OK | n=1'; head -c 100000000 /dev/zero; exit 0\n")
    endless = script(folder, "endless", "echo begun; while :; do :; done\n")
    leaver = script(folder, "leaver", "setsid sh -c 'sleep 1000; : %s' & sh -c 'sleep 1000; : %s' & echo left; exit 0\n" % (mark, mark))
    # a pipeline may also fail in its first half: only the whole of it counts
    greedy = script(folder, "greedy", "x=$(head -c 600000000 /dev/zero | tr '\\\\0' x); [ \"${#x}\" -eq 600000000 ] && exit 0; exit 2\n")
    who = script(folder, "who", "[ -z \"$TOCSIN_SECRET\" ] && echo \"user $(id -un) core $(ulimit -c) fds $(ls /proc/self/fd | wc -l)\"\n")
    daemon.apply(HOST + "".join(plugin(p.name, [p]) for p in (flood, endless, leaver, greedy, who)))
    daemon.value_when('service_state{service="s-flood"}', 0, 30)
    assert daemon.value('service_perfdata{service="s-flood"}') == 1
    daemon.value_when('service_state{service="s-endless"}', 2, 30)
    daemon.value_when('service_state{service="s-leaver"}', 0, 30)
    daemon.wait(lambda: (daemon.value('service_state{service="s-greedy"}') or 0) > 0, "the greedy one had its memory", 30)
    daemon.value_when('service_state{service="s-who"}', 0, 30)
    daemon.wait(lambda: any(a["labels"]["service"] == "s-endless" for a in daemon.alerts()), "no alert of the endless one", 30)
    said = [a["annotations"]["summary"] for a in daemon.alerts() if a["labels"]["service"] == "s-endless"][0]
    assert said == "(timed out after 2.0 s) begun"
    assert daemon.value('check_duration_seconds{service="s-endless"}') < 4
    daemon.apply(HOST + "".join("kind: service\nname: s-%s\nremoved: true\n---\n" % n for n in ("flood", "endless", "leaver", "greedy", "who")))
    daemon.wait(lambda: not living(mark) and not living(str(endless)), "strays live on")
    status = pathlib.Path("/proc/%d/status" % daemon.child("runner")).read_text()
    assert int([l for l in status.split("\n") if l.startswith("VmHWM")][0].split()[1]) < 60000
    assert "ended by signal" not in (tmp_path / "serve.log").read_text()


def test_a_runner_that_dies_costs_no_state(daemon, folder, tmp_path):
    slow = script(folder, "slow", "sleep 1; echo fine; exit 0\n")
    daemon.apply(HOST + plugin("slow", [slow]))
    daemon.value_when('service_state{service="s-slow"}', 0, 30)
    for _ in range(3):
        before = daemon.child("runner")
        os.kill(before, signal.SIGKILL)
        daemon.wait(lambda: daemon.child("runner") not in (None, before), "no new runner")
        time.sleep(1)
    count = daemon.value("count_over_time(service_state[1m])")
    daemon.wait(lambda: daemon.value("count_over_time(service_state[1m])") > count + 1, "nothing is tested any more")
    assert daemon.value("max_over_time(service_state[1m])") == 0 and not daemon.alerts()


# ---- the built-in kinds ----

def certificate(path, days, name="localhost"):
    key, cert = path / "key.pem", path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days", str(days),
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name], check=True, capture_output=True)
    return key, cert


class Port:
    """Says what the test chooses to everybody who connects; with a certificate it speaks TLS."""

    def __init__(self, greeting=b"", cert=None, answers=True, listens=True):
        import ssl
        self.greeting, self.listens, self.heard = greeting, listens, []
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert[1], cert[0])
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        if answers:
            threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            try:
                s.settimeout(2)
                if self.context:
                    s = self.context.wrap_socket(s, server_side=True)
                if self.greeting:
                    s.sendall(self.greeting)
                if self.listens:
                    self.heard.append(s.recv(1000))
            except OSError:
                pass
            s.close()


def native(name, check, keys, host="web1"):
    return "kind: service\nname: n-%s\nspec: {host: %s, check: %s, %s: {%s}, %s, timeout: 2s}\n---\n" % (name, host, check, check, keys, FAST)


def estate(daemon):
    return {s["name"]: s for h in daemon.get("/api/tocsin/v1/estate") for s in h["services"]}


def test_tcp_connects_says_and_listens(daemon):
    shy, loud, silent, closed = Port(), Port(b"220 ready | ESMTP\r\n"), Port(answers=False), free_port(socket.SOCK_STREAM)
    other = Port(b"220 ready\r\n", listens=False)
    daemon.apply(HOST + "kind: host\nname: nowhere\nspec: {address: no-such-name.invalid}\n---\n"
                 + native("open", "tcp", "port: %d" % shy.port) + native("said", "tcp", "port: %d, send: 'EHLO me\\r\\n', expect: '220 '" % loud.port)
                 + native("wrong", "tcp", "port: %d, expect: SSH-" % other.port) + native("silent", "tcp", "port: %d, expect: x" % silent.port)
                 + native("closed", "tcp", "port: %d" % closed) + native("named", "tcp", "port: 1", "nowhere"))
    for name, state in (("open", 0), ("said", 0), ("wrong", 2), ("silent", 2), ("closed", 2), ("named", 2)):
        daemon.value_when('service_state{service="n-%s"}' % name, state, 20)
    assert b"EHLO me\r\n" in loud.heard
    seen = estate(daemon)
    assert "is open in" in seen["n-open"]["output"] and "says what it should" in seen["n-said"]["output"]
    assert "something else" in seen["n-wrong"]["output"] and "did not say in time" in seen["n-silent"]["output"]
    assert "Connection refused" in seen["n-closed"]["output"]
    assert seen["n-open"]["state"] == "ok" and seen["n-open"]["hard"] and seen["n-closed"]["max_attempts"] == 3 and seen["n-open"]["last"]
    daemon.wait(lambda: any(a["labels"]["service"] == "n-closed" for a in daemon.alerts()), "no alert of the closed port")


def test_tls_judges_chain_name_and_days(daemon, tmp_path):
    good, dumb = Port(cert=certificate(tmp_path, 90)), Port(b"no TLS here\r\n")
    (tmp_path / "short").mkdir()
    short = Port(cert=certificate(tmp_path / "short", 3))
    daemon.apply(HOST + native("own", "tls", "port: %d, server_name: localhost" % good.port) + native("any", "tls", "port: %d, insecure: true" % good.port)
                 + native("short", "tls", "port: %d, insecure: true" % short.port) + native("dumb", "tls", "port: %d" % dumb.port))
    for name, state in (("own", 2), ("any", 0), ("short", 2), ("dumb", 2)):
        daemon.value_when('service_state{service="n-%s"}' % name, state, 20)
    seen = estate(daemon)
    assert "self-signed" in seen["n-own"]["output"] or "self signed" in seen["n-own"]["output"]
    assert "good for 9" in seen["n-any"]["output"] or "good for 89" in seen["n-any"]["output"]
    assert "ends in" in seen["n-short"]["output"]
    assert 88 < daemon.value('service_perfdata{service="n-any",label="certificate_days"}') <= 90


def test_ping_says_how_it_is_or_that_it_may_not(daemon):
    daemon.apply(HOST + "kind: host\nname: gone\nspec: {address: '2001:db8::1'}\n---\n" + native("here", "ping", "packets: 2") + native("gone", "ping", "packets: 2", "gone"))
    daemon.wait(lambda: estate(daemon).get("n-here", {"state": "pending"})["state"] != "pending", "no result")
    here = estate(daemon)["n-here"]
    if os.geteuid() == 0:
        assert here["state"] == "ok" and "it answers in" in here["output"], here
        daemon.wait(lambda: estate(daemon)["n-gone"]["state"] == "critical", "it is not gone")
    else:
        assert here["state"] in ("ok", "unknown"), here


def test_built_in_kinds_may_not_reach_what_is_forbidden(daemon):
    daemon.apply("kind: host\nname: cloud\nspec: {address: 169.254.169.254}\n---\n" + native("meta", "tcp", "port: 80", "cloud") + native("ping", "ping", "packets: 1", "cloud")
                 + native("tls", "tls", "port: 443", "cloud"))
    for name in ("meta", "ping", "tls"):
        daemon.value_when('service_state{service="n-%s"}' % name, 3)
        assert "allow" in estate(daemon)["n-" + name]["output"]
