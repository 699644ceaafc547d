"""Other people's telephones and proxies as a test's guests: sipp, baresip, kamailio, each in the test's own folder."""
import datetime
import pathlib
import re
import shutil
import socket
import struct
import time
import wave

from peers import Program, free_port

HERE = pathlib.Path(__file__).parent
SIPP, KAMAILIO, BARESIP = (shutil.which(name) for name in ("sipp", "kamailio", "baresip"))


def wait_for(what, seconds, says):
    end = time.time() + seconds
    while not what():
        assert time.time() < end, says
        time.sleep(0.05)


class Sipp:
    """Takes one call as its scenario says."""

    def __init__(self, path, scenario, status=""):
        self.port = free_port()
        self.trace = path / "sipp_messages.log"
        (path / scenario).write_text((HERE / scenario).read_text().replace("STATUS", status))
        self.program = Program([SIPP, "-sf", path / scenario, "-i", "127.0.0.1", "-p", self.port, "-m", 1, "-nostdin",
                                "-timeout", 30, "-trace_msg", "-message_file", self.trace], path / "sipp.log", cwd=path)
        wait_for(lambda: self.is_bound(), 10, "sipp does not listen")

    def is_bound(self):
        return any(line.split()[1].endswith(":%04X" % self.port) for line in open("/proc/net/udp") if ":" in line)

    def messages(self):
        """(moment, text) of all that was sent and received"""
        parts = re.split(r"^-{20,} (.*)$", self.trace.read_text() if self.trace.exists() else "", flags=re.M)
        return [(moment_of(when), text) for when, text in zip(parts[1::2], parts[2::2])]

    def wait(self, seconds):
        return self.program.wait(seconds)

    def stop(self):
        return self.program.stop()


def moment_of(text):
    """"2026-03-01 10:00:00.123456", in local time"""
    return datetime.datetime.fromisoformat(text.strip().replace("\t", " ")[:26]).timestamp()


CONFIG = """
listen=udp:127.0.0.1:PORT
listen=tcp:127.0.0.1:PORT
TLS_LISTEN
alias=127.0.0.1
log_stderror=yes
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "xlog.so"
TLS_MODULE
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    t_relay(); exit;
  }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("127.0.0.1", "s3cret", "0")) {
      xlog("L_WARN", "challenged: $rm of $fU\\n"); www_challenge("127.0.0.1", "1"); exit;
    }
    xlog("L_WARN", "let in: $rm of $fU\\n"); save("location"); exit;
  }
  if (is_method("INVITE")) {
    if (!pv_proxy_authenticate("127.0.0.1", "s3cret", "0")) {
      xlog("L_WARN", "challenged: $rm of $fU\\n"); proxy_challenge("127.0.0.1", "1"); exit;
    }
    xlog("L_WARN", "let in: $rm of $fU\\n"); consume_credentials(); record_route();
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay(); exit;
  }
}
"""
TLS = """loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2")
modparam("tls", "certificate", "FOLDER/cert.pem")
modparam("tls", "private_key", "FOLDER/key.pem")
"""


class Kamailio:
    """A proxy and registrar that lets nobody in without the password s3cret; TLS with the folder's certificate."""

    def __init__(self, path, tls_port=0):
        self.port, self.tls_port, self.log = free_port(), tls_port, path / "kamailio.log"
        text = CONFIG.replace("PORT", str(self.port))
        text = text.replace("TLS_LISTEN", "enable_tls=yes\nlisten=tls:127.0.0.1:%d" % tls_port if tls_port else "")
        text = text.replace("TLS_MODULE", TLS.replace("FOLDER", str(path)) if tls_port else "")
        (path / "kamailio.cfg").write_text(text)
        self.program = Program([KAMAILIO, "-f", path / "kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "16",
                                "-P", path / "kamailio.pid"], self.log, cwd=path)
        wait_until_it_listens(tls_port or self.port)

    def said(self):
        return self.log.read_text()

    def stop(self):
        return self.program.stop()


def wait_until_it_listens(port, seconds=20):
    """Its TCP side is up last; UDP of the same port is open by then."""
    end = time.time() + seconds
    while time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            time.sleep(0.3)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nobody listens on port %d" % port)


SOFTPHONE = """
poll_method epoll
sip_listen 127.0.0.1:0
TRUST
net_interface 127.0.0.1
audio_player aubridge,nowhere
audio_source aufile,WAV
audio_alert aubridge,nowhere
ctrl_tcp_listen 127.0.0.1:CTRL
snd_path HOME
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module stdio.so
module srtp.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""


class Baresip:
    """A softphone that registers at `proxy`, a Kamailio, and picks up by itself; `secret`: it speaks by TLS, and SRTP alone."""

    def __init__(self, path, proxy, user, secret=False):
        self.home, self.control = path / "baresip", free_port(socket.SOCK_STREAM)
        self.home.mkdir()
        self.pressed = None
        with wave.open(str(self.home / "silence.wav"), "wb") as w:
            w.setnchannels(1)
            w.setsampwidth(2)
            w.setframerate(8000)
            w.writeframes(bytes(16000 * 60))
        trust = ""
        if secret:  # the proxy connects to it, so it needs a certificate, too
            (self.home / "both.pem").write_text((path / "key.pem").read_text() + (path / "cert.pem").read_text())
            trust = "sip_cafile %s\nsip_certificate %s" % (path / "cert.pem", self.home / "both.pem")
        config = SOFTPHONE.replace("WAV", str(self.home / "silence.wav")).replace("CTRL", str(self.control))
        (self.home / "config").write_text(config.replace("HOME", str(self.home)).replace("TRUST", trust))
        at = "%d;transport=tls" % proxy.tls_port if secret else "%d" % proxy.port
        (self.home / "accounts").write_text("<sip:%s@127.0.0.1:%s>;auth_user=%s;auth_pass=s3cret;answermode=auto;"
                                            "audio_codecs=PCMU/8000/1;regint=60%s\n"
                                            % (user, at, user, ";mediaenc=srtp-mand" if secret else ""))
        self.program = Program([BARESIP, "-f", self.home], path / "baresip.log", cwd=path)
        wait_for(lambda: "let in: REGISTER of %s\n" % user in proxy.said(), 10, "baresip is not registered")

    def press(self, digit):
        body = '{"command":"sndcode","params":"%s"}' % digit
        with socket.create_connection(("127.0.0.1", self.control), 5) as s:
            self.pressed = time.time()
            s.sendall(("%d:%s," % (len(body), body)).encode())
            time.sleep(0.3)

    def loudness(self):
        """Root mean square of every half second that it heard in its one call."""
        [file] = self.home.glob("dump-*-dec.wav")
        data = file.read_bytes()
        data = data[data.index(b"data") + 8:]
        samples = struct.unpack("<%dh" % (len(data) // 2), data[:len(data) // 2 * 2])
        parts = [samples[i:i + 4000] for i in range(0, len(samples) - 3999, 4000)]
        return [(sum(s * s for s in p) / len(p)) ** 0.5 for p in parts]

    def stop(self):
        return self.program.stop()
