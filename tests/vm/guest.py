# SPDX-License-Identifier: BSD-3-Clause
"""A virtual machine that runs the image, with NICs in the tests' namespaces.

    browser:eth0 ---- guest: port public      phone:eth0 ---- guest: port trunk
    management:eth0 ---- guest's kernel: ssh, the ng protocol

A NIC is a tap that QEMU holds; there is no bridge and no address of this machine.
"""

import fcntl
import functools
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time

import net
import wait
from process import Process
from relay import BUILD, ROOT

MANAGEMENT = net.Namespace("management")
ADDRESS, HERE = "2001:db8:9::2", "2001:db8:9::1"
NICS = {"management": (MANAGEMENT, "52:54:00:74:00:00"),
        "public": (net.BROWSERS, "52:54:00:74:00:01"),
        "trunk": (net.PHONES, "52:54:00:74:00:02")}
TUNSETIFF = 0x400454ca
IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x0100, 0x1000, 0x4000
OVMF = "/usr/share/OVMF/OVMF_{}_4M.fd"
QEMU = "qemu-system-x86_64"
VCPUS = 2
QUEUES = 2 + VCPUS  # pairs: as many as let virtio's driver take some for XDP, where nobody polls
# What a boot may take without KVM on a machine that has other things to do.
BOOT_SECONDS = 400

DATAPLANE = f"""\
[dataplane]
legs = 1000
idle = sleep
log = debug

[port public]
address = {net.RELAY_PUBLIC[4]}/24

[port trunk]
address = {net.RELAY_TRUNK[4]}/24
"""
CONTROLPLANE = f"""\
[controlplane]
listen = unix:/run/tandem/relay.sock
log = debug

[ng]
listen = udp:[::]:2223
allow = 2001:db8:9::/64
"""
NETWORK = f"""\
[Match]
MACAddress={NICS["management"][1]}

[Network]
Address={ADDRESS}/64
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
"""


def create():
    """The participants' namespaces and management's; their links come with a guest."""
    for namespace in (net.RELAY, net.BROWSERS, net.PHONES, MANAGEMENT):
        net.add(namespace)


@functools.cache
def accelerator():
    """kvm where the image's kernel comes to its first words with it, otherwise tcg: a KVM that is itself
    in a guest may stop in the firmware, or in the boot loader."""
    if not os.path.exists("/dev/kvm"):
        return "tcg"
    with tempfile.TemporaryDirectory() as directory:
        console, log = (pathlib.Path(directory) / name for name in ("console", "log"))
        with open(log, "wb") as told, subprocess.Popen(
                [QEMU, "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "1024", "-nodefaults",
                 "-display", "none", "-serial", f"file:{console}",
                 "-drive", f"file={BUILD / 'tandem.qcow2'},if=virtio,snapshot=on"],
                stdin=subprocess.DEVNULL, stdout=told, stderr=told) as guest:
            try:
                return _tried(guest, console, log)
            finally:
                guest.kill()


def _tried(guest, console, log, seconds=30):
    deadline = time.monotonic() + seconds
    while guest.poll() is None and time.monotonic() < deadline and "KVM" not in log.read_text():
        # The boot loader's own line comes first.
        if console.exists() and console.read_text(errors="replace").strip().count("\n"):
            return "kvm"
        time.sleep(0.1)
    return "tcg"


def _tap(namespace, addresses):
    """A tap named eth0 in a namespace: the descriptors of its queues, for QEMU."""
    flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE
    with namespace.entered():
        queues = [os.open("/dev/net/tun", os.O_RDWR) for _ in range(QUEUES)]
        for queue in queues:
            fcntl.ioctl(queue, TUNSETIFF, struct.pack("16sH22x", b"eth0", flags))
            os.set_inheritable(queue, True)
    for address in addresses:
        namespace.run("ip", "addr", "add", address, "dev", "eth0",
                      *(["nodad"] if ":" in address else []))
    namespace.run("ip", "link", "set", "eth0", "up")
    return queues


