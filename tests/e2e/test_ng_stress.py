# SPDX-License-Identifier: BSD-3-Clause
"""The ng protocol's listener, when much comes, and when what comes is no good.

Everything is counted and nothing is timed: what waits, waits for a reply.
"""

import itertools
import re
import select
import signal
import socket

import pytest

import net
import ng
import sdp
import wait

HOST, PORT = "127.0.0.1", 2223
STRANGER = "127.0.0.9"
LISTEN = f"[ng]\nlisten=udp:{HOST}:{PORT}\nlisten=tcp:{HOST}:{PORT}\nlisten=unix:{ng.SOCKET}\n"
PING = ng.encode({"command": "ping"})
PONG = ng.encode({"result": "pong"})
AT_A_TIME = 32  # as many as a socket's usual buffer takes, whatever they are


def dial(source=HOST):
    """A proxy's socket. It waits for minutes where a reply takes less than a millisecond."""
    sock = net.RELAY.udp(source)
    sock.connect((HOST, PORT))
    sock.settimeout(60)
    return sock


def dial_tcp():
    sock = net.RELAY.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(60)
    sock.connect((HOST, PORT))
    return sock


def is_served(sock, _numbers=itertools.count()):
    cookie = b"other_%d " % next(_numbers)
    sock.send(cookie + PING)
    assert sock.recv(65536) == cookie + PONG


