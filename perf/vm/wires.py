# SPDX-License-Identifier: BSD-3-Clause
"""What joins the load's interface and the guest's NIC.

    tap         the kernel's, read and written by QEMU
    vhost-user  DPDK's vhost in testpmd, which the guest's memory is shared with; a veth to the load
"""

import subprocess
import time

import net
import network

GUEST_MAC = "52:54:00:74:00:01"
# Nothing that joins or splits packets, nor leaves a checksum to somebody else.
PLAIN = "csum=off,gso=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off"


class Wire:
    """queues: pairs of the guest's NIC, one for each of its workers."""
    mac = GUEST_MAC

    def __init__(self, directory, queues):
        self._directory, self._queues = directory, queues

    def __enter__(self):
        network.clean()
        net.run("ip", "netns", "add", network.LOAD.name)
        network.LOAD.run("ip", "link", "set", "lo", "up")
        try:
            self._make()
            for address in (network.CALLER, network.CALLEE):
                network.LOAD.run("ip", "addr", "add", f"{address}/24", "dev", network.FAR)
            network.LOAD.run("ip", "link", "set", network.FAR, "up")
        except BaseException:
            network.clean()
            raise
        return self

    def __exit__(self, *_):
        self._undo()
        network.clean()

    def _undo(self):
        pass

    def memory(self, _megabytes):
        return []

    def nic(self, _accelerator):
        return [*self._backend(), "-device",
                f"virtio-net-pci,netdev=media,mac={self.mac},{PLAIN}{self._queued()}"]

    def _queued(self):
        return f",mq=on,vectors={2 * self._queues + 2}" if self._queues > 1 else ""


class Tap(Wire):
    name = "tap"

    def _make(self):
        network.LOAD.run("ip", "tuntap", "add", network.FAR, "mode", "tap",
                         *(["multi_queue"] if self._queues > 1 else []))

    def _backend(self):
        return ["-netdev", f"tap,id=media,ifname={network.FAR},script=no,downscript=no"
                + (f",queues={self._queues}" if self._queues > 1 else "")]


class VhostUser(Wire):
    name = "vhost-user"
    NEAR = "wire0"

    def __init__(self, directory, queues):
        super().__init__(directory, queues)
        self._socket = directory / "vhost.sock"
        self._switch = None

    def _make(self):
        network.LOAD.run("ip", "link", "add", network.FAR, "type", "veth", "peer", "name",
                         self.NEAR)
        for interface in (network.FAR, self.NEAR):
            network.LOAD.run("ethtool", "-K", interface, "tx", "off", "gso", "off", "tso", "off",
                             "gro", "on")
        network.LOAD.run("ip", "link", "set", self.NEAR, "up")
        log = (self._directory / "testpmd.log").open("w", encoding="utf-8")
        with log:
            # pylint: disable-next=consider-using-with
            self._switch = subprocess.Popen(
                network.LOAD.command(
                    "dpdk-testpmd", "--lcores=0@0,1@0", "--no-pci", "--no-huge", "-m", "256",
                    "--no-telemetry", "--file-prefix=tandem-bench-vm",
                    f"--vdev=net_vhost0,iface={self._socket},queues={self._queues},client=0",
                    f"--vdev=net_af_packet0,iface={self.NEAR},qpairs={self._queues}",
                    "--", f"--rxq={self._queues}", f"--txq={self._queues}",
                    "--port-topology=paired", "--forward-mode=io", "--no-flush-rx",
                    "--total-num-mbufs=8192", "--auto-start", "--stats-period=600"),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not self._socket.exists():
            if self._switch.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("testpmd did not begin: "
                                   + (self._directory / "testpmd.log").read_text()[-2000:])
            time.sleep(0.1)

    def memory(self, megabytes):
        return ["-object", f"memory-backend-memfd,id=memory,size={megabytes}M,share=on",
                "-numa", "node,memdev=memory"]

    def nic(self, accelerator):
        """Emulated, QEMU 7.2 ends by a signal as soon as the guest masks a vector: it gets none."""
        *most, device = super().nic(accelerator)
        return [*most, device if accelerator == "kvm" else f"{device},vectors=0"]

    def _backend(self):
        return ["-chardev", f"socket,id=wire,path={self._socket}",
                "-netdev", f"vhost-user,id=media,chardev=wire,queues={self._queues}"]

    def _undo(self):
        if self._switch:
            self._switch.kill()
            self._switch.wait()
        self._socket.unlink(missing_ok=True)
