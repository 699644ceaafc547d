"""The whole chain's daemon: a trunk to a telephone, people, and a customer with a contract; standard library only."""
import os
import pathlib
import subprocess
import time

from daemon import TOCSIN, Daemon

RESOURCES = """
kind: user
name: first
spec: {title: First, phone: "100", language: it, ladder: [{by: call}]}
---
kind: user
name: second
spec: {title: Second, phone: "200", language: en, ladder: [{by: call}]}
---
kind: calendar
name: always
spec: {time_zone: UTC}
---
kind: policy
name: night
spec: {steps: [{notify: ["user:first"], after: 5m}, {notify: ["user:second"], after: 5m}]}
---
kind: contract
name: gold
spec:
  calendar: always
  on_call: true
  slas: [{priority: critical, pickup: 15m, resolution: 4h}]
  matrix: [{severity: [critical], priority: critical, modality: call, policy: night}]
---
kind: customer
name: acme
spec: {title: Acme, contract: gold}
"""


class Chain(Daemon):
    """`telephone`: the SIP peer of its trunk, or None; `trunk`: more of the trunk's settings; `config`: more of the tocsin.yml;
    `env`: more of the environment."""

    def __init__(self, path, telephone=None, config="", resources=RESOURCES, env=None, trunk=""):
        voice = "voice:\n  listen: 127.0.0.1:0\n  trunks:\n    - {name: pbx, proxy: '127.0.0.1:%d'%s}\n"
        super().__init__(path, (voice % (telephone.port, trunk) if telephone else "") + config, resources=resources, env=env)

    def said(self):
        return self.log.read_text()[-4000:]

    def get(self, path):
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return answer.json()

    def verb(self, *argv):
        done = subprocess.run([TOCSIN, *argv], env=dict(os.environ, TOCSIN_URL=self.url("")), capture_output=True, text=True,
                              timeout=20)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def verify(self):
        """What `tocsin verify` says about the journal; raises when it is not intact."""
        return self.verb("verify", "--data", self.path / "data")

    def alert(self, name, customer="acme", severity="critical"):
        alert = {"labels": {"alertname": name, "severity": severity}, "annotations": {"summary": "The disk is full"}}
        return self.ask("POST", "/api/v2/alerts", [alert], headers={"X-Scope-OrgID": customer}).status

    def tickets(self):
        return self.get("/api/tocsin/v1/tickets")

    def ticket(self):
        tickets = self.tickets()
        return tickets[0] if tickets else None

    def timeline(self, number=1):
        return self.get("/api/tocsin/v1/tickets/%d/events" % number)

    def ticket_when(self, state, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            t = self.ticket()
            if t and t["state"] == state:
                return t
            time.sleep(0.1)
        raise AssertionError("the ticket is not %s: %r" % (state, self.ticket()))

    def roles(self):
        """role -> process id, of those that run now"""
        found = {}
        for pid in self.children():
            try:
                found[pathlib.Path("/proc/%s/comm" % pid).read_text().strip()] = int(pid)
            except OSError:
                pass
        return found

    def child(self, role):
        return self.roles().get(role)
