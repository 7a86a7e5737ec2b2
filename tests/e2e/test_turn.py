# SPDX-License-Identifier: BSD-3-Clause
"""STUN and TURN (RFC 8489, RFC 8656), with coturn's clients as the other end."""

import base64
import hmac
import json
import re
import struct
import time

import pytest

import net
import wait
from calls import browser_to_phone
from process import Process
from test_ctl import cells
from turn import ALLOCATE, TRANSPORT, UDP, Client, Refused

SERVER = {4: net.RELAY_PUBLIC[4], 6: net.RELAY_PUBLIC[6]}
LISTEN = "\n".join(["[turn]", f"listen = {SERVER[4]}:3478", f"listen = [{SERVER[6]}]:3478",
                    "uri = turns:turn.example.com:443?transport=tcp", "realm = example.com", "user = agent:secret words", "secret = one:a shared secret"])


@pytest.fixture
def turn(start_relay):
    return start_relay(controlplane=LISTEN)


def client(*arguments, namespace=net.BROWSERS):
    return namespace.run(*arguments)


@pytest.mark.parametrize("version", [4, 6])
def test_binding(turn, version):
    told = client("turnutils_stunclient", SERVER[version])
    assert re.search(rf"UDP reflexive addr: {net.BROWSER[version]}", told), told


@pytest.mark.parametrize("version, how", [(4, ["-g", "-D", "-G"]), (4, ["-s"]), (6, ["-x"])])
def test_clients_reach_one_another(turn, version, how):
    """By channels, with DONT-FRAGMENT, padding, and requests again; by Send and Data; over IPv6."""
    told = client("turnutils_uclient", "-u", "agent", "-w", "secret words", "-n", "30", "-m", "2",
                  "-c", "-y", *how, SERVER[version])
    assert "Total lost packets 0 " in told, told


def credentials(relay, *arguments):
    """What tandemctl makes for a page, as turnutils_uclient takes it."""
    made = json.loads(relay.ctl("--json", "turn", "credentials", *arguments))
    assert made["realm"] == "example.com"
    assert made["uris"] == [f"turn:{SERVER[4]}:3478?transport=udp",
                            f"turn:[{SERVER[6]}]:3478?transport=udp",
                            "turns:turn.example.com:443?transport=tcp"]
    return ["-u", made["username"], "-w", made["password"]]


@pytest.fixture
def talker(directory):
    """Three allocations of one user, two of which talk with each other until the test is over."""
    started = []

    def start(*arguments):
        started.append(Process(
            ["turnutils_uclient", *arguments, "-n", "1500", "-m", "2", "-c", "-y", SERVER[4]],
            directory / "talker.log", net.BROWSERS))
        return started[-1]
    yield start
    for process in started:
        if process.alive():
            process.kill()


def wait_allocations(relay, count):
    return wait.until(lambda: len(relay.api.allocations()) == count and relay.api.allocations(),
                      10, f"{count} allocations", relay.api.allocations)


@pytest.mark.parametrize("more", [[], ["--for", "60s"], ["--secret", "one"]], ids=" ".join)
def test_credentials_let_a_client_in(turn, more):
    told = client("turnutils_uclient", *credentials(turn, "ann", *more), "-n", "30", "-m", "2",
                  "-c", "-y", SERVER[4])
    assert "Total lost packets 0 " in told, told


def test_the_list_shows_who_is_in(turn, talker):
    assert turn.ctl("turn") == "no allocation\n"
    talker(*credentials(turn, "ann"))
    first, *_ = wait_allocations(turn, 3)
    assert (first.user, first.server) == ("ann", f"{SERVER[4]}:3478")
    assert first.client.startswith(f"{net.BROWSER[4]}:")
    assert first.relayed.startswith(f"{SERVER[4]}:")
    assert 0 < first.left_s <= 3600
    wait.until(lambda: sum(bool(one.channels and one.permissions and one.to_client_packets)
                           for one in turn.api.allocations()) == 2, 10, "packets of both",
               turn.api.allocations)
    assert len(turn.api.allocations(page_size=1)) == 3
    rows = cells(turn.ctl("turn"), "ID")[1]
    assert [row[1] for row in rows] == ["ann"] * 3
    assert turn.ctl("turn", "delete", rows[0][0]) == "1 allocation deleted\n"
    assert [row[0] for row in cells(turn.ctl("turn"), "ID")[1]] == [row[0] for row in rows[1:]]
    assert turn.ctl("turn", "delete", "ann") == "2 allocations deleted\n"
    assert turn.ctl("turn") == "no allocation\n"
    with pytest.raises(RuntimeError, match="ann has, or is, no allocation"):
        turn.ctl("turn", "delete", "ann")


def test_a_user_has_a_quota(start_relay):
    """The client asks for two; when the second is refused it ends, and leaves the first."""
    relay = start_relay(controlplane=f"{LISTEN}\nallocations_per_user = 1")
    both = ["-n", "5", "-m", "2", "-c", "-y", SERVER[4]]
    for _ in range(2):
        with pytest.raises(RuntimeError, match="486"):
            client("turnutils_uclient", *credentials(relay, "ann"), *both)
        assert [one.user for one in relay.api.allocations()] == ["ann"]
        assert relay.ctl("turn", "delete", "ann") == "1 allocation deleted\n"
    assert relay.ctl("turn") == "no allocation\n"


