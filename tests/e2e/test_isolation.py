"""Two customers in one daemon: whoever belongs to one learns nothing of the other, on any way in."""
import socket
import threading
import time

import pytest

from daemon import TOCSIN, Daemon, query

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")

# All that is zenith's has "hush" in it, but for the bare name of the customer.
CONFIG = """
rule_files: [rules.yml]
scrape_configs:
  - {job_name: a, customer: acme, static_configs: [{targets: ['127.0.0.1:9']}]}
  - {job_name: hushjob, customer: zenith, static_configs: [{targets: ['127.0.0.1:9'], labels: {of: hush}}]}
route:
  receiver: all
  group_wait: 1s
  routes: [{matchers: [of=hush], receiver: hush-hook}]
receivers: [{name: all}, {name: hush-hook}]
"""
RULES = """
groups:
  - {name: ours, customer: acme, interval: 1s, rules: [{alert: Ours, expr: vector(1)}]}
  - {name: hushrules, customer: zenith, interval: 1s, rules: [{alert: HushRule, expr: vector(1)}]}
"""
RESOURCES = """
kind: calendar
name: always
spec: {time_zone: UTC}
---
kind: contract
name: base
customer: acme
spec: {calendar: always, slas: [{priority: medium, pickup: 1h, resolution: 1d}], matrix: [{priority: medium}]}
---
kind: contract
name: hush-base
customer: zenith
spec: {calendar: always, slas: [{priority: medium, pickup: 1h, resolution: 1d}], matrix: [{priority: medium}]}
---
kind: customer
name: acme
spec: {title: Acme, contract: base}
---
kind: customer
name: zenith
spec: {title: Hush, contract: hush-base}
---
kind: contact
name: hush-person
customer: zenith
spec: {title: Hush, mail: hush@example.org}
---
kind: user
name: alice
spec: {role: contact, customers: [acme]}
---
kind: user
name: oscar
spec: {role: operator, customers: [acme]}
---
kind: user
name: vera
spec: {role: viewer, customers: [acme]}
---
kind: user
name: both
spec: {role: operator, customers: [acme, zenith]}
---
kind: user
name: hush-user
spec: {role: operator, customers: [zenith]}
---
kind: user
name: everywhere
spec: {title: Everywhere, role: operator, mail: hush@everywhere.example, phone: "sip:hush-1@pbx", ladder: [{by: call, to: "sip:hush-2@pbx"}]}
---
kind: user
name: colleague
spec: {title: Colleague, role: operator, customers: [acme], mail: col@example.org, phone: "100", ladder: [{by: call, to: "200"}]}
---
kind: policy
name: night
spec: {steps: [{notify: ["user:everywhere"], after: 5m}]}
---
kind: contract
name: night
spec: {calendar: always, on_call: true, slas: [{priority: critical, pickup: 15m, resolution: 4h}],
       matrix: [{severity: [critical], priority: critical, modality: call, policy: night}]}
---
kind: customer
name: nightly
spec: {title: Nightly, contract: night}
---
kind: user
name: nina
spec: {role: operator, customers: [nightly]}
---
kind: schedule
name: shared
spec: {layers: [{users: [everywhere], start: "2026-01-05"}]}
"""


class World:
    def __init__(self, path):
        (path / "rules.yml").write_text(RULES)
        d = self.daemon = Daemon(path, CONFIG, auth=True, resources=RESOURCES)
        self.tokens = {n: d.token(n) for n in ("alice", "oscar", "vera", "both", "hush-user")}
        now = int(time.time() * 1000)
        self.tickets, self.silences = {}, {}
        for customer, name in (("acme", "plain"), ("zenith", "hush")):
            scope = {"X-Scope-OrgID": customer}
            assert d.write([({"__name__": name + "_metric", "of": name, name: "x"}, [(now, 1)])], customer, d.admin).status == 204
            alert = [{"labels": {"alertname": name + "Alert", "of": name}, "annotations": {"summary": name}}]
            assert d.ask("POST", "/api/v2/alerts", alert, d.admin, scope).status == 200
            opened = d.ask("POST", "/api/tocsin/v1/tickets", {"customer": customer, "title": name + " ticket"}, d.admin)
            assert opened.status == 200, opened.body
            self.tickets[customer] = opened.json()["number"]
            silence = {"matchers": [{"name": "of", "value": name + "silence", "isRegex": False}], "comment": name,
                       "createdBy": name, "startsAt": stamp(0), "endsAt": stamp(3600)}
            made = d.ask("POST", "/api/v2/silences", silence, d.admin, scope)
            assert made.status == 200, made.body
            self.silences[customer] = made.json()["silenceID"]
        everything = lambda: d.ask("GET", "/api/v2/alerts", token=d.admin).body
        d.wait(lambda: all(name in everything() for name in (b"HushRule", b"hushAlert", b"Ours", b"plainAlert")))


