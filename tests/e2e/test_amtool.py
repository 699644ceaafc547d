"""The real daemon, Debian's amtool as its client, and a webhook that is told of what fires."""

import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from peers import free_port

TOCSIN = os.path.join(os.environ.get("TOCSIN_BUILD", "build"), "tocsin")

pytestmark = pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed")

CONFIG = """
route:
  receiver: all
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  routes:
    - {{matchers: [severity=critical], receiver: urgent}}
receivers:
  - {{name: all, webhook_configs: [{{url: 'http://127.0.0.1:{port}/all'}}]}}
  - {{name: urgent, webhook_configs: [{{url: 'http://127.0.0.1:{port}/urgent'}}]}}
inhibit_rules:
  - {{source_matchers: [alertname=Down], target_matchers: [alertname=Slow], equal: [host]}}
"""


class Hook:
    """Keeps every notification that arrives."""

    def __init__(self):
        told = self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.append((self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, path, name, status, seconds=15):
        end = time.time() + seconds
        while time.time() < end:
            for p, n in list(self.told):
                if p == path and n["groupLabels"].get("alertname") == name and n["status"] == status:
                    return n
            time.sleep(0.05)
        raise AssertionError(f"{path} was not told of {name} {status}: {self.told}")


class Daemon:
    def __init__(self, folder, hook):
        self.folder, self.port = folder, free_port(socket.SOCK_STREAM)
        (folder / "am.yml").write_text(CONFIG.format(port=hook.port))
        self.start()

    def start(self):
        self.log = open(self.folder / "log", "ab")
        args = [TOCSIN, "serve", "--no-auth", "--config", str(self.folder / "am.yml"), "--data", str(self.folder / "data")]
        self.process = subprocess.Popen(args + ["--listen", f"127.0.0.1:{self.port}"], stderr=self.log, stdout=self.log)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v2/status", timeout=1).read()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def amtool(self, *args):
        url = f"--alertmanager.url=http://127.0.0.1:{self.port}"
        return subprocess.run(["amtool", url, *args], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def hook():
    h = Hook()
    yield h
    h.server.shutdown()


@pytest.fixture
def daemon(tmp_path, hook):
    d = Daemon(tmp_path, hook)
    yield d
    d.kill()


def test_an_alert_reaches_its_receiver_and_ends(daemon, hook):
    daemon.amtool("alert", "add", "Disk", "severity=critical", "host=a", "--annotation=summary=full")
    told = hook.wait("/urgent", "Disk", "firing")
    assert told["version"] == "4" and told["groupKey"] == '{}/{severity="critical"}:{alertname="Disk"}'
    assert told["commonAnnotations"] == {"summary": "full"}
    assert "Disk" in daemon.amtool("alert", "query")
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    daemon.amtool("alert", "add", "Disk", "severity=critical", "host=a", f"--end={end}")
    assert hook.wait("/urgent", "Disk", "resolved")["alerts"][0]["endsAt"] > "2020"
    assert "Disk" not in daemon.amtool("alert", "query")


def test_a_silence_holds_back_until_it_is_ended(daemon, hook):
    identity = daemon.amtool("silence", "add", "host=b", "-c", "work", "-a", "me", "-d", "1h").strip()
    daemon.amtool("alert", "add", "Disk", "host=b")
    assert identity in daemon.amtool("silence", "query")
    assert "Disk" not in daemon.amtool("alert", "query")
    assert "Disk" in daemon.amtool("alert", "query", "--silenced")
    time.sleep(2.5)
    assert hook.told == []
    updated = daemon.amtool("silence", "update", identity, "-d", "2h")
    assert identity in updated
    daemon.amtool("silence", "expire", identity)
    hook.wait("/all", "Disk", "firing")
    assert identity in daemon.amtool("silence", "query", "--expired")


def test_one_alert_inhibits_another(daemon, hook):
    daemon.amtool("alert", "add", "Down", "host=c")
    daemon.amtool("alert", "add", "Slow", "host=c")
    hook.wait("/all", "Down", "firing")
    time.sleep(2.5)
    assert "Slow" not in daemon.amtool("alert", "query")
    assert "Slow" in daemon.amtool("alert", "query", "--inhibited")
    assert not [n for _, n in hook.told if n["groupLabels"] == {"alertname": "Slow"}]


def test_routes_are_computed_from_what_the_daemon_shows(daemon):
    assert daemon.amtool("config", "routes", "test", "severity=critical").strip() == "urgent"
    assert daemon.amtool("config", "routes", "test", "severity=low").strip() == "all"
    assert "ready" in daemon.amtool("cluster", "show")


def test_after_a_power_cut_nobody_is_told_twice(daemon, hook):
    daemon.amtool("alert", "add", "Disk", "host=d")
    hook.wait("/all", "Disk", "firing")
    silence = daemon.amtool("silence", "add", "host=z", "-c", "work", "-a", "me", "-d", "1h").strip()
    daemon.kill()
    daemon.start()
    assert silence in daemon.amtool("silence", "query")
    assert "Disk" in daemon.amtool("alert", "query")
    time.sleep(3)
    assert len([n for _, n in hook.told if n["groupLabels"] == {"alertname": "Disk"}]) == 1
