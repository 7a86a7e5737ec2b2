# SPDX-License-Identifier: BSD-3-Clause
"""Ports of several queues, which a veth with AF_XDP has not: virtio-user in the relay, and on the
other side DPDK's vhost in a process of its own, which polls as the relay does. A kernel's socket for
each queue joins it to the interface of the relay's namespace, spread over them by flows."""

import net
from process import Process

INTERFACES = ("public0", "trunk0")


class Vhost:
    def __init__(self, directory, queues):
        self._sockets = [directory / f"{interface}.sock" for interface in INTERFACES]
        self._queues = queues
        devices = [argument for number, (interface, path) in enumerate(zip(INTERFACES, self._sockets))
                   for argument in (f"--vdev=net_vhost{number},iface={path},queues={queues},client=0",
                                    f"--vdev=net_af_packet{number},iface={interface},qpairs={queues}")]
        self._process = Process(
            ["stdbuf", "-oL", "dpdk-testpmd", "--lcores=0@0,1@0", "--no-pci", "--no-telemetry", "--no-huge", "-m128",
             f"--file-prefix=tandem-{net.RUN}-vhost", *devices, "--", f"--rxq={queues}",
             f"--txq={queues}", "--port-topology=paired", "--forward-mode=io",
             "--no-flush-rx", "--total-num-mbufs=8192", "--auto-start",
             "--stats-period=600"], directory / "vhost.log", net.RELAY)
        self._process.wait_line("packet forwarding - ports=4", 30)

    def devargs(self):
        """Of the relay's ports, in the order of INTERFACES."""
        return [f"net_virtio_user{number},path={path},queues={self._queues}"
                for number, path in enumerate(self._sockets)]

    def close(self):
        self._process.kill()  # testpmd asks at its terminal whether to end
