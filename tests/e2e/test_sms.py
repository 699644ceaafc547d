"""Short messages through a provider's HTTP interface, played by a server of the kinds that are met: JSON, and Kannel's."""
import http.server
import json
import threading
import urllib.parse

import pytest

from daemon import Daemon


class Provider(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers.get("Authorization"), body))
        self.answer(200, b'{"status":"rejected","why":"no credit"}')

    def do_GET(self):
        self.server.seen.append((self.path, None, b""))
        self.answer(202, b"0: Accepted for delivery")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_drill_by_sms_goes_to_the_gateway_that_takes_it(tmp_path, provider):
    at = "http://127.0.0.1:%d" % provider.server_port
    d = Daemon(tmp_path, """
sms:
  gateways:
    - {name: provider, url: "%s/v1", body: '{"to":"{to}","text":"{text}"}', accepted: '"queued"',
       http_config: {authorization: {credentials: of-the-provider}}}
    - {name: modem, url: "%s/cgi-bin/sendsms?to={to}&text={text}", accepted: "0: Accepted"}
""" % (at, at), resources="kind: user\nname: first\nspec: {phone: '+39 055 1', language: it}\n")
    try:
        drill = d.ask("POST", "/api/tocsin/v1/drills", {"to": "first", "by": "sms"}).json()
        d.wait(lambda: len(provider.seen) == 2)
        (path, authorization, body), (second, _, _) = provider.seen
        assert (path, authorization) == ("/v1", "Bearer of-the-provider")
        asked = json.loads(body)
        assert asked["to"] == "+39 055 1" and asked["text"].startswith("[critica] Chiamata %d: " % drill["ticket"]) and asked["text"].endswith("/ticket/%d" % drill["ticket"])
        assert urllib.parse.parse_qs(urllib.parse.urlsplit(second).query) == {"to": ["+39 055 1"], "text": [asked["text"]]}
        events = lambda: [e["text"] for e in d.ask("GET", "/api/tocsin/v1/tickets/%d/events" % drill["ticket"]).json()]
        d.wait(lambda: any("handed_over" in t for t in events()))
        said = [t for t in events() if "handed_over" in t]
        assert 'provider: status 200, {"status":"rejected","why":"no credit"}; modem: status 202, 0: Accepted for delivery' in said[0]
    finally:
        d.stop()
