# SPDX-License-Identifier: BSD-3-Clause
"""The image boots, takes its configuration or says that it needs one, and relays."""

import pytest

import checks
import guest as guests
import talk
import wait


@pytest.mark.short
def test_a_call_through_a_machine_that_bios_started(start, appliance):
    """NICs in their order, by AF_XDP."""
    guest = start("bios")
    guest.wait_serving()
    relay = appliance(guest)
    secrets = talk.sdes_call(relay)
    talk.plain_call(relay, summed=True)  # what XDP asks of virtio
    checks.xdp_is_native_and_polled(guest)
    checks.tells_no_errors(guest, secrets)


def test_by_bios_without_a_drive_the_console_says_what_to_do(start):
    guest = start(drive=None)
    wait.until(lambda: "not configured" in guest.console(), guests.BOOT_SECONDS,
               "the console's word", lambda: guest.console()[-3000:])
    assert "authorized_keys" in guest.console()
    assert "login:" not in guest.console()