class Guest:
    """directory keeps its disk, its drive, and what its serial console says.

    drives: further files, each a drive whose serial number is its name here; seed: files of its
    configuration drive that differ from what is usual, or None: it has no drive at all.
    """

    def __init__(self, directory, firmware="bios", cpu="max", iommu=False, drives=None, drive="seed.img",
                 label="TANDEM", **seed):
        self.directory, self._firmware, self._cpu = pathlib.Path(directory), firmware, cpu
        self._iommu, self._drive = iommu, drive and self.directory / drive
        self._identity = self.directory / "identity"
        net.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._identity))
        if drive:
            self._seed(label, {"dataplane.ini": DATAPLANE, "controlplane.ini": CONTROLPLANE,
                               "network": NETWORK, "hostname": "relay-7\n",
                               "authorized_keys": self._identity.with_suffix(".pub").read_text(),
                               **seed})
        disk = self.directory / "disk.qcow2"
        net.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2",
                "-b", str(BUILD / "tandem.qcow2"), str(disk), "4G")
        self._start(disk, drives or {})

    def _seed(self, label, files):
        source = self.directory / "seed"
        source.mkdir()
        for name, text in files.items():
            (source / name).write_text(text)
        net.run(str(ROOT / "vm-images/seed"), str(source), str(self._drive), label)

    def _start(self, disk, drives):
        self.accelerator = accelerator()
        cpu = ["kvm", "-cpu", "host"] if self.accelerator == "kvm" else \
            ["tcg,thread=multi", "-cpu", self._cpu]
        argv = [QEMU, "-machine", "q35,kernel-irqchip=split" if self._iommu else "q35",
                "-accel", *cpu, "-smp", str(VCPUS), "-m", "1024",
                "-nodefaults", "-display", "none", "-serial", f"file:{self.directory}/console",
                "-watchdog-action", "reset", *self._storage(disk, drives)]
        if self._iommu:
            argv += ["-device", "intel-iommu,intremap=on,caching-mode=on,device-iotlb=on"]
        addresses = {"management": [f"{HERE}/64"],
                     "public": [f"{net.BROWSER[4]}/24", f"{net.BROWSER_OTHER[4]}/24"],
                     "trunk": [f"{net.PHONE[4]}/24", f"{net.PHONE_OTHER[4]}/24"]}
        taps = []
        for name, (namespace, mac) in NICS.items():
            queues = _tap(namespace, addresses[name])
            taps += queues
            argv += ["-netdev", f"tap,id={name},fds={':'.join(map(str, queues))}", "-device",
                     f"virtio-net-pci,netdev={name},mac={mac},mq=on,vectors={2 * QUEUES + 2}"
                     + (",iommu_platform=on,ats=on,disable-legacy=on" if self._iommu else "")]
        # In a namespace that has nothing: what the guest sends goes by the taps alone.
        self._process = Process(argv, self.directory / "qemu.log", net.RELAY, pass_fds=taps)
        for tap in taps:
            os.close(tap)

    def _storage(self, disk, drives):
        argv = []
        if self._firmware == "uefi":
            variables = shutil.copy(OVMF.format("VARS"), self.directory / "vars.fd")
            argv += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF.format('CODE')}",
                     "-drive", f"if=pflash,format=raw,file={variables}"]
        argv += ["-drive", f"file={disk},if=none,id=disk",
                 "-device", "virtio-blk-pci,drive=disk,bootindex=1"]
        if self._drive:
            argv += ["-drive", f"file={self._drive},format=raw,if=virtio,readonly=on"]
        for name, path in drives.items():
            argv += ["-drive", f"file={path},format=raw,if=none,id={name},readonly=on",
                     "-device", f"virtio-blk-pci,drive={name},serial={name}"]
        return argv

    def console(self):
        path = self.directory / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def ssh_command(self, *more):
        return MANAGEMENT.command(
            "ssh", "-o", "LogLevel=ERROR", "-i", str(self._identity), "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=60", *more, f"root@{ADDRESS}")

    def ssh(self, command, seconds=120, check=True):
        """What a command in the guest writes."""
        done = subprocess.run([*self.ssh_command(), command], capture_output=True, text=True,
                              timeout=seconds, stdin=subprocess.DEVNULL, check=False)
        if check and done.returncode:
            raise AssertionError(f"{command!r} in the guest ended with {done.returncode}: "
                                 f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def boot_id(self):
        try:
            return self.ssh("cat /proc/sys/kernel/random/boot_id", 30, check=False).strip()
        except subprocess.TimeoutExpired:
            return ""

    def wait_serving(self, not_boot="", seconds=BOOT_SECONDS):
        """Until the relay of a boot says that it serves; that boot's id, and what it took."""
        began = time.monotonic()
        asked = 0

        def serving():
            nonlocal asked
            # A login costs the guest seconds of its one core, so the console is asked first.
            if "serving" not in self.console()[-1000:] or time.monotonic() < asked + 3:
                return None
            boot, asked = self.boot_id(), time.monotonic()
            if not boot or boot == not_boot:
                return None
            return boot if self.ssh("tandemctl health", 60, check=False).strip() == "serving" \
                else None
        boot = wait.until(serving, seconds, "the guest to serve", lambda: self.console()[-3000:])
        return boot, time.monotonic() - began

    def slot(self):
        return self.ssh(r"sed 's/.*tandem.slot=\(.\).*/\1/' /proc/cmdline").strip()

    def close(self):
        self._process.kill()
