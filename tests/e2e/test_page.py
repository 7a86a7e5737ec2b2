# SPDX-License-Identifier: BSD-3-Clause
"""The page for operators in a real browser: its views, what changes while one looks, who may what,
and that it is there for those who have no mouse or see nothing. Pictures are in build/e2e/page."""

import random
import shutil
import signal
import threading
import time

import pytest
from selenium.webdriver.common.keys import Keys

import api
import endpoint as endpoints
import net
import rtp
import wait
from browser import Browser
from calls import CALL, TAGS, phone_to_phone
from relay import BUILD
from turn import Client
from watcher import SHOTS, Watcher, configuration

MORE = """[quality]
interval = 1
[shed]
attack_pps = 100
[turn]
listen = {turn}:3478
user = agent:words
""".format(turn=net.RELAY_PUBLIC[4])
SSRC = 0x5eed
HOSTILE = ["<script>document.title = 'gone'</script>", "\u202egnp.exe", "a" * 255,
           "'\"><img src=x onerror=alert(1)>", "a/b?c#d&e=%2f \u00e9", "\u05e9\u05d9\u05d7\u05d4"]


@pytest.fixture(scope="module")
def screen(machine):
    """A Chromium where the relay is: an operator comes by its loopback, as by a tunnel."""
    path = BUILD / "e2e" / "screen"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    shutil.rmtree(SHOTS, ignore_errors=True)
    browser = Browser(net.RELAY, path)
    yield browser
    browser.close()


@pytest.fixture
def relay(start_relay):
    return start_relay(controlplane=MORE + configuration())


@pytest.fixture
def watcher(relay, screen):
    """Signed in; at the end the browser has complained of nothing but of `expected` answers."""
    window = screen.open(Watcher)
    window.expected = ["/whoami"]  # Who has only come is nobody yet.
    yield window
    errors = [error for error in window.errors()
              if not any(path in error for path in window.expected)]
    window.close()
    assert not errors


class Talker:
    """A telephone that sends until it is closed. loss: the share that never arrives."""

    def __init__(self, phone):
        self._phone, self.loss = phone, 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self):
        chance, number, begin = random.Random(7), 0, time.monotonic()
        while not self._over.wait(max(0.0, begin + 0.01 * number - time.monotonic())):
            if chance.random() >= self.loss:
                self._phone.send(rtp.Packet(number, 80 * number, SSRC, bytes(80)))
            number += 1

    def close(self):
        self._over.set()
        self._thread.join()


@pytest.fixture
def talk(relay, endpoint):
    """A call of two telephones that talk; by tag."""
    phones = [endpoint(endpoints.Phone, net.PHONES, net.PHONE[4]),
              endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])]
    phone_to_phone(relay, *phones, api.AVP)
    talkers = {tag: Talker(phone) for tag, phone in zip(TAGS, phones)}
    yield talkers
    for talker in talkers.values():
        talker.close()


@pytest.fixture
def attack(relay, talk, forge):
    """A stranger sends to the call's port, and the relay says that this is an attack."""
    local = relay.api.leg(CALL, TAGS[0]).local
    address, _, port = local.rpartition(":")
    frame = bytes(forge(net.PHONES).frame(
        ("203.0.113.77", 4000), (address, int(port)), bytes(rtp.Packet(1, 1, 1, bytes(80)))))
    sender, over = forge(net.PHONES), threading.Event()

    def flood():
        while not over.wait(0.01):
            for _ in range(10):
                sender.send(frame)
    thread = threading.Thread(target=flood)
    thread.start()
    wait.until(lambda: relay.api.shed().attacks, 15, "an attack", relay.api.shed)
    yield "203.0.113.77"
    over.set()
    thread.join()


VIEWS = {"overview": "What needs you", "calls": CALL, f"calls/{CALL}": "PCMU",
         "attacks": "203.0.113.77", "turn": "agent", "system": "Crypto engine"}


def test_every_view_in_every_light(relay, watcher, attack):
    """Narrow and wide, light and dark: nothing overflows, everything has a name and is legible."""
    client = Client((net.RELAY_PUBLIC[4], 3478), "agent", "words")
    client.allocate()
    watcher.sign_in()
    found = []
    for view, text in VIEWS.items():
        watcher.go(f"#/{view}")
        watcher.wait_text(text, "main")
        name = view.replace(f"/{CALL}", "-one")
        for scheme in ("light", "dark"):
            for width in (360, 1280, 1920):
                watcher.look(width, scheme)
                found += [f"{view}, {scheme}, {width}: {text}" for text in watcher.complaints()]
                if watcher.overflow() > 0:
                    found.append(f"{view}, {width}: {watcher.overflow()} pixels too wide")
                watcher.shoot(name)
        watcher.look(1280, "light")
    client.close()
    assert not found
    # The first moments of the last hour have come meanwhile.
    watcher.go("#/overview")
    wait.until(lambda: watcher.script("return document.querySelectorAll('.line').length"), 30,
               "a line in a chart", lambda: watcher.read("main"))
    watcher.click("The same as a table")
    rows = wait.until(lambda: watcher.table("The last hour, every ten seconds"), 15,
                      "the table to be drawn", lambda: watcher.read("main"))
    assert rows[0][1] == "1"


