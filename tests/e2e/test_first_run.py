"""Whoever starts without a configuration sees the whole product at once: a customer for trying out, drills, this machine."""
import os
import re
import socket
import subprocess
import time

import pytest

from daemon import TOCSIN, Daemon
from peers import MailServer, Program, free_port

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")


class First(Daemon):
    """Nothing is said but where."""

    def __init__(self, path, auth=False, sign_in=True):
        self.path, self.port, self.log = path, free_port(socket.SOCK_STREAM), path / "serve.log"
        self.auth, self.admin = auth, None
        self.begin()
        if auth and sign_in:
            self.sign_in()

    def begin(self):
        self.program = Program([TOCSIN, "serve", "--data", self.path / "data", "--listen", "127.0.0.1:%d" % self.port,
                                *([] if self.auth else ["--no-auth"])], self.log)
        self.wait(lambda: self.ask("GET", "/-/ready").status == 200)

    def get(self, path):
        answer = self.ask("GET", path, token=self.admin)
        assert answer.status == 200, answer.body
        return answer.json()

    def post(self, path, body=None):
        return self.ask("POST", path, {} if body is None else body, self.admin)

    def verb(self, *args, timeout=30):
        env = dict(os.environ, TOCSIN_URL=self.url(""), TOCSIN_TOKEN=self.admin or "")
        return subprocess.run([TOCSIN, *args], env=env, capture_output=True, text=True, timeout=timeout)

    def resources(self):
        return {(r["kind"], r["name"]) for r in self.get("/api/tocsin/v1/resources")}


@pytest.fixture(params=[False, True], ids=["no-auth", "auth"])
def first(request, tmp_path):
    d = First(tmp_path, request.param)
    yield d
    assert d.stop() == 0, d.log.read_text()[-4000:]


def test_a_drill_rings_is_taken_and_closed_within_a_minute_of_the_first_start(first):
    me = "admin" if first.auth else "anybody"
    first.wait(lambda: ("customer", "demo") in first.resources())
    drill = first.post("/api/tocsin/v1/drills")
    assert drill.status == 200 and set(drill.json()) == {"ticket"}, drill.body
    number = drill.json()["ticket"]
    ticket = first.get("/api/tocsin/v1/tickets/%d" % number)
    assert ticket["customer"] == "demo" and "rill" in ticket["title"] and ticket["drill"] is True
    pages = first.get("/api/tocsin/v1/pages")  # it rings in the open browser
    assert [p["user"] for p in pages if p["ticket"] == number] == [me]
    assert first.post("/api/tocsin/v1/pages/%s/take" % pages[0]["id"]).status == 200
    assert first.post("/api/tocsin/v1/tickets/%d/close" % number).status == 200
    seen = first.get("/api/tocsin/v1/drills")[0]
    assert seen["ticket"] == number and seen["by"] == "user/" + me and seen["result"].startswith("taken by %s after" % me)
    assert [s["name"] for s in seen["stages"]] == ["alert taken", "ticket opened", "page sent", "delivered", "answered", "closed"]
    assert [s["ms"] for s in seen["stages"]] == sorted(s["ms"] for s in seen["stages"])
    assert not [a for a in first.get("/api/v2/alerts") if a["labels"]["alertname"] == "TocsinDrill"]


def test_the_command_line_follows_a_drill_and_says_what_is_missing(first):
    first.wait(lambda: ("customer", "demo") in first.resources())
    done = first.verb("drill", "--by", "mail")
    if first.auth:
        assert done.returncode == 3 and "user admin has no address for mail" in done.stderr
    env = dict(os.environ, TOCSIN_URL=first.url(""), TOCSIN_TOKEN=first.admin or "")
    waiting = subprocess.Popen([TOCSIN, "drill", "--wait"], env=env, stdout=subprocess.PIPE, text=True)
    first.wait(lambda: first.get("/api/tocsin/v1/pages"))
    page = first.get("/api/tocsin/v1/pages")[0]
    assert first.post("/api/tocsin/v1/pages/%s/take" % page["id"]).status == 200
    assert first.post("/api/tocsin/v1/tickets/%d/close" % page["ticket"]).status == 200
    said, _ = waiting.communicate(timeout=20)
    assert waiting.returncode == 0
    assert re.search(r"answered\n.*closed\nResult: taken by", said, re.S), said
    assert "Not configured: mail. To have it: set mail.smarthost" in said and "Not configured: call" in said and "voice.trunks" in said


