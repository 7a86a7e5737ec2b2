# SPDX-License-Identifier: BSD-3-Clause
"""A machine's life: an update that serves stays; one that does not, or is not signed, changes nothing."""

import os
import subprocess

import pytest

import checks
import guest as guests
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
    """Makes an update: what its root lacks, the scripts that it has, more for the kernel's command line."""
    def make(name, lacks=(), has=None, options="", signer=None):
        disk = directory / name
        for part in ("linux", "initrd"):
            disk.with_suffix(f".{part}").symlink_to(f"{DISK}.{part}")
        root = disk.with_suffix(".root")
        more = [f"usr/share/tandem/version f 644 0 0 echo {name}"]
        more += [f"{path} f 755 0 0 echo '#!/bin/sh'; echo '{text}'"
                 for path, text in (has or {}).items()]
        net.run("mksquashfs", f"{DISK.parent}/root", str(root), "-noappend", "-quiet", "-no-progress",
                "-comp", "zstd", "-Xcompression-level", "1",
                *(word for file in more for word in ("-p", file)),
                "-e", "usr/share/tandem/version", *lacks)
        out = disk.with_suffix(".update")
        subprocess.run([ROOT / "vm-images/update", disk, signer or key[0], out], check=True,
                       timeout=300, env={**os.environ, "VERSION": name, "SOURCE_DATE_EPOCH": "0",
                                         "OPTIONS": options})
        root.unlink()
        return out
    yield make
    for path in directory.glob("*.update"):
        path.unlink()


def apply(guest, name, check=True):
    return guest.ssh(f"tandem-update /dev/disk/by-id/virtio-{name} 2>&1", 600, check)


# What an update may lack, or have instead: each leads back to the slot that served.
INIT = "usr/lib/systemd/systemd"
BROKEN = {"silent": {"lacks": ["usr/bin/tandem-dataplane"], "options": "tandem.trial=5"},
          "hung": {"lacks": [INIT], "has": {INIT: "while :; do sleep 1; done"},
                   "options": "tandem.watchdog=10"}}


OLD_CPU = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt"  # no AES-NI


@pytest.fixture
def updates(directory, update, key):
    """The drives of a machine that is updated, then given what leads back: updates(broken)."""
    foreign = directory / "foreign.pem"
    net.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(foreign))
    return lambda broken: {
        "drives": {"second": update("second"), "forged": update("forged", signer=foreign),
                   broken: update(broken, **BROKEN[broken])},
        "update.pem": key[1].read_text()}


def test_a_life_by_bios(start, appliance, updates):
    """AF_XDP, then virtio's own driver without an IOMMU, on a CPU without AES-NI."""
    guest = start("bios", cpu=OLD_CPU, **updates("silent"))
    boot, _ = guest.wait_serving()
    talk.plain_call(appliance(guest), summed=True)  # what XDP asks of virtio
    checks.xdp_is_native_and_polled(guest)
    checks.hardened(guest)
    checks.nobody_logs_in_by_password(guest)
    checks.answers_only_where_it_says(guest)
    # What the drive does not say again stays from boot to boot and from update to update.
    guest.ssh(r"printf 'public 1 noiommu\ntrunk 2 noiommu\n' >/etc/tandem/nics")

    boot = is_updated(guest, boot)
    assert drivers(guest, "uio_pci_generic") == 2
    relay = appliance(guest)
    secrets = talk.sdes_call(relay)
    talk.plain_call(relay, summed=False)
    journal = guest.ssh("journalctl -b -u tandem-dataplane -o cat")
    assert ("libsrtp does it" in journal) == (guest.accelerator == "tcg")
    checks.tells_no_errors(guest, secrets)
    comes_back(guest, "silent", boot)


def test_a_life_by_uefi(start, appliance, directory, updates):
    """NICs by MAC, by virtio's own driver behind an IOMMU; cloud-init's drive."""
    macs = {name: mac for name, (_, mac) in guests.NICS.items()}
    guest = start("uefi", cpu="Skylake-Server", iommu=True, drive="seed.iso", label="CIDATA",
                  nics=f"public {macs['public']} vfio\ntrunk {macs['trunk'].upper()} vfio\n",
                  **updates("hung"))
    boot, _ = guest.wait_serving()
    assert guest.ssh("hostname").strip() == "relay-7"
    assert int(guest.ssh("blockdev --getsize64 /dev/disk/by-partlabel/data")) > 2 << 30
    assert drivers(guest, "vfio-pci") == 2
    relay = appliance(guest)
    secrets = talk.sdes_call(relay) | talk.webrtc_call(relay)
    talk.plain_call(relay, summed=False)
    talk.browser_call(relay, directory)
    checks.tells_no_errors(guest, secrets)

    boot = is_updated(guest, boot)
    comes_back(guest, "hung", boot)


def drivers(guest, name):
    """How many devices a driver of the kernel's has."""
    return guest.ssh(f"ls -d /sys/bus/pci/drivers/{name}/0000:*").count("0000:")


def is_updated(guest, boot):
    """From slot a to slot b, where it stays; not by somebody else's update."""
    assert guest.slot() == "a"
    assert "signature" in apply(guest, "forged", check=False)
    boot = reboot_into(guest, "second", boot)
    assert guest.slot() == "b"
    assert guest.ssh("cat /usr/share/tandem/version").strip() == "second"
    guest.ssh("until journalctl -b -u tandem-confirm -o cat | grep -q stays; do sleep 1; done")
    return boot


def comes_back(guest, broken, boot):
    reboot_into(guest, broken, boot)
    assert guest.slot() == "b"
    assert "did not serve" in guest.ssh("journalctl -b -u tandem-confirm -o cat")


def reboot_into(guest, name, boot):
    """Until the slot that serves in the end does so; its boot."""
    assert "next boot tries it" in apply(guest, name)
    guest.ssh("systemctl reboot", check=False)
    return guest.wait_serving(boot)[0]
