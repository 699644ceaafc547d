"""Peers for the end-to-end tests: programs stopped by their own process, the engine's side of the phone's socket, and
a SIP telephone of a few lines that is independent of the library under test."""
import contextlib
import math
import os
import random
import re
import socket
import socketserver
import struct
import subprocess
import threading
import time

PLACE, SAY, ACK, HANG_UP, EVENT = 1, 2, 3, 4, 5
NUMBERS = {"n", "at", "rounds", "ring_time"}


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """A process that is stopped when the test ends."""

    def __init__(self, argv, log, **kw):
        self.log, self.argv, self.more = open(log, "ab"), [str(a) for a in argv], kw
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.argv, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.PIPE, **self.more)

    def wait(self, seconds):
        return self.process.wait(seconds)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.log.close()
        return self.process.returncode


def certificate(folder, name):
    """cert.pem and key.pem, signed by themselves, for this machine's loopback."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)


def encode(fields):
    out = b""
    for name, value in fields.items():
        if isinstance(value, bool):
            raw = struct.pack("B", value)
        elif isinstance(value, int):
            raw = struct.pack(">Q", value)
        else:
            raw = value.encode()
        out += struct.pack("B", len(name)) + name.encode() + struct.pack(">I", len(raw)) + raw
    return out


def decode(body):
    out = {}
    while body:
        n = body[0]
        name = body[1:1 + n].decode()
        size = struct.unpack(">I", body[1 + n:5 + n])[0]
        raw = body[5 + n:5 + n + size]
        out[name] = struct.unpack(">Q", raw)[0] if name in NUMBERS else raw.decode()
        body = body[5 + n + size:]
    return out


class Engine:
    """The engine's end of the phone's socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.05)
        self.data = b""
        self.seen = []

    def send(self, kind, **fields):
        body = encode(fields)
        self.socket.sendall(struct.pack(">IHQ", 10 + len(body), kind, 0) + body)

    def place(self, key, number, **more):
        usual = {"prompt": "test", "language": "en", "keys": "12", "ring_time": 35000, "rounds": 3}
        self.send(PLACE, key=key, number=number, **{**usual, **more})

    def ack(self, event, text=""):
        self.send(ACK, key=event["key"], n=event["n"], **({"text": text} if text else {}))

    def event(self, seconds=10):
        """The next event, or None."""
        end = time.time() + seconds
        while True:
            if len(self.data) >= 4:
                size = struct.unpack(">I", self.data[:4])[0]
                if len(self.data) >= 4 + size:
                    e = decode(self.data[14:4 + size])
                    self.data = self.data[4 + size:]
                    self.seen.append(e)
                    return e
            left = end - time.time()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(65536)
            except socket.timeout:
                return None
            if not more:
                return None
            self.data += more

    def until(self, what, seconds=15):
        """Events up to the first of that kind, which is returned."""
        end = time.time() + seconds
        while time.time() < end:
            e = self.event(end - time.time())
            if e and e.get("what", "ringing") == what:
                return e
        raise AssertionError("no %s; seen %r" % (what, self.seen))

    def close(self):
        self.socket.close()


def mu_law(sample):
    """G.711, of 16 bits"""
    sign, size = (0x80, -sample) if sample < 0 else (0, sample)
    size = min(size, 32635) + 132
    exponent = size.bit_length() - 8
    return ~(sign | exponent << 4 | (size >> (exponent + 3)) & 15) & 0xff