def test_the_demo_goes_in_one_go_and_does_not_come_again(first):
    first.wait(lambda: ("customer", "demo") in first.resources())
    assert {k for k, n in first.resources() if n.startswith("demo")} >= {"calendar", "contract", "customer", "policy", "problem_type", "schedule", "team"}
    gone = first.post("/api/tocsin/v1/demo/remove")
    assert gone.status == 200 and gone.json()["removed"] >= 8, gone.body
    first.wait(lambda: not [n for _, n in first.resources() if n.startswith("demo")])
    assert first.stop() == 0
    first.begin()
    time.sleep(0.5)
    assert first.resources() <= {("user", "admin")}
    again = first.post("/api/tocsin/v1/drills")  # it works without: whoever asks is reached
    assert again.status == (200 if first.auth else 200), again.body


def test_whoever_brings_a_configuration_begins_with_an_empty_ledger(tmp_path):
    d = Daemon(tmp_path)
    time.sleep(0.5)
    assert d.ask("GET", "/api/tocsin/v1/resources").json() == []
    assert d.stop() == 0


# ---- this machine ----

SAME = ("node_boot", "node_context", "node_cpu_", "node_disk_", "node_filefd_", "node_filesystem_", "node_forks", "node_intr", "node_load", "node_memory_",
        "node_network_up", "node_network_transmit_bytes", "node_pressure_", "node_procs_", "node_time_seconds", "node_uname_", "node_vmstat_")


