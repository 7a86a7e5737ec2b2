# SPDX-License-Identifier: BSD-3-Clause
"""What an operator and an orchestrator see: mistakes told in one line, tables, status codes."""

import json
import re
import subprocess

import grpc
import pytest

import api
import endpoint as endpoints
import net
import sdp
import wait
from calls import CALL, TAGS, agent_to_phone, phone_side, phone_to_phone
from relay import API_SOCKET, PROGRAMS, Relay

NAMES = ["tandem-dataplane", "tandem-controlplane", "tandem-turngate", "tandemctl"]


def run(program, *arguments):
    return subprocess.run([str(PROGRAMS / program), *map(str, arguments)], capture_output=True,
                          text=True, timeout=20, check=False)


# --- the programs' own

@pytest.mark.parametrize("program", NAMES)
def test_help_and_version(program):
    told = run(program, "--help")
    assert told.returncode == 0 and told.stderr == ""
    assert program in told.stdout
    version = run(program, "--version")
    assert version.returncode == 0
    assert re.fullmatch(rf"{program} \S+\n", version.stdout)


@pytest.mark.parametrize("program", NAMES)
def test_an_unknown_option_is_refused(program):
    told = run(program, "--no-such-option")
    assert told.returncode != 0
    assert "no-such-option" in told.stderr


MISTAKES = {  # of dataplane.ini: a line's change, the line that is told, what it must say
    "an unknown key": ("legs=1000", "lges=1000", "lges"),
    "a bad number": ("legs=1000", "legs=many", "legs"),
    "a number out of range": ("legs=1000", "legs=1", "legs"),
    "a bad choice": ("idle=sleep", "idle=slumber", "idle"),
    "a bad address": (f"address={net.RELAY_TRUNK[4]}/24", "address=203.0.113.300/24", "address"),
    "no prefix": (f"address={net.RELAY_TRUNK[4]}/24", f"address={net.RELAY_TRUNK[4]}", "address"),
    "the same address twice": (f"address={net.RELAY_TRUNK[4]}/24",
                               f"address={net.RELAY_PUBLIC[4]}/24", "address"),
    "an unknown section": ("[port trunk]", "[prot trunk]", "prot"),
    "no worker": ("lcores=0,1", "lcores=0", "lcores"),
    "a program in devargs": ("devargs=net_af_xdp1,iface=trunk0",
                             "devargs=net_af_xdp1,iface=trunk0,xdp_prog=x.o", "devargs"),
    "a bond of unlike devices": ("devargs=net_af_xdp1,iface=trunk0",
                                 "devargs=net_af_xdp1,iface=trunk0\ndevargs=0000:3b:00.0",
                                 "devargs"),
    "a bond of many devices": ("devargs=net_af_xdp1,iface=trunk0",
                               "\n".join(f"devargs=net_af_xdp{k},iface=eth{k}" for k in range(9)),
                               "devargs"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_configuration_mistake_is_one_line(directory, mistake):
    """File, line, key, and what to do instead after a semicolon."""
    old, new, key = MISTAKES[mistake]
    path = Relay(directory).dataplane_ini
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    first = new.splitlines()[0]
    number = max(at for at, line in enumerate(path.read_text().splitlines(), 1) if line == first)

    told = run("tandem-dataplane", "--config", path, "--check")
    assert told.returncode != 0
    line, = [line for line in told.stderr.splitlines() if f":{number}:" in line]
    assert line.startswith(f"{path}:{number}:")
    assert key in line
    assert ";" in line


def test_xdp_is_for_af_xdp(directory):
    path = Relay(directory).dataplane_ini
    path.write_text(path.read_text().replace("devargs=net_af_xdp1,iface=trunk0",
                                             "devargs=net_tap1,iface=trunk0\nshed=xdp"))
    told = run("tandem-dataplane", "--config", path, "--check")
    assert told.returncode != 0
    assert "shed" in told.stderr and "net_af_xdp" in told.stderr


def test_every_mistake_is_told_at_once(directory):
    path = Relay(directory).controlplane_ini
    path.write_text("[controlplane]\nports=9-1\nlisten=nowhere\nunknown=1\n"
                    "[shed]\nstranger_pps=many\n")
    told = run("tandem-controlplane", "--config", path, "--check")
    assert told.returncode != 0
    for number in (2, 3, 4, 6):
        assert f"{path}:{number}:" in told.stderr


@pytest.mark.parametrize("uri, right", [
    ("turns:turn.example.com:443?transport=tcp", True), ("turn:198.51.100.2", True),
    ("turn:[2001:db8::2]:3478?transport=udp", True), ("turn:", False), ("turns:?transport=tcp", False),
    ("https://turn.example.com", False), ("turn:host?transport=sctp", False), ("turn:a b", False)])
def test_a_uri_is_one_of_turn(directory, uri, right):
    path = Relay(directory).controlplane_ini
    path.write_text(f"[turn]\nuri = {uri}\n")
    told = run("tandem-controlplane", "--config", path, "--check")
    assert (told.returncode == 0) == right, told.stderr
    assert right or f"{path}:2: [turn] uri: " in told.stderr


@pytest.mark.parametrize("line, right", [
    ("server = udp:192.0.2.1:9060", True), ("server = tcp:[2001:db8::1]:9060", True),
    ("server = udp:homer.example.com:9060", True), ("server = 192.0.2.1:9060", False),
    ("server = udp:192.0.2.1", False), ("server = udp:2001:db8::1:9060", False),
    ("capture_id = x", False),
    pytest.param("capture_password = " + 256 * "x", False, id="a long password")])
def test_a_homer_server_is_one(directory, line, right):
    path = Relay(directory).controlplane_ini
    path.write_text(f"[hep]\n{line}\n")
    told = run("tandem-controlplane", "--config", path, "--check")
    assert (told.returncode == 0) == right, told.stderr
    assert right or f"{path}:2: [hep] {line.split()[0]}: " in told.stderr


def test_there_are_not_too_many_uris(directory):
    path = Relay(directory).controlplane_ini
    path.write_text("[turn]\nlisten = 198.51.100.1:3478\nuser = a:b\n" + "uri = turn:a\n" * 17)
    told = run("tandem-controlplane", "--config", path, "--check")
    assert told.returncode != 0 and "more than 16" in told.stderr, told.stderr


def test_the_first_block_is_not_longer_than_the_longest(directory):
    path = Relay(directory).controlplane_ini
    path.write_text("[shed]\nauto_block_least=100\nauto_block_most=10\n")
    told = run("tandem-controlplane", "--config", path, "--check")
    assert told.returncode != 0
    assert f"{path}:2: [shed] auto_block_least: " in told.stderr


def test_a_good_configuration_passes_the_check(directory):
    relay = Relay(directory)
    for program, path in (("tandem-dataplane", relay.dataplane_ini),
                          ("tandem-controlplane", relay.controlplane_ini)):
        told = run(program, "--config", path, "--check")
        assert (told.returncode, told.stderr) == (0, "")


def test_listening_to_the_world_needs_certificates(directory):
    relay = Relay(directory)
    with open(relay.controlplane_ini, "a", encoding="ascii") as file:
        file.write("listen=198.51.100.1:50051\n")
    told = run("tandem-controlplane", "--config", relay.controlplane_ini, "--check")
    assert told.returncode != 0
    assert "198.51.100.1:50051" in told.stderr


# --- tandemctl

@pytest.fixture
def call(relay, endpoint):
    """A plain phone calls one with SDES."""
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4], suite="AEAD_AES_128_GCM")
    phone_to_phone(relay, caller, callee, api.SAVP)
    return caller, callee


