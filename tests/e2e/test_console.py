"""The console in a real browser: each walk is a script of tests/console."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from daemon import Daemon
from test_first_run import First

WALKS = pathlib.Path(__file__).parent.parent / "console"
ROOT = WALKS.parent.parent

AGREEMENTS = """
kind: customer
name: acme
spec: {title: Acme Travel, contract: gold}
---
kind: calendar
name: always
spec: {time_zone: Europe/Rome}
---
kind: contract
name: gold
spec:
  calendar: always
  on_call: true
  slas: [{priority: critical, pickup: 15m, resolution: 4h}, {priority: low, pickup: 8h, resolution: 16h}]
  matrix: [{severity: [critical], priority: critical, modality: call, policy: night}, {priority: low, modality: ticket}]
---
kind: user
name: first
spec: {title: First Engineer, mail: first@example.org, ladder: [{by: console, wait: 2m}]}
---
kind: user
name: nora
spec: {title: Network Engineer, skills: [firewall]}
---
kind: user
name: buyer
spec: {title: A Buyer, role: contact, customers: [acme]}
---
kind: team
name: network
spec: {members: [nora], skills: [firewall]}
---
kind: schedule
name: platform
spec: {time_zone: Europe/Rome, layers: [{users: [first, nora], start: "2026-01-05", every: day}]}
---
kind: policy
name: night
spec: {steps: [{notify: ["user:first"], after: 5m}]}
---
kind: problem_type
name: firewall-rule
spec: {title: Firewall rule, kind: change, skills: [firewall], priority: low}
"""

# the walks change some of it: nothing of it may belong to a file
PASSWORD = "a password of some length"

pytestmark = pytest.mark.skipif(not shutil.which("node") or not pathlib.Path("/usr/bin/chromium").exists(), reason="node and chromium are not here")


@pytest.fixture(scope="session", autouse=True)
def libraries():
    if not (ROOT / "web/node_modules/playwright-core").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], cwd=ROOT / "web", check=True, timeout=300)


@pytest.fixture
def house(tmp_path, request):
    d = Daemon(tmp_path, auth=getattr(request, "param", False))
    made = d.ask("POST", "/api/tocsin/v1/resources", AGREEMENTS.encode(), d.admin, {"Content-Type": "application/yaml"})
    assert made.status == 200, made.body
    yield d
    d.stop()


def walk(name, d, seconds=240, shots="", **given):
    env = dict(os.environ, TOCSIN_URL=d.url(""), TOCSIN_GIVEN=json.dumps(given), TOCSIN_SHOTS=shots)
    done = subprocess.run(["node", WALKS / (name + ".mjs")], env=env, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout + done.stderr


def with_password(d):
    """The administrator gets a password of its own by an invitation."""
    one_time = d.ask("POST", "/api/tocsin/v1/users/admin/invite", {}, d.admin).json()["password"]
    said = d.ask("POST", "/api/tocsin/v1/session", {"user": "admin", "password": one_time})
    headers = {"Cookie": said.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": said.json()["csrf"]}
    assert d.ask("POST", "/api/tocsin/v1/password", {"password": PASSWORD}, headers=headers).status == 200


@pytest.mark.parametrize("language, width", [("en", 1440), ("it", 390), ("it", 1440), ("en", 390)])
def test_the_first_run_shows_the_whole_chain(tmp_path, language, width):
    d = First(tmp_path, auth=True, sign_in=False)
    try:
        d.wait(lambda: "one-time password" in d.log.read_text())
        one_time = re.search(r"one-time password (\S+)", d.log.read_text()).group(1)
        walk("first", d, language=language, width=width, oneTime=one_time)
    finally:
        d.stop()


def test_a_call_rings_in_the_browser_and_is_taken_with_a_key(house):
    contract = house.ask("POST", "/api/tocsin/v1/resources", b"kind: customer\nname: default\nspec: {contract: gold}\n", headers={"Content-Type": "application/yaml"})
    assert contract.status == 200
    walk("operator", house, user="first")


def test_expressions_are_written_with_help(tmp_path):
    d = First(tmp_path)
    try:
        d.wait(lambda: "node_load1" in d.ask("GET", "/api/v1/label/__name__/values").json()["data"], 30)
        walk("explore", d)
    finally:
        d.stop()


@pytest.mark.parametrize("house", [True], indirect=True)
def test_a_contact_opens_follows_and_reopens(house):
    walk("contact", house, admin=house.admin, nora=house.token("nora"))


@pytest.mark.parametrize("house", [True], indirect=True)
def test_an_administrator_changes_people_and_agreements(house):
    with_password(house)
    walk("admin", house, admin=house.admin, password=PASSWORD)


@pytest.mark.parametrize("house", [True], indirect=True)
def test_what_goes_wrong_at_a_console(house):
    with_password(house)
    walk("trouble", house, admin=house.admin, nora=house.token("nora"), password=PASSWORD)


ALERTS = [
    ("alba-air", {"alertname": "DiskFull", "severity": "critical", "host": "db1", "mount": "/var"}, "/var on db1 is 97 % full and grows 2 GB an hour"),
    ("alba-air", {"alertname": "PaymentSlow", "severity": "warning", "service": "checkout"}, "Payments take 6.2 s (limit 5 s)"),
    ("harbour-foods", {"alertname": "BackupMissing", "severity": "warning", "host": "files2"}, "No backup report of files2 since 02:00"),
    ("harbour-foods", {"alertname": "FanFailed", "severity": "critical", "host": "esx4"}, "Fan 2 of esx4 stands still; the other one carries the load"),
    ("old-mill", {"alertname": "CertificateEnds", "severity": "info", "host": "shop"}, "The certificate of the shop ends in 12 days"),
] + [("alba-air", {"alertname": "PodRestarting", "severity": "warning", "pod": "web-%d" % n}, "web-%d restarted 5 times in 10 minutes" % n) for n in range(7)]


def furnish(d):
    """The example house, with some trouble in it."""
    made = d.ask("POST", "/api/tocsin/v1/resources", (WALKS / "example.yml").read_bytes(), headers={"Content-Type": "application/yaml"})
    assert made.status == 200, made.body
    for customer, labels, summary in ALERTS:
        body = [{"labels": labels, "annotations": {"summary": summary}}]
        assert d.ask("POST", "/api/v2/alerts", body, headers={"X-Scope-OrgID": customer}).status == 200
    page = "# TYPE http_requests_total counter\n" + "".join('http_requests_total{host="web-%d",code="%d"} %d\n' % (n, code, n * code) for n in range(30) for code in (200, 404, 500))
    assert d.ask("PUT", "/metrics/job/web", page.encode()).status in (200, 202)
    silence = {"matchers": [{"name": "host", "value": "esx4", "isRegex": False}], "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z",
               "createdBy": "first", "comment": "the fan is replaced this afternoon"}
    assert d.ask("POST", "/api/v2/silences", silence, headers={"X-Scope-OrgID": "harbour-foods"}).status == 200
    opened = d.ask("POST", "/api/tocsin/v1/tickets", {"customer": "old-mill", "title": "Please open port 8443 for the new till", "problem_type": "firewall-rule"})
    assert opened.status == 200, opened.body
    number = d.ask("GET", "/api/tocsin/v1/tickets?q=Payments").json()[0]["number"]
    for verb, body in (("take", {"user": "second"}), ("message", {"audience": "customer", "text": "We see it: the payment provider answers slowly. We are on the phone with them."}),
                       ("suspend", {"reason": "supplier", "text": "the provider looks at its database"})):
        assert d.ask("POST", "/api/tocsin/v1/tickets/%d/%s" % (number, verb), body).status == 200


def test_the_console_hears_every_kind_of_event():
    known = set(re.findall(r"^EVENT\((\w+)", (ROOT / "src/flow/event.def").read_text(), re.M))
    heard = re.search(r'const kinds =\n\t"([^"]+)"', (ROOT / "web/src/live.ts").read_text()).group(1).split()
    assert set(heard) == known and len(heard) == len(known)


def test_every_page_in_both_themes_and_widths(tmp_path):
    d = Daemon(tmp_path)
    try:
        furnish(d)
        walk("pages", d, shots=os.environ.get("TOCSIN_SHOTS", str(ROOT / "build" / "screenshots")))
    finally:
        d.stop()
