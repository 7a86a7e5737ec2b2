# SPDX-License-Identifier: BSD-3-Clause
"""A switch with two links to the relay that are one by LACP (IEEE 802.1AX), and an office behind it:

    office:eth0 ---- access0:switch:lag0, lag1 ==== lag0, lag1:relay

The switch is DPDK's testpmd with the bonding driver, a process that polls as the relay does.
"""

import socket
import subprocess
import threading

import net
from process import Process

LINKS = ("lag0", "lag1")  # testpmd's ports 0 and 1
BOND = 3
SWITCH = net.Namespace("switch")
OFFICE = net.Namespace("office")


class Lag:
    def __init__(self, directory):
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._tick)
        self._process = None
        try:
            self._start(directory)
        except BaseException:
            self.close()
            raise

    def _start(self, directory):
        for namespace in (SWITCH, OFFICE):
            net.add(namespace)
        for name in LINKS:
            net.join(net.RELAY, name, SWITCH, name)
        net.join(SWITCH, "access0", OFFICE, "eth0")
        net.give_addresses(OFFICE, "eth0", net.PHONE, net.PHONE_OTHER)
        members = [f"net_af_packet{number}" for number in range(len(LINKS))]
        devices = [f"--vdev={member},iface={name}" for member, name in zip(members, LINKS)]
        slaves = ",".join(f"slave={member}" for member in members)
        self._process = Process(
            ["stdbuf", "-oL", "dpdk-testpmd", "--lcores=0@0,1@0", "--no-pci", "--no-telemetry",
             "--no-huge", "-m128", f"--file-prefix=tandem-{net.RUN}-switch", *devices,
             "--vdev=net_af_packet2,iface=access0",
             f"--vdev=net_bonding0,mode=4,{slaves},xmit_policy=l34", "--", f"--portlist=2,{BOND}",
             "--forward-mode=io", "--total-num-mbufs=8192", "--auto-start", "-i"],
            directory / "switch.log", SWITCH, stdin=subprocess.PIPE)
        self._process.wait_line("packet forwarding - ports=2", 30)
        self._clock.start()

    def devargs(self):
        """Of the relay's ports: the trunk is the bond."""
        return ("net_af_xdp0,iface=public0",
                "\ndevargs=".join(f"net_af_xdp{number},iface={name}"
                                  for number, name in enumerate(LINKS, 1)))

    def _tick(self):
        """The bonding driver sends what LACP says when it is asked to send anything."""
        with OFFICE.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            while not self._over.wait(0.02):
                sock.sendto(b"", (net.PHONE[4].rpartition(".")[0] + ".255", 9))

    def carried(self, name):
        """Frames that have come by one of the links."""
        return SWITCH.stats(name, "rx")["packets"]

    def unplug(self, name):
        SWITCH.run("ip", "link", "set", name, "down")
        # What the switch sees by itself is not what DPDK's device of an interface does.
        self._process.tell(f"remove bonding slave {LINKS.index(name)} {BOND}")

    def plug(self, name):
        SWITCH.run("ip", "link", "set", name, "up")
        self._process.tell(f"add bonding slave {LINKS.index(name)} {BOND}")

    def close(self):
        self._over.set()
        if self._clock.is_alive():
            self._clock.join()
        if self._process:
            self._process.kill()  # testpmd asks at its terminal whether to end
        for namespace in (SWITCH, OFFICE):
            net.remove(namespace)
