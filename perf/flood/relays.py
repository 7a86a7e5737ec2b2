# SPDX-License-Identifier: BSD-3-Clause
"""What stands between the two links: Tandem with and without its filter, and rtpengine with coturn."""

import pathlib

import api
import cores
import net
import rtpengine
import sdp
import turnserver
import wait
from process import Process
from relay import Relay

FAMILY = {4: api.relay.FAMILY_IPV4, 6: api.relay.FAMILY_IPV6}


class Tandem:
    """shed: what the configuration of its ports says."""

    name, shed = "tandem", "auto"
    is_claimed = True  # something is said of it, and this measurement says whether it is so
    addresses = net.RELAY_PUBLIC
    turn = turnserver.at(addresses[6])

    def __init__(self, directory):
        lines = f"shed = {self.shed}"
        self._relay = Relay(directory, public=lines, trunk=lines, log="warn", controlplane=(
            f"[turn]\nlisten = {self.turn.where}\nuser = {self.turn.user}:{self.turn.password}"))
        try:
            with cores.allowed(cores.OTHERS, cores.RELAY):
                self._relay.start_dataplane()
            self._relay.start_controlplane()
        except BaseException:
            self.stop()
            raise

    def offer(self, call, offer):
        side = {"family": FAMILY[call.version]}
        return self._relay.api.offer(call.name, "a", offer, network="public", **side,
                                     to={"network": "trunk", "profile": api.AVP, **side})

    def answer(self, call, answer):
        return self._relay.api.answer(call.name, "a", "b", answer)

    def delete(self, call):
        self._relay.api.delete(call.name)

    def readings(self):
        """For cores.Clock."""
        return {"control": lambda: cores.cpu(self._relay.controlplane.pid),
                "data": lambda: cores.cpu(self._relay.dataplane.pid)}

    def pids(self):
        return [self._relay.controlplane.pid, self._relay.dataplane.pid]

    def counts(self):
        """(packets that came to user space, {reason: packets that were dropped})."""
        status = self._relay.api.status()
        counters = {counter.name: counter.value for counter in status.counters}
        return counters["rx"], {drop.name: drop.value for drop in status.drops}

    def stop(self):
        self._relay.stop()


class Unfiltered(Tandem):
    name, shed = "tandem, off", "off"
    is_claimed = False


class Rtpengine:
    """Debian's, and coturn. With the flag that its manual page has against injected media; without it
    whatever anybody sends to an open port is forwarded.
    """

    name = "rtpengine"
    is_claimed = False
    addresses = {4: "198.51.100.2", 6: "2001:db8:1::2"}
    turn = turnserver.at(addresses[6])
    TRUNK = {4: "203.0.113.2", 6: "2001:db8:2::2"}
    FLAGS = ["strict source"]

    def __init__(self, directory):
        self._process = self._ng = self._coturn = None
        try:
            self._configure("add", ["nodad"])
            # A name each for IPv4 and IPv6, or ICE takes either whatever the call is to use.
            interfaces = [f"--interface={name}{version}/{address}"
                          for name, ours in (("public", self.addresses), ("trunk", self.TRUNK))
                          for version, address in ours.items()]
            with cores.allowed(cores.RELAY):
                self._process = Process(
                    rtpengine.command("--port-min=20000", "--port-max=39999", *interfaces),
                    directory / "rtpengine.log", net.RELAY)
            self._ng = rtpengine.Ng(net.RELAY)
            wait.until(self._ng.answers, 10, "rtpengine's answer", self._process.text)
            self._coturn = turnserver.Coturn(directory, net.RELAY, self.addresses)
        except BaseException:
            self.stop()
            raise

    def _configure(self, verb, options):
        """The kernel has its addresses, where Tandem has its own."""
        for interface, ours in (("public0", self.addresses), ("trunk0", self.TRUNK)):
            net.RELAY.run("ip", "addr", verb, f"{ours[4]}/24", "dev", interface)
            net.RELAY.run("ip", "addr", verb, f"{ours[6]}/64", "dev", interface, *options)

    def offer(self, call, offer):
        return self._ng.ask({
            "command": "offer", "call-id": call.name, "from-tag": "a", "sdp": offer,
            "transport-protocol": "RTP/AVP", "ICE": "remove", "rtcp-mux": ["demux"],
            "DTLS": "passive", "direction": [f"public{call.version}", f"trunk{call.version}"],
            "replace": ["origin"], "address-family": f"IP{call.version}", "flags": self.FLAGS})["sdp"]

    def answer(self, call, answer):
        secure = {"ICE": "force", "rtcp-mux": ["accept"]} if call.is_webrtc else {"ICE": "remove"}
        answered = self._ng.ask({
            "command": "answer", "call-id": call.name, "from-tag": "a", "to-tag": "b",
            "sdp": answer, "replace": ["origin"], "address-family": f"IP{call.version}",
            "flags": self.FLAGS, **secure})["sdp"]
        return _bundled(answered) if call.is_webrtc else answered

    def delete(self, call):
        self._ng.ask({"command": "delete", "call-id": call.name, "from-tag": "a",
                      "delete-delay": 0})

    def readings(self):
        return {"data": lambda: sum(map(cores.cpu, self.pids()))}

    def pids(self):
        return [self._process.pid, self._coturn.pid]

    def counts(self):
        """Its sockets' and, by the kernel's names, what did not get into one."""
        udp = _snmp(self._process.pid)
        return udp["InDatagrams"], {name: udp[name] for name in ("NoPorts", "InErrors")}

    def stop(self):
        if self._coturn:
            self._coturn.stop()
        if self._ng:
            self._ng.close()
        if self._process:
            self._process.stop()
        self._configure("del", [])


def _bundled(text):
    """rtpengine leaves a telephone's answer without the group that the browser insists on."""
    session, _, media = text.partition("m=")
    if "a=group:BUNDLE" in session:
        return text
    if "a=mid:" not in media:
        media = media.rstrip("\r\n") + "\r\na=mid:0\r\n"
    return f"{session}a=group:BUNDLE 0\r\nm={media}"


def _snmp(pid):
    """What the namespace of a process has done with UDP, of both IP versions."""
    proc = pathlib.Path(f"/proc/{pid}/net")
    lines = [line.split()[1:] for line in (proc / "snmp").read_text("ascii").splitlines()
             if line.startswith("Udp:")]
    counts = dict(zip(lines[0], map(int, lines[1])))
    for line in (proc / "snmp6").read_text("ascii").splitlines():
        name, value = line.split()
        if name.startswith("Udp6"):
            counts[name[4:]] = counts.get(name[4:], 0) + int(value)
    return counts


RELAYS = (Tandem, Unfiltered, Rtpengine)