class Telephone:
    """Takes one call after another over UDP.  `script` gets the telephone once a call is answered."""

    def __init__(self, payload=0, answer=200, script=None, ring=0.05, early=False, v6=False, port=0, events=True):
        self.v6, self.early, self.events = v6, early, events
        self.host = "[::1]" if v6 else "127.0.0.1"
        self.sip = self.listen(socket.SOCK_DGRAM, port)
        self.port = self.sip.getsockname()[1]
        self.rtp = self.listen(socket.SOCK_DGRAM)
        self.rtp.settimeout(0.05)
        self.payload, self.answer, self.script, self.ring = payload, answer, script, ring
        self.invites, self.heard, self.times, self.byes, self.cancelled = [], [], [], 0, False
        self.stopping = False
        self.replies = []  # to our own requests, but for provisional ones
        self.dialog = None
        self.threads = [threading.Thread(target=self.run_sip, daemon=True), threading.Thread(target=self.run_rtp, daemon=True)]
        for t in self.threads:
            t.start()

    def listen(self, kind, port=0):
        s = socket.socket(socket.AF_INET6 if self.v6 else socket.AF_INET, kind)
        s.bind((self.host.strip("[]"), port))
        return s

    def stop(self):
        self.stopping = True
        for t in self.threads:
            t.join(3)
        self.sip.close()
        self.rtp.close()

    @staticmethod
    def header(message, name):
        found = re.search(r"^%s\s*:\s*(.*?)\r$" % name, message, re.I | re.M)
        return found.group(1) if found else ""

    def reply(self, request, peer, status, body="", tag="tel"):
        lines = ["SIP/2.0 " + status]
        for name in ("Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
            for value in re.findall(r"^%s\s*:\s*(.*?)\r$" % name, request, re.I | re.M):
                if name == "To" and ";tag=" not in value:
                    value += ";tag=" + tag
                lines.append("%s: %s" % (name, value))
        lines.append("Contact: <sip:tel@%s:%d>" % (self.host, self.port))
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append("Content-Length: %d" % len(body))
        self.sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), peer)

    def sdp(self):
        me = "IN IP6 ::1" if self.v6 else "IN IP4 127.0.0.1"
        events = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        return ("v=0\r\no=- 1 1 %s\r\ns=-\r\nc=%s\r\nt=0 0\r\nm=audio %d RTP/AVP %d%s\r\na=rtpmap:%d %s/8000\r\n%s"
                % (me, me, self.rtp.getsockname()[1], self.payload, " 101" if self.events else "", self.payload,
                   "PCMA" if self.payload == 8 else "PCMU", events if self.events else ""))

    def run_sip(self):
        self.sip.settimeout(0.05)
        while not self.stopping:
            try:
                data, peer = self.sip.recvfrom(65536)
            except socket.timeout:
                continue
            text = data.decode()
            method = text.split(" ", 1)[0]
            if method == "SIP/2.0":
                if not text.startswith("SIP/2.0 1"):
                    self.replies.append(text)
            elif method == "INVITE":
                self.on_invite(text, peer)
            elif method == "CANCEL":
                self.cancelled = True
                self.reply(text, peer, "200 OK")
                self.reply(self.invites[-1], peer, "487 Request Terminated")
            elif method == "ACK" and self.dialog and self.script:
                script, self.script = self.script, None
                threading.Thread(target=script, args=(self,), daemon=True).start()
            elif method == "OPTIONS":
                self.reply(text, peer, "200 OK")
            elif method == "BYE":
                self.byes += 1
                self.reply(text, peer, "200 OK")

    def on_invite(self, text, peer):
        repeated = text in self.invites
        self.invites.append(text)
        if repeated:
            return
        self.reply(text, peer, "100 Trying")
        time.sleep(self.ring)
        if self.early:
            self.reply(text, peer, "183 Session Progress", self.sdp())
            time.sleep(self.ring)
        else:
            self.reply(text, peer, "180 Ringing")
        if self.answer != 200:
            if self.answer:
                self.reply(text, peer, "%d No" % self.answer)
            return
        address = re.search(r"c=IN IP[46] (\S+)", text).group(1), int(re.search(r"m=audio (\d+)", text).group(1))
        self.dialog = (text, peer, address)
        self.reply(text, peer, "200 OK", self.sdp())

    def run_rtp(self):
        while not self.stopping:
            try:
                data, _ = self.rtp.recvfrom(2048)
            except (socket.timeout, OSError):
                continue
            if data[1] & 0x7f == self.payload:
                self.heard.append(data[12:])
                self.times.append((time.time(), struct.unpack(">HI", data[2:8])))

    def speech_frames(self):
        """Packets that are not silence."""
        silence = b"\xff" if self.payload == 0 else b"\xd5"
        return sum(1 for f in self.heard if f.strip(silence))

    def press(self, digit, stamp=None, end=True, packets=3):
        """An RFC 4733 event; without its end when the network has lost it."""
        code = "0123456789*#".index(digit)
        stamp = random.getrandbits(32) if stamp is None else stamp
        for i in range(packets + (3 if end else 0)):
            head = struct.pack(">BBHII", 0x80, 101 | (0x80 if i == 0 else 0), random.getrandbits(16), stamp, 7)
            last = end and i >= packets
            if self.stopping:
                break
            self.rtp.sendto(head + struct.pack(">BBH", code, (0x80 if last else 0) | 10, 160 * min(i + 1, packets)), self.dialog[2])
            time.sleep(0.02)
        return stamp

    def press_in_band(self, digit):
        """Its two tones, in ten packets of G.711 (mu-law)."""
        row, column = divmod("123A456B789C*0#D".index(digit), 4)
        low, high = (697, 770, 852, 941)[row], (1209, 1336, 1477, 1633)[column]
        for i in range(10):
            at = range(i * 160, i * 160 + 160)
            wave = [int(8000 * (math.sin(2 * math.pi * low * t / 8000) + math.sin(2 * math.pi * high * t / 8000))) for t in at]
            head = struct.pack(">BBHII", 0x80, 0, i, i * 160, 7)
            if not self.stopping:
                self.rtp.sendto(head + bytes(mu_law(s) for s in wave), self.dialog[2])
            time.sleep(0.02)

    def request(self, method, number, body="", more=""):
        """A request of ours within the call; `more`: header lines."""
        text, peer, _ = self.dialog
        to = re.search(r"^Contact:.*?<([^>]+)>", text, re.I | re.M).group(1)
        lines = ["%s %s SIP/2.0" % (method, to),
                 "Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK%d" % (self.host, self.port, random.getrandbits(31)),
                 "Max-Forwards: 70", "From: %s;tag=tel" % self.header(text, "To"), "To: " + self.header(text, "From"),
                 "Call-ID: " + self.header(text, "Call-ID"), "CSeq: %d %s" % (number, method),
                 "Contact: <sip:tel@%s:%d>" % (self.host, self.port)]
        lines += more.splitlines()
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append("Content-Length: %d" % len(body))
        self.sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), peer)

    def hang_up(self):
        self.request("BYE", 9)

    def offer_again(self, direction, number):
        """A re-INVITE with a new place for the sound."""
        new = self.listen(socket.SOCK_DGRAM)
        new.settimeout(0.05)
        old, self.rtp = self.rtp, new
        self.heard = []
        self.request("INVITE", number, self.sdp() + "a=%s\r\n" % direction)
        time.sleep(0.3)
        old.close()
        self.request("ACK", number)


