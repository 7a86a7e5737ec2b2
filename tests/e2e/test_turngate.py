# SPDX-License-Identifier: BSD-3-Clause
"""TURN by TCP and TLS: coturn's client, and a browser whose firewall lets 443 pass alone."""

import signal
import socket
import ssl
import struct
import subprocess
import time

import pytest

import net
import turn
import turngate
import wait
from authority import Authority
from calls import browser_to_phone

USER, PASSWORD = "agent", "secret words"
TURN = "\n".join(["[turn]", *turngate.SERVED, f"user = {USER}:{PASSWORD}"])


@pytest.fixture
def certificate(directory):
    return Authority(directory, "authority", turngate.ADDRESS[4]).issue("gate")


@pytest.fixture
def inner(machine):
    with turngate.link():
        yield


@pytest.fixture
def relay(inner, start_relay):
    """The dataplane has a port more than others have."""
    return start_relay(trunk=turngate.INNER_PORT, controlplane=TURN)


@pytest.fixture
def gate(relay, directory, certificate):
    started = turngate.start(directory, certificate)
    yield started
    if started.alive():
        assert started.stop() == 0


def ice_server(scheme, port):
    return {"urls": f"{scheme}:{turngate.ADDRESS[4]}:{port}?transport=tcp",
            "username": USER, "credential": PASSWORD}


@pytest.mark.parametrize("how", [["-t", "-p", "3478"], ["-t", "-S", "-p", "443"]])
def test_clients_reach_one_another(gate, how):
    told = net.BROWSERS.run("turnutils_uclient", "-u", USER, "-w", PASSWORD, "-n", "30", "-m", "2",
                            "-c", "-y", *how, turngate.ADDRESS[4])
    assert "Total lost packets 0 " in told, told


@pytest.mark.parametrize("scheme, port", [("turn", 3478), ("turns", 443)])
def test_a_browser_calls_a_telephone(relay, gate, page, phone, scheme, port):
    browser, telephone = page(frequency=440, turn=ice_server(scheme, port)), phone(1000)
    browser_to_phone(relay, browser, telephone)
    telephone.wait_tone(440)
    browser.wait_tone(1000)


def test_a_firewall_lets_443_pass_alone(relay, gate, page, phone, captures):
    """Not even a name is looked up elsewhere: the call is made of one TLS connection."""
    with turngate.firewall(net.BROWSERS):
        browser, telephone = page(frequency=440, turn=ice_server("turns", 443)), phone(1000)
        browser_to_phone(relay, browser, telephone)
        telephone.wait_tone(440)
        browser.wait_tone(1000)
    sent = list(captures["browser"].datagrams(source=net.BROWSER[4]))
    assert not sent, f"UDP left the firewall: {sent[:3]}"


# --- without a browser ---

def connect(port=3478, tls=False):
    with net.BROWSERS.entered():
        stream = socket.create_connection((turngate.ADDRESS[4], port), timeout=10)
    if not tls:
        return stream
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["stun.turn"])
    return context.wrap_socket(stream)


BINDING = struct.pack(">HHI", 1, 0, 0x2112a442) + b"transaction!"


def take(stream, size):
    octets = b""
    while len(octets) < size:
        more = stream.recv(size - len(octets))
        assert more, f"it ended after {octets!r}"
        octets += more
    return octets


def bound(stream):
    """A Binding request is answered with success."""
    head = take(stream, 20)
    take(stream, struct.unpack(">H", head[2:4])[0])
    return head[:2] == b"\x01\x01" and head[8:] == b"transaction!"


def ends(stream, seconds=5):
    stream.settimeout(seconds)
    try:
        return stream.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("tls", [False, True])
def test_messages_may_come_in_any_pieces(gate, tls):
    stream = connect(443 if tls else 3478, tls)
    for size in (1, 3, 7, 20, 60):
        octets = BINDING * 3
        for at in range(0, len(octets), size):
            stream.sendall(octets[at:at + size])
        assert all(bound(stream) for _ in range(3))
    if tls:
        assert stream.selected_alpn_protocol() == "stun.turn"


@pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n\r\n", b"\x80\x60\x00\x00", b"\x00\x01\x00\x03",
                                    b"\x00\x01\xff\xfc", b"\x40\x01\xff\xff"],
                         ids=["HTTP", "RTP", "no STUN length", "long STUN", "long ChannelData"])
def test_what_is_not_turn_ends_the_connection(gate, octets):
    stream = connect()
    stream.sendall(octets)
    assert ends(stream)
    other = connect()
    other.sendall(BINDING)
    assert bound(other)