def page_of(text):
    """{(name, labels): value}; a label without a value is none."""
    found = {}
    for line in text.splitlines():
        m = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
        if m:
            labels = tuple(sorted((k, v.replace('\\"', '"').replace("\\\\", "\\")) for k, v in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', m.group(2) or "") if v))
            found[m.group(1), labels] = float(m.group(3))
    return found


def ours(daemon, job="node"):
    answer = daemon.ask("GET", "/api/v1/query?query=%7Bjob%3D%22" + job + "%22%7D", token=daemon.admin).json()
    found = {}
    for r in answer["data"]["result"]:
        labels = tuple(sorted((k, v) for k, v in r["metric"].items() if k not in ("__name__", "job", "instance")))
        found[r["metric"]["__name__"], labels] = float(r["value"][1])
    return found


@pytest.mark.skipif(not os.path.exists("/usr/bin/prometheus-node-exporter"), reason="no node_exporter to compare with")
def test_this_machine_is_watched_as_node_exporter_does(tmp_path):
    port = free_port(socket.SOCK_STREAM)
    exporter = Program(["/usr/bin/prometheus-node-exporter", "--web.listen-address=127.0.0.1:%d" % port], tmp_path / "exporter.log")

    def theirs():
        import urllib.request
        for _ in range(100):
            try:
                return page_of(urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port).read().decode())
            except OSError:
                time.sleep(0.1)
        raise AssertionError("no page of node_exporter")

    before = theirs()
    daemon = First(tmp_path)
    daemon.wait(lambda: ("node_load1", ()) in ours(daemon))
    mine = ours(daemon)
    after = theirs()
    exporter.stop()
    missing = [k for k in before if k[0].startswith(SAME) and k not in mine and k in after]
    assert not missing, missing
    strange = [k for k in mine if k[0].startswith("node_") and k not in before and k[0] != "node_systemd_unit_state"]
    assert not strange, strange
    wrong = []
    for key, value in mine.items():
        if key not in before or key not in after:
            continue
        low, high = sorted((before[key], after[key]))
        grows = key[0].endswith("_total") or key[0] == "node_time_seconds"
        slack = 0.02 if grows else 0.3 * max(abs(low), abs(high)) + (5e8 if key[0].startswith("node_memory_") else 5)
        if key[0].startswith("node_filesystem_") or key[0] in ("node_memory_MemTotal_bytes", "node_boot_time_seconds", "node_uname_info"):
            slack = 0 if "size" in key[0] or "Total" in key[0] or "readonly" in key[0] or "info" in key[0] else max(1, 0.02 * high)
        if not low - slack <= value <= high + slack:
            wrong.append((key, low, value, high))
    assert not wrong, wrong
    assert len([k for k in mine if k[0].startswith("node_")]) > 100
    assert ("up", ()) in mine and mine["up", ()] == 1
    own = ours(daemon, "tocsin")  # the first pass may come before the first turn
    assert own["tocsin_series", ()] > 100 and own["up", ()] == 1
    assert "refused by the sandbox" not in daemon.log.read_text()
    assert daemon.stop() == 0


def test_a_configuration_is_not_given_what_it_did_not_ask_for(tmp_path):
    d = Daemon(tmp_path)
    time.sleep(1)
    assert not ours(d) and not ours(d, "tocsin")
    assert d.stop() == 0


def test_the_estate_of_the_demo_is_what_this_machine_has(first):
    first.wait(lambda: ("customer", "demo") in first.resources())
    hosts = first.get("/api/tocsin/v1/estate")
    names = {h["name"] for h in hosts}
    assert all(n.startswith("demo-") for n in names) and all(h["customer"] == "demo" for h in hosts)
    with open("/proc/net/route") as f:
        routed = any(line.split()[1] == "00000000" and line.split()[2] != "00000000" for line in f.readlines()[1:])
    assert ("demo-gateway" in names) == routed
    for h in hosts:
        for s in h["services"]:
            assert set(s) == {"name", "title", "check", "state", "hard", "attempt", "max_attempts", "output", "since", "last"}
            assert s["state"] in ("ok", "warning", "critical", "unknown", "pending")


# ---- addresses are proved ----

def test_a_code_by_mail_proves_the_address_until_it_changes(tmp_path):
    server = MailServer()
    people = "kind: user\nname: ann\nspec: {mail: ann@example.org, role: operator, language: it}\n"
    d = Daemon(tmp_path, "mail: {smarthost: '127.0.0.1:%d', from: tocsin@example.org, starttls: never}\n" % server.port, auth=True, resources=people)
    ann = d.token("ann")

    def proved():
        return [r["spec"].get("verified", []) for r in d.ask("GET", "/api/tocsin/v1/resources?kind=user", token=d.admin).json() if r["name"] == "ann"][0]

    assert d.ask("POST", "/api/tocsin/v1/users/ann/verify", {"by": "mail"}, ann).status == 200
    d.wait(lambda: server.mails)
    text = mail_text(server.mails[0][2])
    code = re.search(r"Il tuo codice per Tocsin: (\d{6})", text).group(1)
    assert proved() == []
    wrong = "%06d" % ((int(code) + 1) % 1000000)
    assert d.ask("POST", "/api/tocsin/v1/users/ann/verify/confirm", {"code": wrong}, ann).status == 400
    assert d.ask("POST", "/api/tocsin/v1/users/ann/verify/confirm", {"code": code}, ann).status == 200
    assert proved() == ["mail"]
    assert d.ask("POST", "/api/tocsin/v1/users/ann/verify/confirm", {"code": code}, ann).status == 409  # once
    resources = tmp_path / "resources.yml"
    resources.write_text(people.replace("language: it", "language: it, verified: [mail, phone]"))
    d.apply(resources)
    assert proved() == ["mail"]  # no file can add one
    resources.write_text(people.replace("ann@", "anna@"))
    d.apply(resources)
    assert proved() == []
    assert d.stop() == 0
    server.stop()


def mail_text(mail):
    import email
    parsed = email.message_from_string(mail if isinstance(mail, str) else mail.decode())
    return parsed.get_payload(decode=True).decode()


ESTATE = """
kind: calendar
name: always
spec: {time_zone: UTC}
---
kind: contract
name: open
spec: {calendar: always, console: true}
---
kind: contract
name: shut
spec: {calendar: always}
---
kind: customer
name: acme
spec: {contract: open}
---
kind: customer
name: bolt
spec: {contract: shut}
---
kind: host
name: web
customer: acme
spec: {address: 192.0.2.1, title: Web}
---
kind: host
name: spare
customer: acme
spec: {}
---
kind: host
name: db
customer: bolt
spec: {address: 192.0.2.2}
---
kind: service
name: page
customer: acme
spec: {host: web, check: tcp, tcp: {port: 80}, interval: 1h, retry_interval: 1h}
---
kind: service
name: lost
customer: acme
spec: {host: nowhere, check: ping, interval: 1h, retry_interval: 1h}
---
kind: user
name: a
spec: {role: contact, customers: [acme]}
---
kind: user
name: b
spec: {role: contact, customers: [bolt]}
---
kind: user
name: v
spec: {role: viewer, customers: [bolt]}
"""


def test_a_customers_people_see_their_estate_when_the_contract_says_so(tmp_path):
    d = Daemon(tmp_path, auth=True, resources=ESTATE)

    def names(user=None, query=""):
        token = d.token(user) if user else d.admin
        return [(h["customer"], h["name"], [s["name"] for s in h["services"]]) for h in d.ask("GET", "/api/tocsin/v1/estate" + query, token=token).json()]

    acme = [("acme", "nowhere", ["lost"]), ("acme", "spare", []), ("acme", "web", ["page"])]
    bolt = [("bolt", "db", [])]
    d.wait(lambda: names() == acme + bolt)
    assert names("a") == acme and names("b") == [] and names("v") == bolt
    assert names(query="?customer=bolt") == bolt and names("v", "?customer=acme") == []
    page = [h for h in d.ask("GET", "/api/tocsin/v1/estate", token=d.admin).json() if h["name"] == "web"][0]
    assert page["title"] == "Web" and page["address"] == "192.0.2.1"
    assert page["services"][0]["state"] == "pending" and page["services"][0]["last"] is None
    assert d.stop() == 0