def stamp(ahead):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("isolation"))
    yield w
    assert w.daemon.stop() == 0


def routes(daemon):
    """(method, path, right) of all but the endless one."""
    paths = daemon.ask("GET", "/api/tocsin/v1/openapi.json").json()["paths"]
    return [(m.upper(), p, about["x-right"]) for p, methods in paths.items() for m, about in methods.items()]


def places(world, method, path):
    """The path with everything in its braces that could be zenith's, and what may be asked of it."""
    number, silence = str(world.tickets["zenith"]), world.silences["zenith"]
    fill = {"{number}": [number], "{id}": [silence, number + "-1"], "{name}": ["of", "__name__", "hush", "__tenant_id__"],
            "{verb}": ["message", "close", "take", "assign"], "{answer}": ["take"],
            "{what}": ["config", "tsdb", "flags", "runtimeinfo", "buildinfo"]}
    paths = [path]
    for brace, values in fill.items():
        paths = [p.replace(brace, v) for p in paths for v in (values if brace in p else [""])]
    more = {"/api/v1/query": ["?query={__name__=~'.%2B'}", "?query={__tenant_id__='zenith'}", "?query=ALERTS"],
            "/api/v1/query_range": ["?query={__name__=~'.%%2B'}&start=%d&end=%d&step=60" % (time.time() - 600, time.time())],
            "/api/v1/series": ["?match[]={__name__=~'.%2B'}", "?match[]={__tenant_id__='zenith'}"],
            "/api/tocsin/v1/events": ["", "?limit=10000", "?subject=ticket/" + number, "?subject=silence/" + silence],
            "/api/tocsin/v1/tickets": ["", "?customer=zenith", "?limit=10000"],
            "/api/tocsin/v1/resources": ["", "?kind=user", "?kind=customer", "?kind=contract", "?kind=contact"],
            "/api/v2/alerts": ["", "?filter=of%3D%22hush%22", "?receiver=hush.*"],
            "/api/v2/alerts/groups": ["", "?receiver=hush.*"]}
    return [p + q for p in paths for q in (more.get(p, [""]) if method != "DELETE" else [""])]


def body_of(method, path):
    if method != "POST":
        return None
    return {"/api/tocsin/v1/tickets": {"customer": "zenith", "title": "x"},
            "/api/v2/alerts": [{"labels": {"alertname": "x"}}]}.get(path, {"text": "x", "message": "x"})


KEPT = {("DELETE", "/api/tocsin/v1/session"), ("POST", "/api/tocsin/v1/session"), ("GET", "/api/tocsin/v1/live"),
        ("POST", "/-/reload")}


@pytest.mark.parametrize("who", ["alice", "oscar", "vera"])
def test_no_way_in_shows_another_customer(world, who):
    d, asked = world.daemon, 0
    for method, path, right in routes(d):
        if (method, path) in KEPT:
            continue
        for place in places(world, method, path):
            for scope in (None, "zenith", "acme|zenith", "acme"):
                headers = {"X-Scope-OrgID": scope} if scope else {}
                a = d.ask(method, place, body_of(method, path), world.tokens[who], headers)
                asked += 1
                said = a.body.replace(b"customer zenith is not yours", b"").replace(b'"zenith\\" is not a customer of yours', b"")
                assert b"hush" not in said.lower(), (who, method, place, scope, a.body[:500])
                assert a.status < 500 or a.status == 503, (who, method, place, a.body[:500])
                if scope is None and "zenith" not in place:
                    assert b"zenith" not in said, (who, method, place, a.body[:500])
                if scope and "zenith" in scope and a.status == 200 and path.startswith("/api/v1/query"):
                    raise AssertionError((who, method, place, scope, a.body[:500]))
    assert asked > 200


