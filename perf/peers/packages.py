# SPDX-License-Identifier: BSD-3-Clause
"""The peers' packages, installed for this measurement alone and without starting their services."""

import os
import pathlib
import subprocess

POLICY = pathlib.Path("/usr/sbin/policy-rc.d")
UNITS = {"rtpengine-daemon": "rtpengine-daemon.service", "coturn": "coturn.service"}


def _query(package, field):
    return subprocess.run(["dpkg-query", "-W", "-f", "${%s}" % field, package],
                          capture_output=True, text=True, check=False).stdout


def version(package):
    return _query(package, "Version")


def install(wanted):
    """Debian asks policy-rc.d before it starts a service; 101 is no. Nor do they start at boot."""
    missing = [package for package in wanted if "ok installed" not in _query(package, "Status")]
    if not missing:
        return
    print("bench: installing", *missing, flush=True)
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        POLICY.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-q"],
                          ["install", "-q", "-y", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *arguments], env=environment, check=True,
                           stdout=subprocess.DEVNULL)
    finally:
        if ours:
            POLICY.unlink()
    subprocess.run(["systemctl", "disable", "-q", *(UNITS[package] for package in missing)],
                   check=True)
