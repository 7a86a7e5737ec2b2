# SPDX-License-Identifier: BSD-3-Clause
"""What relays inside of the guest. Each is driven by the ng protocol from the load's namespace."""

import contextlib

import api
import network
import sdp
import traffic
import wait
from measured import NG_PORT
from rtpengine import Ng

MANAGEMENT = "10.0.2.0/24"  # QEMU's user network, from which the host asks

DATAPLANE = f"""\
[dataplane]
legs = 2000
idle = spin
[port media]
address = {network.TANDEM}/24
"""
CONTROLPLANE = f"""\
[controlplane]
ports = 20000-59999
port_quarantine = 0
[ng]
listen = udp:0.0.0.0:{NG_PORT}
allow = {MANAGEMENT}
"""


class Relay:
    """One of them runs at a time; the next one takes over the NIC."""

    def __init__(self, guest):
        self.guest = guest
        guest.run("systemctl stop -q measured rtpengine-daemon tandem-controlplane tandem-dataplane",
                  check=False)
        guest.run("nft flush ruleset")  # its ports were not known at boot
        self.begin()
        self._ng = Ng(network.LOAD, seconds=10)
        wait.until(self._ng.answers, 60, f"{self.name} to answer a ping",
                   lambda: guest.run("journalctl -b --no-pager | tail -n 20").stdout)

    def begin(self):
        pass

    def set_up(self, wanted):
        return [stream for call in wanted for stream in self._call(call)]

    def _call(self, call):
        common = {"call-id": call.name, "from-tag": "a", "replace": ["origin"], "ICE": "remove"}
        offered = self._ng.ask({**common, "command": "offer", "sdp": call.offer(),
                                "transport-protocol": "RTP/AVP"})
        answered = self._ng.ask({**common, "command": "answer", "to-tag": "b",
                                 "sdp": call.answer()})
        for_callee, for_caller = (sdp.parse(reply["sdp"])[0] for reply in (offered, answered))
        return traffic.streams(call, (for_caller.address, for_caller.port),
                               (for_callee.address, for_callee.port))

    def tear_down(self, wanted):
        for call in wanted:
            self._ng.ask({"command": "delete", "call-id": call.name, "from-tag": "a",
                          "delete-delay": 0})

    def empty_turns(self):
        """In which its workers found nothing; 0: it waits for the kernel to wake it."""
        return 0

    def close(self):
        self._ng.close()


class Tandem(Relay):
    driver = None
    API = "/run/tandem/relay.sock"

    def begin(self):
        """As if the configuration drive had had these files at boot."""
        for name, text in (("dataplane.ini", DATAPLANE), ("controlplane.ini", CONTROLPLANE),
                           ("nics", f"media 1 {self.driver}\n")):
            self.guest.run(f"cat >/etc/tandem/{name} <<'END'\n{text}END")
        self.guest.run("systemctl restart tandem-machine && "
                       "systemctl start tandem-dataplane tandem-controlplane")
        self.guest.wait("tandemctl health", 120, "Tandem to serve")

        self._open = contextlib.ExitStack()
        self._api = api.Api(f"unix:{self._open.enter_context(self.guest.tunnel(self.API))}")

    def empty_turns(self):
        return next(counter.value for counter in self._api.status().counters
                    if counter.name == "empty_turns")

    def close(self):
        super().close()
        self._open.close()


class AfXdp(Tandem):
    name, driver = "tandem, AF_XDP", "af_xdp"


class Virtio(Tandem):
    """DPDK's own driver; without an IOMMU, since what a packet costs does not depend on it."""
    name, driver = "tandem, virtio", "noiommu"


class Rtpengine(Relay):
    name = "rtpengine"
    COMMAND = ("rtpengine --foreground --log-stderr --log-level=4 --table=-1 --num-threads={threads} "
               "--media-num-threads=0 --config-file=none --endpoint-learning=immediate "
               f"--interface={network.KERNEL} --port-min=20000 --port-max=59999 "
               f"--listen-ng=0.0.0.0:{NG_PORT}")

    def begin(self):
        """On the cores that would be Tandem's workers'."""
        cores = int(self.guest.run("nproc --all").stdout)
        self.guest.run("nic=$(grep -l 52:54:00:74:00:01 /sys/class/net/*/address | cut -d/ -f5); "
                       f"ip link set $nic up; ip addr replace {network.KERNEL}/24 dev $nic; "
                       "systemctl reset-failed -q measured; "
                       f"systemd-run -q --unit=measured -p CPUAffinity=1-{cores - 1} "
                       + self.COMMAND.format(threads=cores - 1))
