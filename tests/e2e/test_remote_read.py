"""Remote read in a stream of XOR chunks: the same request to a Prometheus and to us says the same samples."""
import shutil
import socket
import struct
import time
import urllib.request

import pytest

from daemon import TOCSIN, Daemon, field, native, query, snappy, varint, write_request
from peers import Program, free_port
from test_forward import theirs

pytestmark = pytest.mark.skipif(not TOCSIN.exists(), reason="tocsin is not built")
CRC = [0] * 256
for i in range(256):
    x = i
    for _ in range(8):
        x = x >> 1 ^ (0x82f63b78 if x & 1 else 0)
    CRC[i] = x


def crc32c(data):
    c = 0xffffffff
    for b in data:
        c = CRC[(c ^ b) & 255] ^ c >> 8
    return c ^ 0xffffffff


def take_varint(data, at):
    n = shift = 0
    while True:
        b = data[at]
        n |= (b & 127) << shift
        at, shift = at + 1, shift + 7
        if b < 128:
            return n, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = take_varint(data, at)
        value, at = take_varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        yield tag >> 3, value


class Bits:
    def __init__(self, data):
        self.text, self.at = "".join("{:08b}".format(b) for b in data), 0

    def take(self, n):
        self.at += n
        return int(self.text[self.at - n:self.at], 2) if n else 0

    def varint(self):
        n = shift = 0
        while True:
            b = self.take(8)
            n, shift = n | (b & 127) << shift, shift + 7
            if b < 128:
                return n


def xor(chunk):
    """Written from the format's description, apart from the program under test."""
    count, bits, out = struct.unpack(">H", chunk[:2])[0], Bits(chunk[2:]), []
    t = difference = value = 0
    leading = length = 0
    for i in range(count):
        if i == 0:
            z = bits.varint()
            t, value = z >> 1 ^ -(z & 1), bits.take(64)
        else:
            if i == 1:
                difference = bits.varint()
            else:
                ones = 0
                while ones < 4 and bits.take(1):
                    ones += 1
                if ones:
                    width = [14, 17, 20, 64][ones - 1]
                    change = bits.take(width)
                    if change > 1 << (width - 1) or (width == 64 and change >> 63):
                        change -= 1 << width
                    difference += change
            t += difference
            if bits.take(1):
                if bits.take(1):
                    leading, length = bits.take(5), bits.take(6) or 64
                value ^= bits.take(length) << (64 - leading - length)
        out.append((t, struct.pack(">Q", value)))
    return out


def frames(data):
    """{labels: samples}, and how many frames."""
    out, at, n = {}, 0, 0
    while at < len(data):
        size, at = take_varint(data, at)
        crc, body = struct.unpack(">I", data[at:at + 4])[0], data[at + 4:at + 4 + size]
        assert crc == crc32c(body)
        at, n = at + 4 + size, n + 1
        for number, series in fields(body):
            if number != 1:
                continue
            labels, samples = [], []
            for part, value in fields(series):
                if part == 1:
                    pair = dict(fields(value))
                    labels.append((pair[1].decode(), pair[2].decode()))
                else:
                    chunk = dict(fields(value))
                    got = xor(chunk[4])
                    assert chunk[3] == 1 and (got[0][0], got[-1][0]) == (chunk[1], chunk[2])
                    samples += got
            out.setdefault(tuple(labels), []).extend(samples)
    return out, n


def ask(url, start, end, name, types=b"\x01\x00"):
    matcher = field(2, b"__name__") + field(3, name)
    one = b"\x08" + varint(start) + b"\x10" + varint(end) + field(3, matcher)
    request = urllib.request.Request(url + "/api/v1/read", data=snappy(field(1, one) + field(2, types)), headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Read-Version": "0.1.0"})
    with urllib.request.urlopen(request, timeout=20) as r:
        return r.headers["Content-Type"], r.read()


def series(now):
    for i in range(3):
        yield {"__name__": "m", "i": str(i), "job": "x"}, [(now - 400000 + k * 1000 + k % (i + 1), k * [1, 0.1, 1e300][i]) for k in range(400)]
    yield {"__name__": "m", "i": "odd"}, [(now - 9000, float("nan")), (now - 5000, float("inf")), (now - 4999, -0.0)]


@pytest.mark.skipif(not shutil.which("prometheus"), reason="no prometheus here")
def test_chunks_are_what_a_prometheus_streams(tmp_path):
    port, now = free_port(socket.SOCK_STREAM), int(time.time() * 1000)
    (tmp_path / "prometheus.yml").write_text("{}")
    peer = Program(["prometheus", "--config.file", tmp_path / "prometheus.yml", "--storage.tsdb.path", tmp_path / "theirs",
                    "--web.enable-remote-write-receiver", "--web.listen-address", "127.0.0.1:%d" % port], tmp_path / "prometheus.log")
    d = Daemon(tmp_path)
    try:
        d.wait(lambda: theirs(port, "up") is not None)
        url = "http://127.0.0.1:%d" % port
        assert d.write(series(now)).status == 204
        urllib.request.urlopen(urllib.request.Request(url + "/api/v1/write", data=snappy(write_request(series(now))), headers={
            "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}), timeout=10)
        for start, end in ((now - 500000, now), (now - 300123, now - 100456)):
            kind, body = ask(url, start, end, b"m")
            ours_kind, ours = ask(d.url(""), start, end, b"m")
            assert ours_kind == kind and kind.startswith("application/x-streamed-protobuf")

            def within(found):  # a Prometheus gives whole chunks
                return {k: v for k, v in ((k, [s for s in v if start <= s[0] <= end]) for k, v in found[0].items()) if v}

            assert within(frames(ours)) == within(frames(body)) and list(within(frames(ours)).values())[0]
        assert ask(d.url(""), now - 500000, now, b"m", b"\x00\x01")[0] == "application/x-protobuf"
        assert d.write([({"__name__": "h"}, [(now, native(5, 3.5, positive=(0, [2, 3])))])]).status == 204
        assert ask(d.url(""), now - 500000, now, b"h")[0] == "application/x-protobuf"  # there are no chunks of these
    finally:
        d.stop()
        peer.stop()
