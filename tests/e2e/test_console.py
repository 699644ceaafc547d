"""The console in a real browser: each walk is a script of tests/console."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from daemon import Daemon

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


def walk(name, d, seconds=240, **given):
    env = dict(os.environ, TOCSIN_URL=d.url(""), TOCSIN_GIVEN=json.dumps(given))
    done = subprocess.run(["node", WALKS / (name + ".mjs")], env=env, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout + done.stderr


def with_password(d):
    """The administrator gets a password of its own by an invitation."""
    one_time = d.ask("POST", "/api/tocsin/v1/users/admin/invite", {}, d.admin).json()["password"]
    said = d.ask("POST", "/api/tocsin/v1/session", {"user": "admin", "password": one_time})
    headers = {"Cookie": said.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": said.json()["csrf"]}
    assert d.ask("POST", "/api/tocsin/v1/password", {"password": PASSWORD}, headers=headers).status == 200


def test_a_call_rings_in_the_browser_and_is_taken_with_a_key(house):
    contract = house.ask("POST", "/api/tocsin/v1/resources", b"kind: customer\nname: default\nspec: {contract: gold}\n", headers={"Content-Type": "application/yaml"})
    assert contract.status == 200
    walk("operator", house, user="first")


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


def test_every_page_in_both_themes_and_widths(house):
    for body in ({"customer": "acme", "title": "a printer is on fire", "problem_type": "firewall-rule"}, {"customer": "acme", "title": "a second one"}):
        assert house.ask("POST", "/api/tocsin/v1/tickets", body).status == 200
    walk("pages", house)
