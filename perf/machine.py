# SPDX-License-Identifier: BSD-3-Clause
"""The machine that a measurement was made on, and the hugepages that it borrows."""

import contextlib
import os
import pathlib
import subprocess

HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
PAGE = 2 << 20
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


def describe(hz):
    fields = cpu()
    flags = set(fields.get("flags", "").split())
    return {
        "cpu": "%s (family %s, model %s)" % (fields.get("model name"), fields.get("cpu family"),
                                              fields.get("model")),
        "flags": " ".join(f if f in flags else "no-" + f for f in FLAGS),
        "virtual": "hypervisor" in flags,
        "cores": os.cpu_count(),
        "tsc_hz": hz,
        "kernel": os.uname().release,
        "load": os.getloadavg()[0],
        **versions(),
    }


@contextlib.contextmanager
def hugepages(octets):
    """As many free hugepages as `octets` need; what was reserved for it is given back."""
    total = HUGEPAGES / "nr_hugepages"
    before = int(total.read_text())
    missing = -(-octets // PAGE) - int((HUGEPAGES / "free_hugepages").read_text())
    if missing > 0:
        if os.geteuid() != 0:
            raise SystemExit("bench: %d more hugepages are needed: run as root, or with --no-huge"
                             % missing)
        total.write_text(str(before + missing))
    try:
        yield
    finally:
        if missing > 0:
            total.write_text(str(before))