def test_what_is_ours_is_there(world):
    d, oscar = world.daemon, world.tokens["oscar"]
    get = lambda path: d.ask("GET", path, token=oscar)
    assert b"plain_metric" in get(query("/api/v1/query", query="plain_metric")).body
    assert "plain ticket" in [t["title"] for t in get("/api/tocsin/v1/tickets").json()]
    assert {a["labels"]["alertname"] for a in get("/api/v2/alerts").json()} >= {"Ours", "plainAlert"}
    assert [r["name"] for r in get("/api/v2/receivers").json()] == ["all"]
    assert [t["scrapePool"] for t in get("/api/v1/targets").json()["data"]["activeTargets"]] == ["a"]
    assert [g["name"] for g in get("/api/v1/rules").json()["data"]["groups"]] == ["ours"]
    assert get("/api/v2/silence/" + world.silences["acme"]).status == 200
    every = d.ask("GET", "/api/v1/targets", token=d.admin).json()["data"]["activeTargets"]
    assert {t["scrapePool"] for t in every} == {"a", "hushjob"}


def test_people_on_call_have_names_but_no_numbers(world):
    d = world.daemon
    people = lambda token: {r["name"]: r["spec"] for r in d.ask("GET", "/api/tocsin/v1/resources?kind=user", token=token).json()}
    reach = lambda spec: {k: spec[k] for k in ("mail", "phone", "ladder") if spec.get(k)}
    seen = people(world.tokens["oscar"])
    assert seen["everywhere"]["title"] == "Everywhere" and reach(seen["everywhere"]) == {}
    assert set(reach(seen["colleague"])) == {"mail", "phone", "ladder"} and seen["colleague"]["phone"] == "100"
    assert "hush-user" not in seen
    assert [s["user"] for s in d.ask("GET", "/api/tocsin/v1/oncall", token=world.tokens["oscar"]).json()] == ["everywhere"]
    for token in (d.admin, d.token("everywhere")):
        assert people(token)["everywhere"]["phone"] == "sip:hush-1@pbx" and len(people(token)["everywhere"]["ladder"]) == 1


def test_how_somebody_was_paged_is_not_told_with_the_ticket(world):
    d = world.daemon
    alert = [{"labels": {"alertname": "Down", "severity": "critical"}}]
    assert d.ask("POST", "/api/v2/alerts", alert, d.admin, {"X-Scope-OrgID": "nightly"}).status == 200
    events = lambda token: d.ask("GET", "/api/tocsin/v1/events?limit=10000", token=token).json()
    paged = lambda token: [e for e in events(token) if e["kind"] == "page_sent" and "everywhere" in e["text"]]
    d.wait(lambda: paged(d.admin))
    nina = d.token("nina")
    assert paged(d.admin)[0]["facts"]["to"] == "sip:hush-2@pbx"
    assert paged(nina) and all("to" not in e["facts"] for e in paged(nina)) and "hush" not in str(events(nina)).lower()
    number = d.ask("GET", "/api/tocsin/v1/tickets", token=nina).json()[0]["number"]
    assert b"hush" not in d.ask("GET", "/ticket/%d" % number, token=nina).body.lower()