def test_a_call_turns_bad_while_somebody_looks(relay, watcher, talk):
    watcher.sign_in()
    watcher.go(f"#/calls/{CALL}")
    watcher.wait_text("media goes each way that it should", "main")
    watcher.wait_text("MOS now 4.", ".heading")
    talk[TAGS[0]].loss = 0.2
    watcher.wait_said("The call sounds bad now")
    watcher.wait_text("of what it sends is lost before the relay", ".concerns")
    assert TAGS[0] in watcher.read(".concerns")
    lost = wait.until(lambda: watcher.script(
        "return document.querySelectorAll('.leg .s3.area').length"), 10, "loss in the time line")
    watcher.shoot("call-turned-bad")
    watcher.click("The same as a table")
    rows = watcher.table(f"Intervals of PCMU from {TAGS[0]}")
    assert lost <= len(rows)
    assert any(int(row[3]) > 5 for row in rows), rows
    # It is the worst one in the list, and why is told there, too.
    watcher.go("#/calls?order=worst")
    watcher.wait_text("of what it sends is lost before the relay", "tbody")
    watcher.go("#/overview")
    watcher.wait_text(CALL, "main")
    # It is over while one looks at it.
    watcher.go(f"#/calls/{CALL}")
    watcher.wait_text("PCMU", "main")
    watcher.expected.append("Relay/Query")
    relay.api.delete(CALL)
    watcher.wait_text("This call has ended. What is here is how it was at last.")
    assert "PCMU" in watcher.read("main")


def test_a_call_is_ended(relay, watcher, talk):
    watcher.sign_in()
    watcher.go(f"#/calls/{CALL}")
    watcher.click("End the call…")
    watcher.click("Cancel")
    assert relay.api.query(CALL).call_id == CALL
    watcher.expected.append("Relay/Query")
    watcher.click("End the call…")
    watcher.click("End the call")
    watcher.wait_text("This call has ended")
    assert relay.api.list() == []


def test_a_block_is_made_and_lifted(relay, watcher, attack):
    watcher.sign_in()
    watcher.wait_text("1", "#top nav .tag")
    watcher.click("Attacks 1 running")
    watcher.wait_text("Spoofed media", ".concerns")
    watcher.wait_text(CALL, ".concerns")
    wait.until(lambda: [row for row in watcher.table("Who sends most") if attack in row[0]], 10,
               "the attacker", lambda: watcher.table("Who sends most"))
    watcher.click(f"Block {attack}")
    watcher.press(Keys.END, "/99", Keys.ENTER)
    watcher.expected.append("Shed/Block")
    watcher.wait_text("203.0.113.77/99", "dialog .problem")
    watcher.press(Keys.BACKSPACE * 3, Keys.ENTER)
    watcher.wait_said(f"{attack} is blocked.")
    blocked, = relay.api.shed().blocks
    assert blocked.prefix.startswith(attack) and 590_000 < blocked.left_ms <= 600_000
    wait.until(lambda: watcher.table("Blocked"), 5, "the block in the page")
    watcher.shoot("blocked")
    watcher.click(f"Unblock {blocked.prefix}")
    watcher.click("Unblock")
    watcher.wait_said(f"{blocked.prefix} is no longer blocked.")
    assert not relay.api.shed().blocks
    wait.until(lambda: not watcher.table("Blocked"), 5, "the page to forget the block")


def test_keys_alone_lead_to_a_call(relay, watcher, talk):
    watcher.sign_in()
    assert watcher.focus() == "Overview"  # its heading: a screen reader goes on from there
    watcher.script("document.activeElement.blur()")
    watcher.press(Keys.TAB, Keys.ENTER)  # past the skip link, into the content
    assert watcher.script("return document.activeElement.id") in ("main", "")
    watcher.script("document.body.focus(); getSelection().collapse(document.body, 0)")
    watcher.tab_to("Calls")
    watcher.press(Keys.ENTER)
    watcher.wait_text(CALL, "main")
    watcher.tab_to("Call id, tag, label or address")
    watcher.press("CALLER")
    watcher.wait_text(CALL, "tbody")
    assert watcher.focus() == "Call id, tag, label or address"  # what comes takes no focus away
    watcher.press("nobody")
    watcher.wait_text("No call has that.", "main")
    watcher.press(Keys.BACKSPACE * len("nobody"))
    watcher.tab_to(CALL)
    watcher.press(Keys.ENTER)
    watcher.wait_text("Who hears whom", "main")
    wait.until(lambda: watcher.focus() == f"Call {CALL}", 5, "the focus at the call's heading",
               watcher.focus)
    watcher.wait_text("The same as a table", "main")
    watcher.tab_to("The same as a table")
    watcher.press(Keys.ENTER)
    wait.until(lambda: watcher.table(f"Intervals of PCMU from {TAGS[0]}"), 5, "the table")