COMMANDS = [["calls"], ["call", CALL], ["ports"], ["drops"], ["drops", "--all"], ["health"],
            ["status"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_tables_and_json(relay, call, command):
    table = relay.ctl(*command)
    assert table.strip()
    assert not any(line.endswith(" ") for line in table.splitlines())
    assert json.loads(relay.ctl("--json", *command)) is not None


def test_the_tables_name_what_there_is(relay, call):
    assert CALL in relay.ctl("calls")
    shown = relay.ctl("call", CALL)
    for word in (*TAGS, "AEAD_AES_128_GCM", "RTP/SAVP", "RTP/AVP", net.RELAY_TRUNK[4]):
        assert word in shown
    for word in ("public", "trunk", net.RELAY_PUBLIC[6], "net_af_xdp", "one queue"):
        assert word in relay.ctl("ports")
    assert CALL in relay.ctl("delete", CALL)
    assert CALL not in relay.ctl("calls")


def test_the_call_says_why_there_is_no_audio(relay, endpoint):
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    agent_to_phone(relay, agent, endpoint(endpoints.Phone, net.PHONES, net.PHONE[4]))
    assert "ICE" in relay.api.leg(CALL, "caller").why
    assert relay.api.leg(CALL, "caller").why in relay.ctl("call", CALL)


def test_tandemctl_errors(relay):
    for arguments, status in ((("call", "no-such-call"), 1), (("frobnicate",), 2)):
        told = run("tandemctl", "--server", f"unix:{API_SOCKET}", *arguments)
        assert told.returncode == status
        assert len(told.stderr.splitlines()) >= 1
    told = run("tandemctl", "--server", "unix:/nonexistent/relay.sock", "calls")
    assert told.returncode == 3


# --- gRPC status codes

@pytest.fixture
def phones(endpoint):
    return (endpoint(endpoints.Phone, net.PHONES, net.PHONE[4]),
            endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4]))


def refused(code, function, *arguments, **more):
    with pytest.raises(grpc.RpcError) as error:
        function(*arguments, **more)
    assert error.value.code() == code, error.value.details()
    assert error.value.details()
    return error.value.details()


