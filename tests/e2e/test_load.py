# SPDX-License-Identifier: BSD-3-Clause
"""What the workers of a relay say of their load, while a call runs."""

import pytest

import api
import endpoint as endpoints
import net
import wait
from calls import phone_to_phone
from test_quality import play

PACKETS = 150


@pytest.fixture
def relay(start_relay):
    return start_relay(controlplane="[quality]\ninterval = 1")


def test_how_busy_the_workers_are(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    assert not relay.api.status().headroom.limit  # no call, nothing to go by
    phone_to_phone(relay, caller, callee, api.AVP)
    play(caller, PACKETS)
    callee.receive(PACKETS)
    status = relay.api.status()
    loads = status.worker_loads
    assert [load.number for load in loads] == list(range(status.workers))
    assert sum(load.packets for load in loads) >= PACKETS
    for load in loads:
        assert len(load.latency) == len(status.latency_bounds_us) + 1
        assert 0 < load.busy_us < load.total_us and 0 <= load.busy < 1
    assert sum(sum(load.latency) for load in loads) >= PACKETS
    assert sum(load.latency_sum_us for load in loads) > 0

    status = wait.until(lambda: (found := relay.api.status()).headroom.limit and found, 10,
                        "an estimate")
    assert status.headroom.limit in ("workers", "ports", "legs", "calls")
    assert 0 < status.headroom.calls < 100000
    assert 0 < status.headroom.busy < 1
    shown = relay.ctl("workers")
    assert shown.lstrip().startswith("WORKER") and " more such calls, then " in shown, shown
    print(shown)