def test_who_serves_both_sees_both_when_asked_for(world):
    d, both = world.daemon, world.tokens["both"]
    ask = lambda scope: d.ask("GET", query("/api/v1/query", query='{__name__=~"(plain|hush)_metric"}'), token=both,
                              headers={"X-Scope-OrgID": scope} if scope else {}).json()["data"]["result"]
    names = lambda scope: sorted(r["metric"]["__name__"] for r in ask(scope))
    assert names(None) == ["plain_metric"] and names("zenith") == ["hush_metric"]
    assert names("acme|zenith") == ["hush_metric", "plain_metric"]
    assert {r["metric"]["__tenant_id__"] for r in ask("acme|zenith")} == {"acme", "zenith"}
    assert {t["customer"] for t in d.ask("GET", "/api/tocsin/v1/tickets", token=both).json()} == {"acme", "zenith"}
    assert d.ask("GET", "/api/v2/silence/" + world.silences["zenith"], token=both, headers={"X-Scope-OrgID": "zenith"}).status == 200


@pytest.mark.parametrize("who", ["alice", "oscar"])
def test_what_is_zeniths_cannot_be_changed(world, who):
    d, token, number = world.daemon, world.tokens[who], world.tickets["zenith"]
    silence = {"id": world.silences["zenith"], "matchers": [{"name": "of", "value": "x", "isRegex": False}], "comment": "c",
               "createdBy": "x", "startsAt": stamp(0), "endsAt": stamp(60)}
    tries = [("DELETE", "/api/v2/silence/" + world.silences["zenith"], None), ("POST", "/api/v2/silences", silence),
             ("POST", "/api/tocsin/v1/tickets/%d/message" % number, {"text": "x"}),
             ("POST", "/api/tocsin/v1/tickets/%d/close" % number, {"text": "x"}),
             ("POST", "/api/tocsin/v1/tickets", {"customer": "zenith", "title": "x"}),
             ("POST", "/api/tocsin/v1/tickets", {"customer": "acme", "title": "x", "refers_to": number}),
             ("POST", "/api/tocsin/v1/pages/%d-1/take" % number, None),
             ("POST", "/api/tocsin/v1/tokens", {"name": "x", "user": "hush-user"})]
    for method, path, body in tries:
        a = d.ask(method, path, body, token)
        assert a.status in (403, 404), (method, path, a.status, a.body)
    for scope in ("zenith", "acme|zenith", "ZENITH", "../zenith", "nobody"):
        a = d.ask("POST", "/api/v2/alerts", [{"labels": {"alertname": "Forged"}}], token, {"X-Scope-OrgID": scope})
        assert a.status in (400, 403)
        assert d.write([({"__name__": "forged"}, [(int(time.time() * 1000), 1)])], scope, token).status in (400, 403)
    whole = d.ask("GET", "/api/v2/silence/" + world.silences["zenith"], token=d.admin).json()
    assert whole["status"]["state"] == "active" and whole["comment"] == "hush"
    ticket = d.ask("GET", "/api/tocsin/v1/tickets/%d" % number, token=d.admin).json()
    assert ticket["state"] == "new" and ticket["title"] == "hush ticket"
    seen = d.ask("GET", "/api/v2/alerts", token=d.admin).body
    assert b"Forged" not in seen


def test_what_is_everybodys_is_for_administrators(world):
    d, oscar = world.daemon, world.tokens["oscar"]
    silence = {"matchers": [{"name": "of", "value": "nothing", "isRegex": False}], "comment": "all", "createdBy": "x",
               "startsAt": stamp(0), "endsAt": stamp(3600), "allCustomers": True}
    assert d.ask("POST", "/api/v2/silences", silence, oscar).status == 403
    identity = d.ask("POST", "/api/v2/silences", silence, d.admin).json()["silenceID"]
    assert d.ask("GET", "/api/v2/silence/" + identity, token=oscar).status == 200
    assert d.ask("DELETE", "/api/v2/silence/" + identity, token=oscar).status in (403, 404)
    assert d.ask("POST", "/api/v2/silences", dict(silence, id=identity, allCustomers=False), oscar).status in (403, 404)
    assert d.ask("GET", "/api/v2/silence/" + identity, token=d.admin).json()["status"]["state"] == "active"
    for who in ("alice", "vera", "oscar"):
        assert d.ask("POST", "/-/reload", token=world.tokens[who]).status == 403
        assert d.ask("POST", "/api/tocsin/v1/resources", b"kind: user\nname: oscar\nspec: {role: admin}\n", world.tokens[who]).status == 403
    limited = d.ask("POST", "/api/tocsin/v1/resources", b"kind: user\nname: x\nspec: {role: admin, customers: [acme]}\n", d.admin)
    assert limited.status == 400


