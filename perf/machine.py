# SPDX-License-Identifier: BSD-3-Clause
"""The machine that a measurement was made on, and the hugepages that it borrows."""

import contextlib
import os
import pathlib
import subprocess

HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
PAGE = 2 << 20
LEFT = 1 << 30  # octets that are not turned into hugepages
# What the engines choose their code by.
FLAGS = ("aes", "sha_ni", "avx2", "avx512f", "avx512bw", "vaes", "vpclmulqdq", "gfni")
PACKAGES = ("dpdk", "libipsec-mb1", "libsrtp2-1", "gcc")


def cpu():
    fields = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    return fields


def versions():
    found = {}
    for package in PACKAGES:
        query = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                               capture_output=True, text=True, check=False)
        found[package] = query.stdout or "not installed"
    return found


def siblings():
    """Which CPUs are threads of one core."""
    lists = pathlib.Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    shared = {path.read_text().strip() for path in lists}
    return " ".join(sorted(s for s in shared if not s.isdigit())) or "none, as far as is shown"


def describe(hz):
    fields = cpu()
    flags = set(fields.get("flags", "").split())
    return {
        "cpu": "%s (family %s, model %s)" % (fields.get("model name"), fields.get("cpu family"),
                                              fields.get("model")),
        "flags": " ".join(f if f in flags else "no-" + f for f in FLAGS),
        "virtual": "hypervisor" in flags,
        "cores": os.cpu_count(),
        "threads of one core": siblings(),
        **({"tsc_hz": hz} if hz else {}),
        "kernel": os.uname().release,
        "load": os.getloadavg()[0],
        **versions(),
    }


class NotEnough(Exception):
    """This machine has not so many hugepages."""


class Hugepages:
    """Reserves more of them as they are needed, and gives back what it reserved."""

    def __init__(self):
        self.reserved = 0

    def need(self, octets):
        """As many free ones as that. Raises NotEnough, and then nothing has changed."""
        missing = -(-octets // PAGE) - read("free_hugepages")
        if missing <= 0:
            return
        if os.geteuid() != 0:
            raise SystemExit(f"bench: {missing} more hugepages are needed: run as root, or with "
                             "--no-huge")
        if missing > available() // PAGE:
            raise NotEnough(f"{missing} hugepages more are needed, and there is memory for "
                            f"{available() // PAGE}")
        found = self.change(missing)
        if found < missing:
            self.change(-found)
            raise NotEnough(f"{missing} hugepages more are needed, and the kernel found {found}")

    def change(self, pages):
        """By so many: others may have changed it too. Returns by how many it did change."""
        before = read("nr_hugepages")
        (HUGEPAGES / "nr_hugepages").write_text(str(max(0, before + pages)))
        changed = read("nr_hugepages") - before
        self.reserved += changed
        return changed

    def give_back(self):
        if self.reserved > 0:
            self.change(-self.reserved)


def read(name):
    return int((HUGEPAGES / name).read_text())


def available():
    """Octets of memory that programs could still take, some left for the others."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return max(0, int(line.split()[1]) * 1024 - LEFT)
    return 0


@contextlib.contextmanager
def hugepages(octets=0):
    """As many free hugepages as `octets` need; what was reserved for it is given back."""
    pages = Hugepages()
    try:
        pages.need(octets)
        yield pages
    finally:
        pages.give_back()
