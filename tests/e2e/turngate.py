# SPDX-License-Identifier: BSD-3-Clause
"""TURN by TCP and TLS: the gate beside the relay, and a link to the dataplane that only it uses."""

import contextlib

import net
from process import Process
from relay import PROGRAMS

# A kernel's address on the public network, which the gate listens at.
ADDRESS = {4: "198.51.100.2", 6: "2001:db8:1::2"}
INNER, INNER_HOST = "2001:db8:3::1", "2001:db8:3::2"
INNER_PORT = f"""
[port inner]
devargs=net_af_xdp2,iface=inner0
address={INNER}/64
shed=off
"""
# Lines of [turn]: where the gate's clients are served, and what is relayed for them.
SERVED = [f"gate = [{INNER}]:3478", f"relay = {net.RELAY_PUBLIC[4]}",
          f"relay = {net.RELAY_PUBLIC[6]}"]


@contextlib.contextmanager
def link():
    """Before the dataplane starts."""
    net.join(net.RELAY, "inner0", net.RELAY, "inner1")
    net.RELAY.run("ip", "addr", "add", f"{INNER_HOST}/64", "dev", "inner1", "nodad")
    for prefix in (f"{ADDRESS[4]}/24", f"{ADDRESS[6]}/64"):
        net.RELAY.run("ip", "addr", "add", prefix, "dev", "public0",
                      *(["nodad"] if ":" in prefix else []))
    try:
        yield
    finally:
        for prefix in (f"{ADDRESS[4]}/24", f"{ADDRESS[6]}/64"):
            net.RELAY.run("ip", "addr", "del", prefix, "dev", "public0")
        net.RELAY.run("ip", "link", "del", "inner0")


def start(directory, certificate, **settings):
    """certificate: the paths of one and of its key; settings: other lines of [turngate]."""
    lines = [f"--turngate.{name}={value}" for name, value in settings.items()]
    lines += [f"--turngate.listen={scheme}:{host}:{port}" for host in (ADDRESS[4], f"[{ADDRESS[6]}]")
              for scheme, port in (("tls", 443), ("tcp", 3478))]
    (directory / "turngate.ini").write_text("", encoding="ascii")
    gate = Process([str(PROGRAMS / "tandem-turngate"), "--config", str(directory / "turngate.ini"),
                    f"--turngate.server=[{INNER}]:3478", f"--turngate.cert={certificate[0]}",
                    f"--turngate.key={certificate[1]}", *lines],
                   directory / "tandem-turngate.log", net.RELAY, notify=True, cwd=directory)
    gate.wait_ready()
    return gate


@contextlib.contextmanager
def firewall(namespace):
    """Lets out nothing but what goes to port 443 by TCP."""
    rules = [["priority", "10", "ipproto", "tcp", "dport", "443", "lookup", "main"],
             ["priority", "20", "iif", "lo", "prohibit"]]
    for family in ("-4", "-6"):
        for rule in rules:
            namespace.run("ip", family, "rule", "add", *rule)
    try:
        yield
    finally:
        for family in ("-4", "-6"):
            for rule in rules:
                namespace.run("ip", family, "rule", "del", *rule)
