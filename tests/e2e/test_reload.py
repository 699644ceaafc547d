"""Another configuration without a restart: by SIGHUP and by POST /-/reload; a broken one changes nothing."""
import http.server
import os
import signal
import threading
import time

import pytest

from daemon import TOCSIN, Daemon
from test_amtool import Hook

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

CONFIG = """
rule_files: [rules.yml]
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: first, static_configs: [{targets: ['127.0.0.1:PAGE']}]}
  MORE
route: {receiver: ROUTE, group_wait: 1s, group_interval: 1s}
receivers:
  - {name: one, webhook_configs: [{url: 'http://127.0.0.1:HOOK/one'}]}
  - {name: two, webhook_configs: [{url: 'http://127.0.0.1:HOOK/two'}]}
"""
RULES = "groups: [{name: g, interval: 1s, rules: [{record: %s, expr: vector(1)}]}]\n"
SECOND = "- {job_name: second, static_configs: [{targets: ['127.0.0.1:PAGE']}]}"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"metric 1\n")

    def log_message(self, *args):
        pass


class World:
    def __init__(self, path):
        self.page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self.page.serve_forever, daemon=True).start()
        self.hook, self.path = Hook(), path
        self.set("", "one", "before")
        self.daemon = Daemon(path, self.text)
        self.daemon.wait(lambda: self.jobs() == {"first"})
        self.born = self.daemon.children()

    def set(self, more, route, record):
        self.text = CONFIG.replace("MORE", more).replace("ROUTE", route)
        self.text = self.text.replace("PAGE", str(self.page.server_address[1])).replace("HOOK", str(self.hook.port))
        (self.path / "tocsin.yml").write_text(self.text)
        (self.path / "rules.yml").write_text(RULES % record)

    def jobs(self):
        return {t["scrapePool"] for t in self.daemon.ask("GET", "/api/v1/targets").json()["data"]["activeTargets"]}

    def rules(self):
        return [r["name"] for g in self.daemon.ask("GET", "/api/v1/rules").json()["data"]["groups"] for r in g["rules"]]

    def told(self, path, name):
        alert = [{"labels": {"alertname": name}}]
        assert self.daemon.ask("POST", "/api/v2/alerts", alert).status == 200
        self.hook.wait(path, None, "firing", 5)
        self.hook.told.clear()

    def hang_up(self):
        os.kill(self.daemon.program.process.pid, signal.SIGHUP)

    def unharmed(self):
        return self.daemon.children() == self.born and self.daemon.ask("GET", "/-/healthy").status == 200

    def stop(self):
        code = self.daemon.stop()
        self.page.shutdown()
        self.hook.server.shutdown()
        return code


@pytest.fixture
def world(tmp_path):
    w = World(tmp_path)
    yield w
    assert w.stop() == 0, w.daemon.log.read_text()[-4000:]


@pytest.mark.parametrize("way", ["signal", "request"])
def test_new_jobs_rules_and_routes_are_taken(world, way):
    world.told("/one", "Before")
    world.set(SECOND, "two", "after")
    if way == "signal":
        world.hang_up()
        world.daemon.wait(lambda: world.daemon.log.read_text().count("was read again") == 2)
    else:
        assert world.daemon.ask("POST", "/-/reload").status == 200
    assert world.jobs() == {"first", "second"} and world.rules() == ["after"]
    world.told("/two", "After")
    world.daemon.wait(lambda: len(world.daemon.ask("GET", "/api/v1/query?query=metric").json()["data"]["result"]) == 2)
    world.set("", "one", "before")
    assert world.daemon.ask("POST", "/-/reload").status == 200
    assert world.jobs() == {"first"} and world.rules() == ["before"] and world.unharmed()


def test_a_broken_file_changes_nothing_and_says_why(world):
    world.set(SECOND, "two", "after")
    for broken, sentence in (("scrape_configs: [", "tocsin.yml"), ("rout: {}\n", "route"), ("route: {receiver: nobody}\n", "nobody")):
        (world.path / "tocsin.yml").write_text(broken)
        a = world.daemon.ask("POST", "/-/reload")
        assert a.status == 400 and sentence in a.json()["error"], a.body
    for broken in ("groups: [{name: g, rules: [{record: x, expr: 'sum('}]}]\n", "groups: [{name: g, rules: [{record: x}]}]\n", "groups: {"):
        world.set(SECOND, "two", "after")
        (world.path / "rules.yml").write_text(broken)
        a = world.daemon.ask("POST", "/-/reload")
        assert a.status == 400 and "rules.yml:" in a.json()["error"], a.body
    (world.path / "tocsin.yml").unlink()
    assert world.daemon.ask("POST", "/-/reload").status == 400
    world.hang_up()
    world.daemon.wait(lambda: "the old configuration stays" in world.daemon.log.read_text())
    time.sleep(0.3)
    assert world.jobs() == {"first"} and world.rules() == ["before"] and world.unharmed()
    world.told("/one", "Still")


def test_a_target_says_itself_how_it_is_scraped(world):
    world.set("""- job_name: probe
    params: {module: [tcp]}
    static_configs: [{targets: [db1], labels: {__metrics_path__: /probe, job: own}}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {target_label: __address__, replacement: '127.0.0.1:PAGE'}""", "one", "before")
    assert world.daemon.ask("POST", "/-/reload").status == 200
    targets = world.daemon.ask("GET", "/api/v1/targets").json()["data"]["activeTargets"]
    probe, = [t for t in targets if t["scrapePool"] == "probe"]
    assert probe["scrapeUrl"].endswith("/probe?module=tcp&target=db1") and probe["labels"]["job"] == "own"


def test_a_role_that_starts_again_has_the_new_configuration(world):
    world.set(SECOND, "two", "after")
    assert world.daemon.ask("POST", "/-/reload").status == 200
    world.set("", "one", "before")  # written, but nobody asked to read it
    for pid in world.born:
        if open("/proc/%s/comm" % pid).read().strip() == "core":
            os.kill(int(pid), signal.SIGKILL)
    world.daemon.wait(lambda: world.daemon.children() != world.born and world.jobs() == {"first", "second"})
    for _ in range(20):
        world.hang_up()
    world.daemon.wait(lambda: world.jobs() == {"first"} and world.rules() == ["before"])
