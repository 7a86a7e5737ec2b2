# SPDX-License-Identifier: BSD-3-Clause
"""An update that serves stays; one that does not, or is not signed, changes nothing."""

import os
import subprocess

import pytest

import net
import talk
from relay import BUILD, ROOT

DISK = BUILD / "image/tandem"


@pytest.fixture
def key(directory):
    """A signer's two keys, for this test alone."""
    private, public = directory / "private.pem", directory / "public.pem"
    net.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(private))
    net.run("openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public))
    return private, public


@pytest.fixture
def update(directory, key):
    """Makes an update of the image whose root differs: update(name, commands of debugfs, ...)."""
    def make(name, commands, signer=None, options=""):
        disk = directory / name
        for part in ("linux", "initrd", "root"):
            net.run("cp", "--sparse=always", "--reflink=auto", f"{DISK}.{part}", f"{disk}.{part}")
        script = directory / f"{name}.debugfs"
        script.write_text("".join(f"{command}\n" for command in commands))
        net.run("debugfs", "-w", "-f", str(script), f"{disk}.root")
        out = directory / f"{name}.update"
        subprocess.run([ROOT / "vm-images/update", disk, signer or key[0], out], check=True,
                       timeout=300, env={**os.environ, "VERSION": name, "SOURCE_DATE_EPOCH": "0",
                                         "OPTIONS": options})
        os.unlink(f"{disk}.root")
        return out
    yield make
    for path in directory.glob("*.update"):
        path.unlink()


def version(directory, text):
    """Commands that put another version into a root."""
    path = directory / f"version-{text}"
    path.write_text(f"{text}\n")
    return ["rm /usr/share/tandem/version", f"write {path} /usr/share/tandem/version"]


def apply(guest, name, check=True):
    return guest.ssh(f"tandem-update /dev/disk/by-id/virtio-{name} 2>&1", 600, check)


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_forward_and_back(start, appliance, directory, update, key, firmware):
    foreign = directory / "foreign.pem"
    net.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(foreign))
    drives = {"second": update("second", version(directory, "second")),
              "silent": update("silent", ["rm /usr/bin/tandem-dataplane"],
                               options="tandem.trial=20"),
              "dead": update("dead", ["rm /usr/lib/systemd/systemd", "rm /usr/sbin/init"])}
    drives["forged"] = update("forged", [], signer=foreign)
    guest = start(firmware, drives, **{"update.pem": key[1].read_text()})
    boot, _ = guest.wait_serving()
    assert guest.slot() == "a"

    assert "signature" in apply(guest, "forged", check=False)
    assert "next boot tries it" in apply(guest, "second")
    guest.ssh("systemctl reboot", check=False)
    boot, _ = guest.wait_serving(boot)
    assert guest.slot() == "b"
    assert guest.ssh("cat /usr/share/tandem/version").strip() == "second"
    guest.ssh("until journalctl -b -u tandem-confirm -o cat | grep -q stays; do sleep 1; done")
    talk.sdes_call(appliance(guest))

    for broken in ("silent", "dead"):
        assert "next boot tries it" in apply(guest, broken)
        guest.ssh("systemctl reboot", check=False)
        boot = back_again(guest, boot)
        assert guest.slot() == "b"
        assert "did not serve" in guest.ssh("journalctl -b -u tandem-confirm -o cat")


def back_again(guest, boot):
    """Until the slot that served serves again, after the other one was tried."""
    boot, _ = guest.wait_serving(boot)
    return boot
