"""What the recorder of tests/golden and the test that holds us against it share: the world that is asked about, how it is
asked, and what it means that two answers have the same shape."""
import json
import time
import urllib.error
import urllib.parse
import urllib.request

RULES = """
groups:
  - name: group
    interval: 1s
    rules:
      - {record: twice, expr: metric * 2}
      - {alert: High, expr: metric > 30, for: 1m, labels: {severity: low}, annotations: {summary: high}}
"""
ROUTES = """
route:
  receiver: all
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  routes:
    - {matchers: [severity=critical], receiver: urgent}
receivers:
  - {name: all}
  - {name: urgent, webhook_configs: [{url: 'http://127.0.0.1:HOOK/urgent'}]}
"""
ALERT = {"labels": {"alertname": "Hooked", "severity": "critical", "host": "a"}, "annotations": {"summary": "s"},
         "startsAt": "2026-01-02T03:04:05Z", "generatorURL": "http://example.org/g?x=1&y=2"}
# What newer ones than Debian's say, too: why they notify, the mute timings, an empty `labels` of a recording rule; a cluster
# has a name when it is one; and what a group's route matched on is ours.
MAY_BE_ABSENT = {"notification_reason", "mutedBy", "labels", "name", "routeLabels"}


def series():
    now = int(time.time())
    samples = [((now - 60 + i) * 1000, i) for i in range(0, 61, 10)]
    return [({"__name__": "metric", "job": "j", "host": h}, samples) for h in "ab"]


def ask(url, request, body=None, headers=None):
    """(status, answer)"""
    now, headers = int(time.time()), dict(headers or {})

    def fill(text):
        return text.replace("$NOW", str(now)).replace("$BEGIN", str(now - 60))

    if request.get("form"):
        body = urllib.parse.urlencode({k: fill(v) for k, v in request["form"].items()}).encode()
    path = urllib.parse.quote(fill(request["path"]), safe="/?&=")
    q = urllib.request.Request(url(path), data=body, headers=headers, method=request["method"])
    try:
        with urllib.request.urlopen(q, timeout=10) as r:
            status, text = r.status, r.read()
    except urllib.error.HTTPError as e:
        with e:
            status, text = e.code, e.read()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text.decode()


def differences(theirs, ours, at="answer"):
    """Where our answer has not the shape of theirs.  A number is a number; a list is judged by its first element; a map of
    names that are data (metadata, labels) by its own keys."""
    if isinstance(theirs, bool) or isinstance(ours, bool) or theirs is None or ours is None:
        return [] if type(theirs) is type(ours) else ["%s: %r, not %r" % (at, ours, theirs)]
    if isinstance(theirs, (int, float)) and isinstance(ours, (int, float)):
        return []
    if type(theirs) is not type(ours):
        return ["%s: %r, not %r" % (at, ours, theirs)]
    if isinstance(theirs, list):
        return differences(theirs[0], ours[0], at + "[0]") if theirs and ours else []
    if not isinstance(theirs, dict):
        return []
    found = ["%s: no %s" % (at, k) for k in theirs.keys() - ours.keys()]
    found += ["%s: %s is not theirs" % (at, k) for k in ours.keys() - theirs.keys() - MAY_BE_ABSENT]
    for k in sorted(theirs.keys() & ours.keys()):
        found += differences(theirs[k], ours[k], "%s.%s" % (at, k))
    return found
