# SPDX-License-Identifier: BSD-3-Clause
"""Two workers, each with a queue of its own at every port."""

import pytest

import api
import endpoint as endpoints
import net
from calls import phone_to_phone
from queues import Vhost
from test_streams import carry

CALLS, QUEUES = 6, 2


@pytest.fixture
def vhost(machine, directory):
    side = Vhost(directory, QUEUES)
    yield side
    side.close()


def counters(relay):
    return {counter.name: counter.value for counter in relay.api.status().counters}


@pytest.mark.shipped
def test_calls_go_where_their_packets_come(vhost, start_relay, endpoint):
    """By one of two queues, as the other side chooses: nothing is handed over once calls talk."""
    relay = start_relay(workers=QUEUES, devargs=vhost.devargs(), controlplane="headroom=0",
                        public="shed=off", trunk="shed=off")
    pairs = []
    for number in range(CALLS):
        caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4],
                          suite="AES_CM_128_HMAC_SHA1_80")
        callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
        phone_to_phone(relay, caller, callee, api.AVP, call=f"call-{number}")
        pairs.append((caller, callee))

    def talk(first, at_once):
        for caller, callee in pairs:
            for at in range(first, first + 100, at_once):
                carry(caller, callee, range(at, at + at_once))
                carry(callee, caller, range(at, at + at_once))
    # While legs move packets leave by either queue, and nobody keeps an order between the two of a
    # port: one at a time, as calls send.
    talk(1000, 1)
    before = counters(relay)
    # Each leg began with either worker, and one in two of them with the wrong one.
    assert before["moved"]
    talk(1100, 50)
    after = counters(relay)
    assert after["rx"] - before["rx"] >= 2 * CALLS * 100
    assert after["handover"] == before["handover"]
    assert after["moved"] == before["moved"]