def resident(process):
    """Octets of memory."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


TRUNK = {"direction": ["trunk", "trunk"]}

# --- cookies --------------------------------------------------------------------------------------

FLOOD = 100_000
LISTS, LISTED, LIST_AT_A_TIME = 10_000, 100, 8  # a list's reply has some 20,000 octets
# What replies are remembered in is 64 MiB, counted without what the allocator and the table add to
# each: that is less than as much again. Without a bound the lists alone would take 200.
BOUND = 128 << 20


def flood():
    """Datagrams with what is replied; None: nothing is."""
    refused = ng.encode({"result": "error", "error-reason": "Could not decode dictionary"})
    for number in range(0, FLOOD, 4):
        yield b"%d " % number + PING, b"%d " % number + PONG
        yield b"0_17_%d " % number + PING, b"0_17_%d " % number + PONG
        yield b"%d d7:command" % (number + 1), b"%d " % (number + 1) + refused
        yield b"\x80\x00%d" % number, None


def put_calls(proxy):
    for number in range(LISTED):
        proxy.send(b"put_%d " % number + ng.encode({
            "command": "offer", "call-id": f"{number:0200}", "from-tag": "a",
            "sdp": sdp.phone(net.PHONE[4], 4000), **TRUNK}))
        assert b"6:result2:ok" in proxy.recv(65536)


@pytest.mark.shipped  # A sanitizer keeps what was freed.
def test_a_flood_of_cookies(start_relay):
    relay = start_relay(controlplane=LISTEN)
    proxy = dial()
    is_served(proxy)
    before = resident(relay.controlplane)
    sent = iter(flood())
    while batch := list(itertools.islice(sent, AT_A_TIME)):
        wanted = [reply for _, reply in batch if reply]
        for datagram, _ in batch:
            proxy.send(datagram)
        # One socket's replies come in the order of its requests.
        assert [proxy.recv(65536) for _ in wanted] == wanted
    put_calls(proxy)
    ask = ng.encode({"command": "list", "limit": LISTED})
    for number in range(0, LISTS, LIST_AT_A_TIME):
        for one in range(number, number + LIST_AT_A_TIME):
            proxy.send(b"list_%d " % one + ask)
        for one in range(number, number + LIST_AT_A_TIME):
            assert proxy.recv(65536).startswith(b"list_%d d6:result2:ok" % one)
    assert resident(relay.controlplane) - before < BOUND
    assert relay.controlplane.text().count("Invalid NG data format") == 1
    is_served(proxy)
    proxy.close()


def test_strangers_are_not_heard(start_relay):
    """Who is not allowed gets no reply, no line in the log and no memory."""
    relay = start_relay(controlplane=LISTEN + f"allow={HOST}/32\n")
    proxy, stranger = dial(), dial(STRANGER)
    for number in range(5_000):
        stranger.send(b"%d " % number + PING)
        stranger.send(b"garbage")
        if number % AT_A_TIME == 0:
            is_served(proxy)
    assert not select.select([stranger], [], [], 0)[0]
    assert "Invalid NG data format" not in relay.controlplane.text()
    for sock in (proxy, stranger):
        sock.close()


# --- calls ----------------------------------------------------------------------------------------

CALLS = 3_000


class Load:
    """Calls, each offered, answered and deleted; AT_A_TIME of them under way."""

    def __init__(self, proxy):
        self._proxy = proxy
        self._begun = 0
        self._ports = {}  # of each call that is there
        self.ended = 0

    def run(self):
        for _ in range(AT_A_TIME):
            self._begin()
        while self.ended < CALLS:
            cookie, _, reply = self._proxy.recv(65536).partition(b" ")
            number, step = map(int, cookie.split(b"_"))
            reply = ng.decode(reply)
            assert reply["result"] == "ok", (number, step, reply)
            self._go_on(number, step, reply)

    def _begin(self):
        if self._begun < CALLS:
            self._ask(self._begun, 0, command="offer", sdp=sdp.phone(net.PHONE[4], 4000), **TRUNK)
            self._begun += 1

    def _ask(self, number, step, **keys):
        request = {"call-id": f"call-{number}", "from-tag": "a", **keys}
        self._proxy.send(b"%d_%d " % (number, step) + ng.encode(request))

    def _go_on(self, number, step, reply):
        if step < 2:
            port = sdp.parse(reply["sdp"])[0].port
            assert all(port not in ports for ports in self._ports.values()), port
            self._ports.setdefault(number, []).append(port)
        if step == 0:
            self._ask(number, 1, command="answer", sdp=sdp.phone(net.PHONE_OTHER[4], 5000),
                      **{"to-tag": "b"})
        elif step == 1:
            # Nobody may have these ports before the delete is answered; some have them at once then.
            self._ask(number, 2, command="delete", **{"delete-delay": 0})
        else:
            assert "warning" not in reply and set(reply["tags"]) == {"a", "b"}, reply
            del self._ports[number]
            self.ended += 1
            self._begin()


def ports_used(relay):
    return [network.ports_used for network in relay.api.status().networks]


def test_thousands_of_calls(start_relay):
    relay = start_relay(controlplane="port_quarantine=0\n" + LISTEN, log="warn")
    before = ports_used(relay)
    proxy = dial()
    Load(proxy).run()
    wait.until(lambda: relay.api.status().dataplane_legs == 0, 60, "the last leg to be gone",
               relay.api.status)
    status = relay.api.status()
    assert (status.calls, status.legs, status.orphans_deleted) == (0, 0, 0), status
    assert ports_used(relay) == before
    proxy.close()


AT_ONCE = 80  # offers of 2,300 octets, that fit in twice the kernel's usual net.core.rmem_max


def test_many_processes_ask_at_once(start_relay):
    """What comes while the relay is busy waits, and is not asked again a second later."""
    relay = start_relay(controlplane=LISTEN)
    text = sdp.phone(net.PHONE[4], 4000) + f"a=x-long:{'x' * 2000}\r\n"
    proxies = [dial() for _ in range(AT_ONCE)]
    relay.controlplane.signal(signal.SIGSTOP)
    for number, proxy in enumerate(proxies):
        proxy.send(b"%d " % number + ng.encode({
            "command": "offer", "call-id": f"call-{number}", "from-tag": "a", "sdp": text,
            **TRUNK}))
    relay.controlplane.signal(signal.SIGCONT)
    for proxy in proxies:
        assert b"6:result2:ok" in proxy.recv(65536)
        proxy.close()


# --- clients that never read ----------------------------------------------------------------------

UNREAD = 5_000
DEAF = 100_000  # pings with long cookies, more than every buffer on the way back takes
COOKIE_MOST = 255


def test_who_never_reads_from_datagrams_harms_nobody(start_relay):
    start_relay(controlplane=LISTEN)
    udp, reader = dial(), dial()
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    local = ng.Proxy()
    for number in range(UNREAD):
        message = b"%d " % number + PING
        udp.send(message)
        local.socket.sendto(message, ng.SOCKET)
        if number % AT_A_TIME == 0:
            is_served(reader)
    again = ng.Proxy()
    assert again.ask("ping") == {"result": "pong"}
    for sock in (udp, reader, local, again):
        sock.close()


def test_who_never_reads_from_a_connection_is_hung_up_on(start_relay):
    relay = start_relay(controlplane=LISTEN)
    deaf, tcp, udp = dial_tcp(), dial_tcp(), dial()
    with pytest.raises(ConnectionError):
        for number in range(DEAF):
            deaf.sendall(b"%0*d " % (COOKIE_MOST, number) + PING)
            if number % AT_A_TIME == 0:
                is_served(tcp)
                is_served(udp)
    is_served(tcp)
    assert "does not read its replies" in relay.controlplane.text()
    for sock in (deaf, tcp, udp):
        sock.close()