def test_who_says_nothing_goes(relay, directory, certificate):
    gate = turngate.start(directory, certificate, begin=1, idle=8)
    silent, slow, shaking, served = connect(), connect(), connect(443), connect()
    slow.sendall(BINDING[:10])
    served.sendall(BINDING)
    assert bound(served)
    assert ends(silent) and ends(slow) and ends(shaking)
    served.sendall(BINDING)
    assert bound(served)
    assert ends(served, 20)
    assert gate.stop() == 0


def test_no_address_has_all_connections(relay, directory, certificate):
    gate = turngate.start(directory, certificate, connections_per_address=3)
    streams = [connect() for _ in range(3)]
    for stream in streams:
        stream.sendall(BINDING)
        assert bound(stream)
    assert ends(connect())
    streams.pop().close()
    wait.until(_is_served, 5, "the place of one who left")
    gate.wait_line("connections refused")
    for stream in streams:
        stream.close()
    assert gate.stop() == 0


def _is_served():
    with connect() as stream:
        stream.sendall(BINDING)
        stream.settimeout(2)
        try:
            return bound(stream)
        except (AssertionError, OSError):
            return False


def test_its_successor_has_the_port_while_it_drains(relay, gate, directory, certificate):
    old = connect()
    old.sendall(BINDING)
    assert bound(old)
    successor = turngate.start(directory, certificate)
    gate.signal(signal.SIGTERM)
    gate.wait_line("clients that go on: 1")
    new = connect()
    for stream in (new, old):
        stream.sendall(BINDING)
        assert bound(stream)
    old.close()
    assert gate.wait_exit() == 0
    new.sendall(BINDING)
    assert bound(new)
    new.close()
    gate.forget()
    assert successor.stop() == 0


def test_a_certificate_is_changed(relay, gate, directory, certificate):
    def serial():
        stream = connect(443, tls=True)
        return stream.getpeercert(binary_form=True)
    before, during = serial(), connect(443, tls=True)
    again = Authority(directory, "other", turngate.ADDRESS[4]).issue("gate")
    assert again == certificate  # the same files
    gate.signal(signal.SIGHUP)
    wait.until(lambda: serial() != before, 5, "another certificate")
    during.sendall(BINDING)
    assert bound(during)
    now = serial()
    with open(certificate[0], "w", encoding="ascii") as file:
        file.write("no certificate")
    gate.signal(signal.SIGHUP)
    gate.wait_line("tls: ")
    assert serial() == now


@pytest.mark.parametrize("after_ms", [0, 1, 3, 10, 30, 100])
def test_an_allocation_ends_with_its_connection(relay, gate, after_ms):
    """Its quota is free again, and the next connection cannot be taken for it: not even if it goes
    while it is being granted one."""
    def requests():
        return {counter.name: counter.value for counter in relay.api.status().counters}["turn_request"]
    before = requests()
    client = subprocess.Popen(
        net.BROWSERS.command("turnutils_uclient", "-u", USER, "-w", PASSWORD, "-n", "1000",
                             "-m", "1", "-c", "-y", "-t", "-p", "3478", turngate.ADDRESS[4]),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait.until(lambda: requests() > before, 10, "a request")
    time.sleep(after_ms / 1000)
    client.kill()
    client.wait()
    time.sleep(0.2)  # what it asked for last is answered
    wait.until(lambda: not relay.api.allocations(), 5, "the end of all allocations",
               relay.api.allocations)


def test_who_begins_has_nothing_of_who_was_there(relay, gate):
    """A gate that is killed cannot say whose connections ended; a new one may have their ports."""
    before = turn.Client((turngate.INNER, 3478), USER, PASSWORD,
                         net.RELAY.udp(turngate.INNER_HOST, 50000))
    before.allocate()
    before.close()
    assert len(relay.api.allocations()) == 1
    range_of_ports = "net.ipv4.ip_local_port_range"
    usual = net.RELAY.run("sysctl", "-n", range_of_ports).strip()
    net.RELAY.run("sysctl", "-qw", f"{range_of_ports}=50000 50000")
    try:
        stream = connect()
        stream.sendall(BINDING)
        assert bound(stream)
    finally:
        net.RELAY.run("sysctl", "-qw", f"{range_of_ports}={usual}")
    wait.until(lambda: not relay.api.allocations(), 5, "the end of the one before",
               relay.api.allocations)