def test_bad_sdp(relay, phones):
    good = phones[0].offer()
    for bad in ("", "hello", good.replace("v=0", "v=1"), good.replace("m=audio ", "m=audio x"),
                good.replace("RTP/AVP 0", "")):
        refused(grpc.StatusCode.INVALID_ARGUMENT, relay.api.offer, CALL, "caller", bad,
                to=phone_side(), network="trunk")
    assert relay.api.list() == []


def test_nothing_that_is_relayed(relay, phones):
    details = refused(grpc.StatusCode.UNIMPLEMENTED, relay.api.offer, CALL, "caller",
                      phones[0].offer().replace("m=audio", "m=whiteboard"), to=phone_side())
    assert "m-line 1: whiteboard" in details


def test_a_host_name_in_the_place_of_an_address(relay, phones):
    details = refused(grpc.StatusCode.UNIMPLEMENTED, relay.api.offer, CALL, "caller",
                      phones[0].offer().replace(net.PHONE[4], "phone.example"), to=phone_side())
    assert "phone.example" in details


def test_an_empty_call_id(relay, phones):
    refused(grpc.StatusCode.INVALID_ARGUMENT, relay.api.offer, "", "caller", phones[0].offer(),
            to=phone_side())


def test_unknown_calls_and_tags(relay, phones):
    for function in (relay.api.query, relay.api.delete):
        assert "no-such-call" in refused(grpc.StatusCode.NOT_FOUND, function, "no-such-call")
    refused(grpc.StatusCode.NOT_FOUND, relay.api.answer, CALL, *TAGS, phones[1].describe())
    phone_to_phone(relay, *phones, api.AVP)
    refused(grpc.StatusCode.FAILED_PRECONDITION, relay.api.answer, CALL, "stranger", "callee",
            phones[1].describe())
    refused(grpc.StatusCode.FAILED_PRECONDITION, relay.api.offer, CALL, "stranger",
            phones[1].offer())


def test_two_offers_at_once(relay, phones):
    """Glare is refused; an offer of the same side takes the place of its first."""
    def offer(tag):
        return relay.api.offer(CALL, tag, phones[TAGS.index(tag)].offer())
    phone_to_phone(relay, *phones, api.AVP)
    first = offer("caller")
    assert "caller" in refused(grpc.StatusCode.ALREADY_EXISTS, offer, "callee")
    assert sdp.parse(offer("caller"))[0].port == sdp.parse(first)[0].port
    assert len(relay.api.query(CALL).legs) == 2


def test_an_unknown_network(relay, phones):
    details = refused(grpc.StatusCode.INVALID_ARGUMENT, relay.api.offer, CALL, "caller",
                      phones[0].offer(), to={**phone_side(), "network": "mars"})
    assert "mars" in details


def test_exhausted_ports_come_back_with_the_calls(start_relay, phones):
    relay = start_relay(ports="20000-20007", controlplane="port_quarantine=1")
    calls = []
    with pytest.raises(grpc.RpcError) as error:
        for number in range(9):
            phone_to_phone(relay, *phones, api.AVP, call=f"call-{number}")
            calls.append(f"call-{number}")
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert calls
    for call in calls:
        relay.api.delete(call)
    # A port rests before it is another call's: no late packet reaches the wrong one.
    def taken():
        try:
            return relay.api.offer("again", "caller", phones[0].offer(), to=phone_side(),
                                   network="trunk")
        except grpc.RpcError as refusal:
            assert refusal.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            return None
    assert not taken()
    wait.until(taken, 5, "the ports' quarantine to be over")


def test_what_cannot_be_told_apart_is_not_split(relay, page):
    """A payload type of both m-lines would not say which telephone's port it is for."""
    offer = page(frequency=440, video=True).offer()
    audio, video = sdp.parse(offer)
    ours, theirs = audio.formats[0], video.formats[0]
    head, line, rest = offer.partition("m=video")
    rest = re.sub(rf"(?<=[ :]){theirs}(?=[ \r])", ours, rest)
    details = refused(grpc.StatusCode.UNIMPLEMENTED, relay.api.offer, CALL, "caller",
                      head + line + rest, to=phone_side(), network="public")
    assert f"payload type {ours}" in details


def test_health(relay):
    assert relay.api.serving()
    assert relay.api.serving("tandem.relay.v1.Relay")


def test_list_pages(relay, phones):
    names = [f"call-{number}" for number in range(5)]
    for name in names:
        phone_to_phone(relay, *phones, api.AVP, call=name)
    assert sorted(call.call_id for call in relay.api.list(page_size=2)) == names


def test_status(relay, phones):
    phone_to_phone(relay, *phones, api.AVP)
    status = relay.api.status()
    assert status.dataplane_connected
    assert (status.calls, status.legs, status.workers) == (1, 2, 1)
    assert status.crypto_engine
    assert {(network.name, network.address) for network in status.networks} == {
        ("public", net.RELAY_PUBLIC[4]), ("public", net.RELAY_PUBLIC[6]),
        ("trunk", net.RELAY_TRUNK[4]), ("trunk", net.RELAY_TRUNK[6])}
    assert all(drop.name and drop.help for drop in status.drops)
