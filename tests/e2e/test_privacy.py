# SPDX-License-Identifier: BSD-3-Clause
"""With privacy = addresses no participant's address is in what the relay writes."""

import functools
import json
import os
import re
import stat

import grpc
import pytest

import api
import endpoint as endpoints
import net
import rtp
import sdp
import wait
from calls import CALL, TAGS, exchange, family, phone_side, phone_to_phone
from relay import PROGRAMS

PARTICIPANTS = [address for host in (net.BROWSER, net.BROWSER_OTHER, net.PHONE, net.PHONE_OTHER)
                for address in host.values()]
TURN = "\n[turn]\nlisten = 198.51.100.1:3478\nuser = u:p\nallocations_per_user = 1\n"


@pytest.fixture
def private(start_relay, directory):
    def start(more="", **settings):
        return start_relay(controlplane=f"privacy=addresses\nprivacy_key={directory}/key\n{more}"
                           f"\n[cdr]\nfile={directory}/cdr\n", log="debug", **settings)
    return start


def assert_hidden(text):
    for address in PARTICIPANTS:
        assert not re.search(rf"(?<![0-9a-f.:]){re.escape(address)}(?![0-9a-f])", text), text


def test_nobody_s_address_is_written(private, endpoint, directory):
    relay = private(TURN)
    agent = endpoint(endpoints.Agent, net.BROWSERS, net.BROWSER[4])
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    exchange(relay, agent, phone, network="public", family=family(4),
             to=phone_side(4, api.AVP, rtcp_mux=api.relay.TOGGLE_ON))
    agent.connect()
    relay.wait_state(CALL, "CALL_UP")
    agent.send(*(rtp.Packet(number, 160 * number, 7, bytes(160)) for number in range(20)))
    phone.receive(20)
    for address in PARTICIPANTS:
        relay.api.block(address)
        relay.api.unblock(address)
    # The public API tells who drives calls what it asks for.
    assert {leg.remote for leg in relay.api.query(CALL).legs} == {
        f"{agent.address}:{agent.port}", f"{phone.address}:{phone.port}"}
    relay.api.delete(CALL)
    wait.until(lambda: (directory / "cdr").read_text().endswith("\n"), 10, "a record")
    written = (directory / "cdr").read_text()
    assert_hidden(written)
    assert_hidden(relay.log())
    # What is shown instead is what the relay says of the address, and it is told apart.
    shown = {leg["leg"]["tag"]: leg["leg"]["remote"] for leg in json.loads(written)["legs"]}
    assert shown == {TAGS[0]: f"{relay.api.pseudonym(agent.address)}:{agent.port}",
                     TAGS[1]: f"{relay.api.pseudonym(phone.address)}:{phone.port}"}
    assert shown[TAGS[0]].startswith("ip4-") and shown[TAGS[0]] != shown[TAGS[1]]
    assert relay.ctl("pseudonym", net.PHONE[6]).strip().startswith("ip6-")
    assert {relay.api.pseudonym(address) for address in PARTICIPANTS} == set(
        re.findall(r"shed: (ip[46]-[0-9a-f]{10}) is blocked", relay.log()))
    # The relay's own addresses are no secret.
    assert all(leg["leg"]["local"].startswith(("198.51.100.1:", "203.0.113.1:"))
               for leg in json.loads(written)["legs"])


def test_who_only_looks(private, directory):
    """A viewer sees pseudonyms, who drives calls addresses; and the audit has none."""
    made = json.loads(net.run(str(PROGRAMS / "tandemctl"), "token", "wall", "--role", "viewer",
                              "-j"))
    relay = private("listen=127.0.0.1:50051\n[access]\n"
                    f"audit={directory}/audit\n{made['line']}\n")
    viewer = functools.partial(net.RELAY.run, str(PROGRAMS / "tandemctl"), "--server",
                               "127.0.0.1:50051", env={**os.environ, "TANDEM_TOKEN": made["token"]})
    relay.api.offer(CALL, TAGS[0], sdp.phone(net.PHONE[4], 4000), to=phone_side(),
                    network="trunk", family=family(4))
    assert net.PHONE[4] in relay.ctl("call", CALL)
    relay.api.block(net.PHONE_OTHER[6])
    pseudonym = relay.api.pseudonym(net.PHONE[4])
    shown = viewer("call", CALL, "--json") + viewer("shed", "--json")
    assert_hidden(shown)
    assert f"{pseudonym}:4000" in shown and relay.api.pseudonym(net.PHONE_OTHER[6]) in shown
    with pytest.raises(RuntimeError, match="it takes admin"):
        viewer("pseudonym", net.PHONE[4])
    with pytest.raises(grpc.RpcError):
        relay.api.unblock(net.PHONE_OTHER[4])
    audited = (directory / "audit").read_text()
    assert "Shed/Block" in audited and "is not blocked" in audited
    assert_hidden(audited)


def test_a_pseudonym_stays(private, directory):
    relay = private()
    first = relay.api.pseudonym(net.PHONE[4])
    assert stat.S_IMODE((directory / "key").stat().st_mode) == 0o600
    relay.controlplane.kill()
    relay.start_controlplane()
    assert relay.api.pseudonym(net.PHONE[4]) == first
    assert relay.api.pseudonym(f"{net.PHONE[4]}:5060") == f"{first}:5060"
    with pytest.raises(grpc.RpcError) as refused:
        relay.api.pseudonym("tom")
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_without_privacy(start_relay, directory, endpoint):
    relay = start_relay(controlplane=f"[cdr]\nfile={directory}/cdr\n")
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    relay.api.block(net.BROWSER_OTHER[6])
    relay.api.delete(CALL)
    wait.until(lambda: (directory / "cdr").read_text().endswith("\n"), 10, "a record")
    # What the other test looks for is found.
    for text in ((directory / "cdr").read_text(), relay.log()):
        with pytest.raises(AssertionError):
            assert_hidden(text)
    with pytest.raises(grpc.RpcError) as refused:
        relay.api.pseudonym(net.PHONE[4])
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