class MailServer:
    """Takes every mail (RFC 5321, no extensions) and keeps it: `mails` has (sender, recipients, text)."""

    def __init__(self):
        self.mails = []
        mails = self.mails

        class Session(socketserver.StreamRequestHandler):
            timeout = 20

            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def text(self):
                """Up to its dot; of a sender that died before it nothing is taken."""
                lines = []
                for line in iter(self.rfile.readline, b""):
                    if line == b".\r\n":
                        return b"".join(lines).decode()
                    lines.append(line[1:] if line.startswith(b".") else line)
                raise ConnectionError("no end of the mail")

            def handle(self):
                with contextlib.suppress(ConnectionError):  # who sends may die
                    self.serve()

            def serve(self):
                self.say("220 mail.test here")
                sender, recipients = "", []
                for line in iter(self.rfile.readline, b""):
                    verb = line[:4].upper()
                    if verb == b"MAIL":
                        sender, recipients = line.decode().split("<")[1].split(">")[0], []
                    elif verb == b"RCPT":
                        recipients.append(line.decode().split("<")[1].split(">")[0])
                    elif verb == b"DATA":
                        self.say("354 go on")
                        mails.append((sender, recipients, self.text()))
                    elif verb == b"QUIT":
                        return self.say("221 bye")
                    self.say("250 ok")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