def test_names_of_others_are_text(relay, watcher, endpoint):
    """Call ids and tags are whatever the callers like."""
    phone = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    for name in HOSTILE:
        relay.api.offer(name, name, phone.offer(), to={"network": "trunk", "profile": api.AVP},
                        network="trunk")
    watcher.sign_in()
    watcher.go("#/calls")
    spelt = [name.replace("\u202e", "\\u{202e}") for name in HOSTILE]
    for name in spelt:
        watcher.wait_text(name, "tbody")
    watcher.look(360)
    watcher.shoot("hostile-names")
    assert watcher.overflow() <= 0
    assert "\u202e" not in watcher.read()
    for name, text in zip(HOSTILE, spelt):
        watcher.go("#/calls")
        watcher.click(text)
        watcher.wait_text(text, "h1")
        watcher.wait_text("waiting for the answer", "main")
        assert watcher.overflow() <= 0
        assert watcher.complaints() == []
        assert "\u202e" not in watcher.read() + watcher.script("return document.title")
    assert watcher.script("return document.title") == f"{HOSTILE[-1]} – Tandem"
    assert watcher.script("return document.querySelectorAll('main img, main script').length") == 0


def test_a_viewer_changes_nothing(relay, watcher, attack):
    watcher.sign_in("viewer")
    for view, text in VIEWS.items():
        watcher.go(f"#/{view}")
        if view != "turn":
            watcher.wait_text(text, "main")
        assert not [name for name in watcher.names()
                    if any(word in name for word in ("Block", "End", "Delete"))]
    watcher.expected.append("Shed/Block")
    assert watcher.post("/api/tandem.shed.v1.Shed/Block", {"prefix": "192.0.2.1"}) == 403
    assert not relay.api.shed().blocks


def test_a_token_that_is_nobodys(relay, watcher):
    watcher.expected.append("/login")
    wait.until(lambda: watcher.focus() == "Access token", 15, "the page to ask for a token")
    watcher.press("tandem_nobody", Keys.ENTER)
    wait.until(lambda: watcher.read(".problem").strip(), 5, "a refusal")
    assert watcher.focus() == "Access token"
    assert watcher.complaints() == []
    watcher.press("tandem_nobody")  # what was wrong is selected, and goes
    assert watcher.script("return document.querySelector('input').value") == "tandem_nobody"


def test_a_session_ends(relay, watcher, talk):
    """The token is taken out of the configuration; with another one the reader is where it was."""
    watcher.sign_in()
    watcher.go(f"#/calls/{CALL}")
    watcher.wait_text("PCMU", "main")
    ini = relay.controlplane_ini.read_text()
    relay.controlplane_ini.write_text(ini.replace("token = operator-token", "# "))
    watcher.expected += ["401", "Shed/Watch", "Relay/Watch"]
    relay.controlplane.signal(signal.SIGHUP)
    watcher.wait_text("Your session has expired")
    watcher.sign_in("viewer")
    watcher.wait_text("PCMU", "main")
    watcher.click("Sign out")
    watcher.wait_text("You are signed out.")
    watcher.reload()
    wait.until(lambda: watcher.focus() == "Access token", 15, "the page to ask for a token")


def test_the_relay_is_away(relay, watcher, talk):
    """What was seen stays, and the page says from when it is; then all goes on by itself."""
    watcher.sign_in()
    watcher.go(f"#/calls/{CALL}")
    watcher.wait_text("PCMU", "main")
    watcher.expected += ["net::ERR", "503", "Failed to load"]
    relay.controlplane.kill()
    watcher.wait_text("The relay does not answer. What you see is from", "[role=alert]")
    assert "PCMU" in watcher.read("main")
    watcher.shoot("away")
    relay.start_controlplane()
    watcher.wait_no("The relay does not answer", "#top")
    watcher.wait_text("live", "#top")
    watcher.wait_text("PCMU", "main")
    relay.dataplane.kill()
    watcher.go("#/overview")
    watcher.wait_text("The dataplane is away", "main")
    relay.start_dataplane()
    watcher.wait_no("The dataplane is away", "main")
