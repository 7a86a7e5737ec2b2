# SPDX-License-Identifier: BSD-3-Clause
"""A virtual machine that runs the image, with NICs in the tests' namespaces.

    browser:eth0 ---- guest: port public      phone:eth0 ---- guest: port trunk
    management:eth0 ---- guest's kernel: ssh, the ng protocol

A NIC is a tap that QEMU holds; there is no bridge and no address of this machine.
"""

import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
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
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
OVMF = "/usr/share/OVMF/OVMF_{}_4M.fd"
QEMU = "qemu-system-x86_64"
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


def accelerator():
    """kvm where a guest gets as far as its firmware's last word with it, otherwise tcg."""
    if not os.path.exists("/dev/kvm"):
        return "tcg"
    told = BUILD / "vm-kvm.log"
    told.unlink(missing_ok=True)
    try:
        subprocess.run([QEMU, "-accel", "kvm", "-cpu", "host", "-m", "64", "-nodefaults",
                        "-display", "none", "-chardev", f"file,id=told,path={told}",
                        "-device", "isa-debugcon,iobase=0x402,chardev=told"], timeout=5,
                       stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        pass
    text = told.read_text(errors="replace") if told.exists() else ""
    return "kvm" if "No bootable device" in text else "tcg"


def _tap(namespace, addresses):
    """A tap named eth0 in a namespace: its descriptor, for QEMU."""
    with namespace.entered():
        tap = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"eth0",
                                                IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    # The guest is handed what a wire would carry: checksums are made, nothing is joined.
    namespace.run("ethtool", "-K", "eth0", "tx", "off", "tso", "off", "gso", "off", "gro", "off")
    for address in addresses:
        namespace.run("ip", "addr", "add", address, "dev", "eth0",
                      *(["nodad"] if ":" in address else []))
    namespace.run("ip", "link", "set", "eth0", "up")
    return tap


class Guest:
    """directory keeps its disk, its drive, and what its serial console says.

    drives: further files, each a drive whose serial number is its name here.
    """

    def __init__(self, directory, firmware="bios", drives=None, **seed):
        self.directory, self.firmware = pathlib.Path(directory), firmware
        self._identity = self.directory / "identity"
        net.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._identity))
        self._seed({"dataplane.ini": DATAPLANE, "controlplane.ini": CONTROLPLANE,
                    "network": NETWORK, "hostname": "relay-7\n",
                    "authorized_keys": self._identity.with_suffix(".pub").read_text(), **seed})
        disk = self.directory / "disk.qcow2"
        net.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2",
                "-b", str(BUILD / "tandem.qcow2"), str(disk), "4G")
        self._start(disk, drives or {})

    def _seed(self, files):
        source = self.directory / "seed"
        source.mkdir()
        for name, text in files.items():
            (source / name).write_text(text)
        net.run(str(ROOT / "vm-images/seed"), str(source), str(self.directory / "seed.img"))

    def _start(self, disk, drives):
        self.accelerator = accelerator()
        cpu = ["kvm", "-cpu", "host"] if self.accelerator == "kvm" else \
            ["tcg,thread=multi", "-cpu", "max"]
        argv = [QEMU, "-machine", "q35", "-accel", *cpu, "-smp", "2", "-m", "1024",
                "-nodefaults", "-display", "none", "-serial", f"file:{self.directory}/console",
                "-watchdog-action", "reset"]
        if self.firmware == "uefi":
            variables = shutil.copy(OVMF.format("VARS"), self.directory / "vars.fd")
            argv += ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF.format('CODE')}",
                     "-drive", f"if=pflash,format=raw,file={variables}"]
        argv += ["-drive", f"file={disk},if=none,id=disk",
                 "-device", "virtio-blk-pci,drive=disk,bootindex=1",
                 "-drive", f"file={self.directory}/seed.img,format=raw,if=virtio,readonly=on"]
        for name, path in drives.items():
            argv += ["-drive", f"file={path},format=raw,if=none,id={name},readonly=on",
                     "-device", f"virtio-blk-pci,drive={name},serial={name}"]
        addresses = {"management": [f"{HERE}/64"],
                     "public": [f"{net.BROWSER[4]}/24", f"{net.BROWSER_OTHER[4]}/24"],
                     "trunk": [f"{net.PHONE[4]}/24", f"{net.PHONE_OTHER[4]}/24"]}
        taps = []
        for name, (namespace, mac) in NICS.items():
            tap = _tap(namespace, addresses[name])
            taps.append(tap)
            os.set_inheritable(tap, True)
            argv += ["-netdev", f"tap,id={name},fd={tap}",
                     "-device", f"virtio-net-pci,netdev={name},mac={mac}"]
        # In a namespace that has nothing: what the guest sends goes by the taps alone.
        self._process = Process(argv, self.directory / "qemu.log", net.RELAY, pass_fds=taps)
        for tap in taps:
            os.close(tap)

    def console(self):
        path = self.directory / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def ssh_command(self, *more):
        return MANAGEMENT.command(
            "ssh", "-q", "-i", str(self._identity), "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
            "-o", "ConnectTimeout=10", *more, f"root@{ADDRESS}")

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

        def serving():
            boot = self.boot_id()
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
