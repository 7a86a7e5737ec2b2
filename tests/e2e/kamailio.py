# SPDX-License-Identifier: BSD-3-Clause
"""Debian's Kamailio between agents, telephones and the relay, in a namespace of its own.

    proxy: a bridge to browser:sip0, phone:sip0 and relay:sip0

SIP and the ng protocol go this way, by IPv6; media does not.
"""

import pathlib

import host
import net
import wait
from process import Process

CONFIGURATION = pathlib.Path(__file__).with_name("kamailio.cfg")
PROXY = net.Namespace("proxy")
ADDRESS = "2001:db8:5::1"
ADDRESSES = {net.BROWSERS: "2001:db8:5::10", net.PHONES: "2001:db8:5::20",
             net.RELAY: "2001:db8:5::30"}
NG = (ADDRESSES[net.RELAY], 2223)
SIP, SIPS, WEBSOCKET = (ADDRESS, 5060), (ADDRESS, 5061), (ADDRESS, 8080)
# The relay's configuration.
LISTEN = f"[ng]\nlisten=udp:[{NG[0]}]:{NG[1]}\nallow=2001:db8:5::/64\n"


def connect():
    """The namespace and its links; they go when the run's namespaces go."""
    net.add(PROXY)
    PROXY.run("ip", "link", "add", "sip0", "type", "bridge")
    for namespace, address in ADDRESSES.items():
        PROXY.run("ip", "link", "add", namespace.short, "type", "veth",
                  "peer", "name", "sip0", "netns", namespace.name)
        PROXY.run("ip", "link", "set", namespace.short, "master", "sip0", "up")
        _up(namespace, address)
    _up(PROXY, ADDRESS)


def disconnect():
    host.stop_in(PROXY)
    for namespace in ADDRESSES:
        namespace.run("ip", "link", "delete", "sip0")
    net.remove(PROXY)


def _up(namespace, address):
    namespace.run("ip", "addr", "add", f"{address}/64", "dev", "sip0", "nodad")
    namespace.run("ip", "link", "set", "sip0", "up")


class Kamailio:
    """ng: where it finds the relay; certificate and key: PEM files, to listen for TLS as well;
    defines: of kamailio.cfg, as it spells them."""

    def __init__(self, directory, ng=NG, certificate=None, key=None, **defines):
        defines["TANDEM"] = f'"udp6:[{ng[0]}]:{ng[1]}"'
        listen = [f"udp:[{SIP[0]}]:{SIP[1]}", f"tcp:[{WEBSOCKET[0]}]:{WEBSOCKET[1]}"]
        if certificate:
            defines |= {"TLS_CERTIFICATE": f'"{certificate}"', "TLS_KEY": f'"{key}"'}
            listen.append(f"tls:[{SIPS[0]}]:{SIPS[1]}")
        argv = ["/usr/sbin/kamailio", "-f", str(CONFIGURATION), "-DD", "-E", "-m", "32", "-M", "8",
                "-Y", str(directory), "-P", str(directory / "kamailio.pid")]
        for address in listen:
            argv += ["-l", address]
        for name, value in defines.items():
            argv += ["-A", f"{name}={value}"]
        self.process = Process(argv, directory / "kamailio.log", PROXY)
        try:
            self.process.wait_line(r"rtpengine instance .* found")
        except wait.Timeout:
            self.stop()
            raise

    def stop(self):
        """The exit code."""
        return self.process.stop()
