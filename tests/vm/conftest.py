# SPDX-License-Identifier: BSD-3-Clause
"""Namespaces as the end-to-end tests have them, and guests in them instead of programs."""

import pathlib
import re
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import api  # noqa: E402
import guest as guests  # noqa: E402
from host import STATE, Busy, Host  # noqa: E402
from process import Process  # noqa: E402
from relay import BUILD, Relay  # noqa: E402
import wait  # noqa: E402


class Appliance(Relay):
    """The relay inside a guest, by an API that ssh carries."""

    def __init__(self, guest, directory):  # pylint: disable=super-init-not-called
        socket = f"{STATE}/relay.sock"
        self.guest = guest
        pathlib.Path(socket).unlink(missing_ok=True)
        command = guest.ssh_command("-N", "-o", "StreamLocalBindUnlink=yes",
                                    "-L", f"{socket}:/run/tandem/relay.sock")
        self._tunnel = Process(command, directory / "tunnel.log")
        wait.until(lambda: pathlib.Path(socket).exists(), 60, "the tunnel to the API",
                   self._tunnel.text)
        self.api = api.Api(f"unix:{socket}", seconds=60)
        wait.until(self.api.serving, 60, "the API by the tunnel")

    def close(self):
        self.api.close()
        self._tunnel.kill()


@pytest.fixture(scope="session")
def machine():
    if not shutil.which(guests.QEMU):
        pytest.skip(f"{guests.QEMU} is not installed: make deps-image-test")
    if not (BUILD / "tandem.qcow2").exists():
        pytest.skip("Debian's mirror gave no packages for an image; build/image/root.log says why")
    try:
        with Host(guests.create, dataplane=False) as host:
            yield host
    except Busy as reason:
        pytest.exit(str(reason), returncode=3)


@pytest.fixture
def directory(request):
    path = BUILD / "vm" / re.sub(r"[^\w.-]+", "-", request.node.name)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


@pytest.fixture
def closing():
    made = []

    def keep(thing):
        made.append(thing)
        return thing
    yield keep
    for thing in reversed(made):
        thing.close()


@pytest.fixture
def start(machine, directory, closing):
    """Starts a guest: start(firmware, drives={}, **files of its configuration drive)."""
    return lambda *arguments, **more: closing(guests.Guest(directory, *arguments, **more))


@pytest.fixture
def appliance(closing, directory):
    """The relay of a guest that serves: appliance(guest)."""
    return lambda guest: closing(Appliance(guest, directory))
