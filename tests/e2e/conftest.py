# SPDX-License-Identifier: BSD-3-Clause
"""The machine once per run; per test its own relay, captures, and directory in build/e2e."""

import re
import shutil

import pytest

import net
from browser import Browser
from capture import Capture
from forge import Forge
from host import Busy, Host
from phone import Phone
from relay import BUILD, Relay

RESULT = pytest.StashKey()
RELAYS = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    reports = item.stash.setdefault(RESULT, [])
    reports.append(report)
    kept = (item.funcargs or {}).get("directory")
    if not kept:
        return
    if report.failed:
        if report.when == "call":
            _ask_relays(item.stash.get(RELAYS, []), report)
        report.sections.append(("what is left to look at", f"captures and logs: {kept}"))
    elif report.when == "teardown" and not any(other.failed for other in reports):
        shutil.rmtree(kept)


def _ask_relays(relays, report):
    """What the relay itself says of a test that failed, while it still runs."""
    for relay in relays:
        try:
            told = [f"{name}: {count}" for name, count in relay.api.drops().items() if count]
            told += [str(relay.api.query(call.call_id)) for call in relay.api.list()[:3]]
        except Exception as error:  # A broken relay must not hide why the test failed.
            told = [repr(error)]
        report.sections.append(("what the relay says", "\n".join(told)))


@pytest.fixture(scope="session")
def machine():
    """Namespaces, huge pages, bpffs."""
    try:
        with Host() as host:
            yield host
    except Busy as reason:
        pytest.exit(str(reason), returncode=3)


@pytest.fixture
def directory(request):
    """Where the test's logs and captures are; it stays when the test fails."""
    path = BUILD / "e2e" / re.sub(r"[^\w.-]+", "-", request.node.name)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


@pytest.fixture
def captures(machine, directory):
    """What crosses each link, by "browser" and "phone"."""
    running = {namespace.short: Capture(namespace, directory)
               for namespace in (net.BROWSERS, net.PHONES)}
    yield running
    for capture in running.values():
        capture.stop()


@pytest.fixture
def start_relay(request, captures, directory):
    """Starts the relay with other settings than `relay` has; stopped when the test is over."""
    started = request.node.stash.setdefault(RELAYS, [])

    def start(**settings):
        net.forget_neighbours()
        started.append(Relay(directory, **settings))
        return started[-1].start()
    yield start
    for relay in started:
        codes = relay.stop()
        assert set(codes) <= {0, None}, \
            f"the control plane and the dataplane ended with {codes} instead of 0"


@pytest.fixture
def relay(start_relay):
    return start_relay()


@pytest.fixture(scope="session")
def chromium(machine):
    """One Chromium for the whole run; each test opens new windows in it."""
    path = BUILD / "e2e" / "chromium"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    browser = Browser(net.BROWSERS, path)
    yield browser
    browser.close()


@pytest.fixture
def page(chromium):
    """Opens a participant in the browser: page(frequency=, codec=, video=)."""
    yield from _made(chromium.page)


@pytest.fixture
def phone(machine):
    """Makes a telephone: phone(frequency, version=4, port=, suites=)."""
    def make(frequency, version=4, port=4000, suites=()):
        return Phone(net.PHONES, net.PHONE[version], frequency, port, suites)
    yield from _made(make)


@pytest.fixture
def endpoint(machine):
    """Makes a synthetic participant: endpoint(class of endpoint.py, namespace, address, ...)."""
    yield from _made(lambda kind, *arguments, **more: kind(*arguments, **more))


@pytest.fixture
def forge(machine):
    """Makes a third party on a link: forge(net.BROWSERS) or forge(net.PHONES)."""
    def make(namespace):
        near = {"browser": "public0", "phone": "trunk0"}[namespace.short]
        return Forge(namespace, net.RELAY.mac(near))
    yield from _made(make)


def _made(make):
    """A factory whose products are closed after the test."""
    made = []

    def keep(*arguments, **more):
        made.append(make(*arguments, **more))
        return made[-1]
    yield keep
    for thing in reversed(made):
        thing.close()
