# SPDX-License-Identifier: BSD-3-Clause
"""rtpengine, driven by its ng protocol (bencode over UDP), in user space alone.

From its manual page: --table=-1 is for running without the kernel module; --num-threads, one for
each core; --endpoint-learning=immediate saves three seconds of checking where packets come from;
--log-level keeps the log out of the way. --poller-per-thread makes no difference with one thread.
"""

import network
import sdp
import traffic
import wait
from process import Process

PORT = 2223


def encode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(encode(k) + encode(value[k]) for k in sorted(value)) + b"e"
    if isinstance(value, (list, tuple)):
        return b"l" + b"".join(map(encode, value)) + b"e"
    if isinstance(value, int):
        return b"i%de" % value
    octets = value.encode()
    return b"%d:%s" % (len(octets), octets)


def decode(text, at=0):
    """The value at that place, and the place after it."""
    kind = text[at:at + 1]
    if kind == b"i":
        end = text.index(b"e", at)
        return int(text[at + 1:end]), end + 1
    if kind in b"ld":
        values, at = [], at + 1
        while text[at:at + 1] != b"e":
            value, at = decode(text, at)
            values.append(value)
        return (dict(zip(values[::2], values[1::2])) if kind == b"d" else values), at + 1
    colon = text.index(b":", at)
    end = colon + 1 + int(text[at:colon])
    return text[colon + 1:end].decode(), end


class Ng:
    """The client of its protocol, in its namespace."""

    def __init__(self, namespace, seconds=0.5):
        self._socket = namespace.udp("127.0.0.1")
        self._socket.connect(("127.0.0.1", PORT))
        self._socket.settimeout(seconds)
        self._cookie = 0

    def answers(self):
        try:
            return self.ask({"command": "ping"})["result"] == "pong"
        except (TimeoutError, ConnectionRefusedError):
            return False

    def ask(self, request):
        self._cookie += 1
        cookie = b"%d " % self._cookie
        self._socket.send(cookie + encode(request))
        while True:
            answer = self._socket.recv(65536)
            if answer.startswith(cookie):
                reply = decode(answer, len(cookie))[0]
                if reply["result"] == "error":
                    raise RuntimeError(f"rtpengine: {reply['error-reason']}")
                return reply

    def close(self):
        self._socket.close()


def command(*more):
    """One thread, no kernel module, little log."""
    return ["rtpengine", "--foreground", "--log-stderr", "--log-level=4", "--table=-1",
            "--num-threads=1", "--media-num-threads=0", f"--listen-ng=127.0.0.1:{PORT}",
            "--config-file=none", *more]


class Rtpengine:
    name = "rtpengine"
    kinds = ("rtp", "srtp")
    package = "rtpengine-daemon"

    def __init__(self, _build, directory):
        self.process = Process(
            [*network.FIRST, *network.on(network.RELAY_CORE),
             *command("--endpoint-learning=immediate", f"--interface={network.KERNEL}",
                      "--port-min=20000", "--port-max=59999")],
            directory / "rtpengine.log", network.RELAY)
        self._ng = Ng(network.RELAY)
        wait.until(self._ng.answers, 10, "rtpengine's answer", self.process.text)

    @property
    def pid(self):
        return self.process.pid

    @property
    def pids(self):
        return [self.pid]

    def set_up(self, wanted):
        return [stream for call in wanted for stream in self._call(call)]

    def _call(self, call):
        common = {"call-id": call.name, "from-tag": "a", "replace": ["origin"], "ICE": "remove"}
        offered = self._ng.ask({**common, "command": "offer", "sdp": call.offer(),
                                "transport-protocol": "RTP/AVP"})
        answered = self._ng.ask({**common, "command": "answer", "to-tag": "b",
                                 "sdp": call.answer()})
        for_callee, for_caller = (sdp.parse(reply["sdp"])[0] for reply in (offered, answered))
        return traffic.streams(call, (for_caller.address, for_caller.port),
                             (for_callee.address, for_callee.port))

    def tear_down(self, wanted):
        for call in wanted:
            self._ng.ask({"command": "delete", "call-id": call.name, "from-tag": "a",
                          "delete-delay": 0})

    def stop(self):
        self._ng.close()
        self.process.stop()