def test_secrets_are_changed_while_it_runs(turn):
    assert turn.ctl("turn", "secrets") == "one\n"
    turn.ctl("turn", "secret", "add", "two", input="another shared secret\n")
    assert turn.ctl("turn", "secrets") == "one\ntwo\n"
    for secret in ("one", "two"):
        told = client("turnutils_uclient", *credentials(turn, "ann", "--secret", secret),
                      "-n", "5", "-m", "2", "-c", "-y", SERVER[4])
        assert "Total lost packets 0 " in told, told
    turn.ctl("turn", "secret", "remove", "one")
    assert turn.ctl("turn", "secrets") == "two\n"
    with pytest.raises(RuntimeError, match="no secret one"):
        credentials(turn, "ann", "--secret", "one")
    assert "another shared secret" not in turn.log()


def ice_server(version, scheme="turn", transport="udp"):
    host = SERVER[4] if version == 4 else f"[{SERVER[6]}]"
    return {"urls": f"{scheme}:{host}:3478?transport={transport}",
            "username": "agent", "credential": "secret words"}


@pytest.mark.parametrize("version", [4, 6])
def test_a_browser_behind_turn_calls_a_telephone(turn, page, phone, version):
    """Its media never leaves the relay between the allocation and the leg."""
    browser, telephone = page(frequency=440, turn=ice_server(version)), phone(1000)
    browser_to_phone(turn, browser, telephone)
    telephone.wait_tone(440)
    browser.wait_tone(1000)
    pair = browser.stats("candidate-pair", nominated=True)[0]
    local = next(entry for entry in browser.stats("local-candidate") if entry["id"] == pair["localCandidateId"])
    assert (local["candidateType"], local["relayProtocol"]) == ("relay", "udp")


@pytest.fixture
def made(machine):
    """Makes clients: made(user, password)."""
    clients = []

    def make(user="agent", password="secret words"):
        clients.append(Client((SERVER[4], 3478), user, password))
        return clients[-1]
    yield make
    for one in clients:
        one.close()


def test_clients_go_on_without_the_control_plane(turn, made):
    """What there is is renewed for as long as it likes; nothing new is granted."""
    caller, callee = made(), made()
    caller.allocate(), callee.allocate()
    turn.controlplane.kill()
    for one, other in ((caller, callee), (callee, caller)):
        one.permit(other.relayed)
        one.bind(0x4001, other.relayed)
        assert one.refresh(1800) == 1800
    caller.send(0x4001, b"hello")
    assert callee.receive() == (0x4001, b"hello")
    callee.indicate(caller.relayed, b"hello yourself")
    assert caller.receive() == (0x4001, b"hello yourself")
    with pytest.raises(AssertionError, match="no answer"):
        made().allocate()
    turn.start_controlplane()
    made().allocate()
    caller.send(0x4001, b"still there")
    assert callee.receive() == (0x4001, b"still there")


def test_quotas_outlive_the_control_plane(turn, made):
    """Four allocations of one user; those that end make room."""
    first = [made() for _ in range(4)]
    for one in first:
        one.allocate()
    with pytest.raises(Refused, match="486"):
        made().allocate()
    turn.controlplane.kill()
    assert first[0].refresh(0) == 0
    turn.start_controlplane()
    made().allocate()
    with pytest.raises(Refused, match="486"):
        made().allocate()


def rest(name, expires, secret="a shared secret"):
    user = f"{expires}:{name}"
    return user, base64.b64encode(hmac.new(secret.encode(), user.encode(), "sha1").digest()).decode()


def test_credentials_of_an_orchestrator(turn, made):
    now = int(time.time())
    made(*rest("anna", now + 60)).allocate()
    for wrong in (rest("anna", now - 1), rest("anna", now + 60, "another secret"),
                  ("anna", "words"), ("agent", "other words"), ("agent", "")):
        with pytest.raises(Refused, match="401"):
            made(*wrong).allocate()


def test_what_is_not_served_is_refused(turn, made):
    tcp = (TRANSPORT, struct.pack("!I", 6 << 24))
    for code, attributes in ((442, [tcp]), (400, []), (508, [(TRANSPORT, UDP), (0x18, b"\x80")]),
                             (508, [(TRANSPORT, UDP), (0x22, bytes(8))]),
                             (440, [(TRANSPORT, UDP), (0x17, b"\x07\0\0\0")]),
                             (420, [(TRANSPORT, UDP), (0x7123, b"")])):
        with pytest.raises(Refused, match=str(code)):
            made().ask(ALLOCATE, *attributes)
    client = made()
    for ask in (lambda: client.refresh(600), lambda: client.permit((net.RELAY_PUBLIC[4], 0)),
                lambda: client.bind(0x4001, (net.RELAY_PUBLIC[4], 9))):
        with pytest.raises(Refused, match="437"):
            ask()
    client.allocate()
    for code, ask in ((437, client.allocate),
                      (403, lambda: client.permit((net.PHONE[4], 0))),
                      (403, lambda: client.bind(0x4001, ("127.0.0.1", 9))),
                      (400, lambda: client.bind(0x3fff, client.relayed))):
        with pytest.raises(Refused, match=str(code)):
            ask()


def test_nothing_comes_after_the_end(turn, made):
    caller, callee = made(), made()
    caller.allocate(), callee.allocate()
    caller.bind(0x4001, callee.relayed)
    callee.permit(caller.relayed)
    assert caller.refresh(0) == 0
    callee.indicate(caller.relayed, b"too late")
    caller.send(0x4001, b"too late")
    assert caller.receive(0.5) is None and callee.receive(0.5) is None
