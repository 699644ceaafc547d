"""Debian's postfix and dovecot as a test's guests: STARTTLS and a password, or no mail; what arrives lies in a maildir."""
import email
import email.policy
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from peers import Program, certificate, free_port

POSTFIX = pathlib.Path("/usr/lib/postfix/sbin/master")
DOVECOT = shutil.which("dovecot")
MAIN = """
compatibility_level = 3.6
queue_directory = FOLDER/queue
data_directory = FOLDER/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = FOLDER/mail.log
maillog_file_prefixes = FOLDER
myhostname = mail.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtputf8_enable = no
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = FOLDER/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:UID
virtual_gid_maps = static:GID
virtual_minimum_uid = 1
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = FOLDER/cert.pem
smtpd_tls_key_file = FOLDER/key.pem
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"""
MASTER = """
127.0.0.1:PORT inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
error     unix - - n - - error
retry     unix - - n - - error
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
AUTH = """
base_dir = FOLDER/run
state_dir = FOLDER/state
protocols =
ssl = no
log_path = FOLDER/dovecot.log
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = scheme=PLAIN FOLDER/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=FOLDER/mail
}
service auth {
  unix_listener FOLDER/queue/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0600
  }
}
"""


def why_not():
    """Why there is no such server here; empty when there is one."""
    if not POSTFIX.exists() or not DOVECOT:
        return "postfix or dovecot is not installed"
    return "" if os.getuid() == 0 else "postfix is started by root alone: its processes change their user"


class PostOffice:
    """Takes mail of the user `tocsin` (password s3cret) for anybody at example.org.  Its folder is one that the server's
    own users may enter; `tmp_path` is not."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-post-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port = free_port(socket.SOCK_STREAM)
        self.programs = []
        certificate(self.folder, "mail.test")
        self.ca = self.folder / "cert.pem"
        try:
            self.lay_out()
            self.start()
        except BaseException:
            self.stop()
            raise

    def lay_out(self):
        etc = self.folder / "etc"
        for name in ("etc", "queue", "data", "mail", "run", "state"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix", "postfix")
        shutil.chown(self.folder / "mail", "nobody", "nogroup")
        owner = (self.folder / "mail").stat()
        for name, text in (("etc/main.cf", MAIN), ("etc/master.cf", MASTER), ("dovecot.conf", AUTH),
                           ("users", "tocsin:s3cret\n"), ("password", "s3cret\n")):
            text = text.replace("FOLDER", str(self.folder)).replace("PORT", str(self.port))
            (self.folder / name).write_text(text.replace("UID", str(owner.st_uid)).replace("GID", str(owner.st_gid)))
        done = subprocess.run(["postfix", "-c", etc, "check"], capture_output=True, text=True)  # makes the queue's folders
        assert done.returncode == 0, done.stderr

    def start(self):
        f = self.folder
        self.programs.append(Program([DOVECOT, "-F", "-c", f / "dovecot.conf"], f / "dovecot.out"))
        self.programs.append(Program([POSTFIX, "-c", f / "etc", "-d"], f / "master.out", cwd=f / "queue"))
        end = time.time() + 20
        while not (f / "queue/private/auth").exists() or not self.greets():
            assert time.time() < end, self.said()
            time.sleep(0.1)

    def greets(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                return s.recv(100).startswith(b"220")
        except OSError:
            return False

    def config(self):
        """The `mail` of a tocsin.yml."""
        return ("mail: {smarthost: '127.0.0.1:%d', from: tocsin@example.org, username: tocsin, password_file: '%s', "
                "starttls: required, tls_config: {ca_file: '%s'}}\n" % (self.port, self.folder / "password", self.ca))

    def mails(self, to):
        """Those that were delivered to this address, oldest first."""
        files = sorted((self.folder / "mail/all/new").glob("*"), key=lambda p: p.stat().st_mtime_ns)
        mails = [email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in files]
        return [m for m in mails if m["Delivered-To"] == to]

    def said(self):
        return "".join(p.read_text()[-3000:] for p in self.folder.glob("*.log"))

    def stop(self):
        for p in reversed(self.programs):
            p.stop()
        shutil.rmtree(self.folder)