def test_operators_swap_shifts_and_set_nothing_else(world):
    d = world.daemon
    tokens = dict(world.tokens, everywhere=d.token("everywhere"))

    def swap(name, user, who, **more):
        spec = {"schedule": "shared", "user": user, "from": stamp(3600), "to": stamp(7200)}
        document = {"kind": "override", "name": name, **({"removed": True} if more.get("removed") else {"spec": spec})}
        return d.ask("POST", "/api/tocsin/v1/resources", document, tokens[who]).status

    # who serves some customers takes a shift over and gives it back; who serves all swaps any
    assert swap("mine", "oscar", "oscar") == 200
    assert swap("mine", "oscar", "oscar", removed=True) == 200
    assert swap("theirs", "everywhere", "oscar") == 403
    assert swap("theirs", "colleague", "everywhere") == 200
    assert swap("theirs", "oscar", "oscar") == 403
    assert swap("theirs", "colleague", "oscar", removed=True) == 403
    assert swap("theirs", "colleague", "everywhere", removed=True) == 200
    for who in ("alice", "vera"):
        assert swap("mine", who, who) == 403
    said = d.ask("POST", "/api/tocsin/v1/resources", {"kind": "team", "name": "x", "spec": {}}, tokens["everywhere"])
    assert said.status == 403 and "an operator sets overrides" in said.body.decode()


def test_the_live_stream_is_filtered(world):
    d, heard = world.daemon, {}

    def listen(who):
        with socket.create_connection(("127.0.0.1", d.port), 5) as s:
            s.sendall(("GET /api/tocsin/v1/live?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Scope-OrgID: zenith\r\n"
                       "Authorization: Bearer %s\r\n\r\n" % world.tokens[who]).encode())
            s.settimeout(0.2)
            end, got = time.time() + 2, b""
            while time.time() < end:
                try:
                    got += s.recv(65536)
                except socket.timeout:
                    pass
            heard[who] = got

    threads = [threading.Thread(target=listen, args=(who,)) for who in ("alice", "oscar")]
    for t in threads:
        t.start()
    time.sleep(0.5)
    for customer, text in (("acme", "plain news"), ("zenith", "hush news")):
        said = d.ask("POST", "/api/tocsin/v1/tickets", {"customer": customer, "title": text}, d.admin)
        assert said.status == 200
    for t in threads:
        t.join()
    for who, got in heard.items():
        assert b"ticket_opened" in got and b"hush" not in got.lower() and b"zenith" not in got, (who, got[-2000:])


def test_without_credentials_everything_is_401(world):
    for method, path, right in routes(world.daemon):
        place = path.replace("{number}", "1").replace("{verb}", "close").replace("{id}", "1-1").replace("{answer}", "take")
        place = place.replace("{name}", "job").replace("{what}", "config").replace("{file}", "console.js").replace("{page}", "board")
        for scope in ({}, {"X-Scope-OrgID": "acme"}):
            a = world.daemon.ask(method, place, body_of(method, path), headers=scope)
            if right != "anybody":
                assert a.status == 401, (method, place, a.status)
            if place != "/assets/console.js":  # a program, the same for everybody
                assert b"hush" not in a.body.lower() and b"zenith" not in a.body and b"plain" not in a.body, place
    assert world.daemon.ask("GET", "/text").status == 401 and world.daemon.ask("GET", "/text/ticket/1").status == 401


def test_a_foreign_token_is_403_everywhere(world):
    for method, path, right in routes(world.daemon):
        if right not in ("anybody", "contact"):
            a = world.daemon.ask(method, path.replace("{", "").replace("}", ""), body_of(method, path), "tocsin_" + "x" * 43)
            assert a.status in (401, 403), (method, path, a.status)
