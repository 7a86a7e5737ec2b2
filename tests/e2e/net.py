# SPDX-License-Identifier: BSD-3-Clause
"""The test network: three namespaces on two links.

    browser:eth0 ---- public0:relay:trunk0 ---- eth0:phone

The relay's media addresses are not the kernel's: the dataplane answers for them. A program is put
into a namespace with nsenter, since `ip netns exec` remounts /sys and hides bpffs.
"""

import contextlib
import ctypes
import json
import os
import socket
import subprocess
import threading

import wait

# Two runs that have different names do not meet.
RUN = os.environ.get("TANDEM_RUN", "e2e")
PREFIX = f"tandem-{RUN}-"
NETNS = "/run/netns"
CLONE_NEWNET = 0x40000000

RELAY_PUBLIC = {4: "198.51.100.1", 6: "2001:db8:1::1"}
RELAY_TRUNK = {4: "203.0.113.1", 6: "2001:db8:2::1"}
BROWSER = {4: "198.51.100.10", 6: "2001:db8:1::10"}
PHONE = {4: "203.0.113.20", 6: "2001:db8:2::20"}
# Second addresses of the same hosts: a source that no SDP names.
BROWSER_OTHER = {4: "198.51.100.11", 6: "2001:db8:1::11"}
PHONE_OTHER = {4: "203.0.113.21", 6: "2001:db8:2::21"}

_libc = ctypes.CDLL(None, use_errno=True)


def run(*argv, **kwargs):
    """Run a command to its end; its standard error is in the exception when it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, **kwargs)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Namespace:
    """One network namespace, known by its name under /run/netns."""

    def __init__(self, short):
        self.short = short
        self.name = PREFIX + short
        self.path = f"{NETNS}/{self.name}"

    def command(self, *argv):
        return ["nsenter", f"--net={self.path}", *argv]

    def run(self, *argv, **kwargs):
        return run(*self.command(*argv), **kwargs)

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is inside: a socket belongs for ever to where it was made."""
        home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
        try:
            there = os.open(self.path, os.O_RDONLY)
            try:
                _setns(there)
            finally:
                os.close(there)
            try:
                yield self
            finally:
                _setns(home)
        finally:
            os.close(home)

    def socket(self, family, kind, proto=0):
        with self.entered():
            return socket.socket(family, kind, proto)

    def udp(self, address, port=0):
        """A UDP socket bound to one of the namespace's addresses, with a large receive buffer."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((address, port))
        return sock

    def mac(self, interface):
        return json.loads(self.run("ip", "-j", "link", "show", interface))[0]["address"]

    def tune(self, interface, **values):
        """Values below /sys/class/net of this namespace, which is to be seen by nobody else."""
        script = "; ".join(f"echo {value} > /sys/class/net/{interface}/{name}"
                           for name, value in values.items())
        run("ip", "netns", "exec", self.name, "sh", "-ec", script)

    def receive_on(self, interface, core):
        """Receiving becomes a thread that runs at once on that core, as an interrupt would."""
        self.tune(interface, threaded=1)
        thread = wait.until(lambda: napi(interface), 5,
                            f"the thread that receives on {interface}")
        os.sched_setaffinity(thread, {core})
        os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(50))

    def stats(self, interface, way):
        """What the interface has counted; way: "rx" or "tx"."""
        link, = json.loads(self.run("ip", "-j", "-s", "link", "show", interface))
        return link["stats64"][way]

    def unsent(self, interface):
        """Frames that found no room at the other end of the link."""
        return self.stats(interface, "tx")["dropped"]

    def unread(self):
        """Datagrams that found no room in their socket."""
        table = self.run("nstat", "-asz", "UdpRcvbufErrors", "Udp6RcvbufErrors")
        return sum(int(line.split()[1]) for line in table.splitlines() if line.startswith("Udp"))

    def pids(self):
        return [int(pid) for pid in run("ip", "netns", "pids", self.name).split()]


def napi(interface):
    """The kernel's thread that receives on an interface, or None."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/comm", encoding="ascii", errors="replace") as comm:
                    if comm.read().startswith(f"napi/{interface}-"):
                        return int(name)
            except (FileNotFoundError, ProcessLookupError):
                pass
    return None


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "setns")


RELAY = Namespace("relay")
BROWSERS = Namespace("browser")
PHONES = Namespace("phone")
ALL = (RELAY, BROWSERS, PHONES)


def add(namespace):
    run("ip", "netns", "add", namespace.name)
    for knob in ("default.accept_dad=0", "all.accept_dad=0", "default.accept_ra=0",
                 "default.router_solicitations=0"):
        namespace.run("sysctl", "-qw", f"net.ipv6.conf.{knob}")
    namespace.run("ip", "link", "set", "lo", "up")


def remove(namespace):
    run("ip", "netns", "delete", namespace.name)


def create():
    for namespace in ALL:
        add(namespace)
    _link("public0", BROWSERS, BROWSER, BROWSER_OTHER)
    _link("trunk0", PHONES, PHONE, PHONE_OTHER)


def _link(near, peer, first, other):
    join(RELAY, near, peer, "eth0")
    give_addresses(peer, "eth0", first, other)


def join(left, left_name, right, right_name):
    """A link between two namespaces."""
    # One queue: DPDK drives no more of a veth, and the kernel wants the peer to send on no more.
    queues = ["numrxqueues", "1", "numtxqueues", "1"]
    left.run("ip", "link", "add", left_name, *queues, "type", "veth",
             "peer", "name", right_name, *queues, "netns", right.name)
    # What AF_XDP hands over are raw frames: a checksum or a split left to the NIC never happens.
    for namespace, interface in ((left, left_name), (right, right_name)):
        namespace.run("ethtool", "-K", interface, "rx", "off", "tx", "off",
                      "tso", "off", "gso", "off", "gro", "off", "txvlan", "off", "rxvlan", "off")
        namespace.run("ip", "link", "set", interface, "up")


def give_addresses(namespace, interface, first, other):
    # A deprecated address is used only by who asks for it.
    for address, lifetime in ((first, "forever"), (other, "0")):
        for prefix in (f"{address[4]}/24", f"{address[6]}/64"):
            namespace.run("ip", "addr", "add", prefix, "dev", interface, "preferred_lft", lifetime,
                          *(["nodad"] if ":" in prefix else []))


def forget_neighbours():
    """The hosts beside the relay forget it.

    A kernel that asked the relay before this one in vain gives up in the middle of a test, asks
    anew, and then sends what had to wait beside what comes after it.
    """
    for namespace in (BROWSERS, PHONES):
        namespace.run("ip", "neigh", "flush", "nud", "all")


def destroy():
    """Remove every namespace with our prefix, no matter who made it; the links go with them."""
    if not os.path.isdir(NETNS):
        return
    for name in os.listdir(NETNS):
        if name.startswith(PREFIX):
            remove(Namespace(name[len(PREFIX):]))
