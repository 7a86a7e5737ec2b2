# SPDX-License-Identifier: BSD-3-Clause
"""What becomes of a call between a browser and a telephone while the relay is attacked."""

import contextlib
import dataclasses
import os
import time

import api
import endpoint as endpoints
import net
import rtp
import sdp
from calls import CALL, TAGS, exchange, family, open_path, phone_side
from flood import Flood

OTHER_CALL = "call-2"
BROWSER_HZ, PHONE_HZ = 440, 1000
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass
class Harm:
    """What changed in some time, with an attack or without."""
    seconds: float = 0.0
    lost: dict = None      # packets of the call, by who missed them
    heard: dict = None     # packets of the call, by who received them
    dropped: dict = None   # by reason
    cpu: float = 0.0       # of a core, by the control plane
    memory: int = 0        # octets more in the control plane


class Victim:
    """The browser speaks IPv4 and the telephone IPv6, so that both are attacked."""

    def __init__(self, relay, directory, page, phone):
        self.relay, self.page, self.phone = relay, page, phone
        self.directory = directory
        offer = page.offer()
        offered = relay.api.offer(CALL, TAGS[0], offer, network="public", family=family(4),
                                  to=phone_side(6))
        answered = relay.api.answer(CALL, *TAGS, phone.answer(offered))
        page.accept(answered)
        page.wait_state("connected")
        relay.wait_state(CALL, "CALL_UP")
        self.wait_tones()
        ufrags = [sdp.parse(text)[0].value("ice-ufrag") for text in (answered, offer)]
        self._username = ":".join(ufrags)

    def wait_tones(self):
        self.phone.wait_tone(BROWSER_HZ)
        self.page.wait_tone(PHONE_HZ)

    # --- attacks

    def flood(self, *attacks, links=("browser", "phone"), **options):
        """The attacks on each of the links, as they begin."""
        legs = {leg.tag: leg for leg in self.relay.api.query(CALL).legs}
        floods = []
        if "browser" in links:
            caller = legs["caller"]
            floods.append(self._flood(net.BROWSERS, attacks, caller.local, net.RELAY_PUBLIC,
                                      peer=caller.remote, username=self._username,
                                      ssrc=caller.flow.streams[0].ssrc, **options))
        if "phone" in links:
            floods.append(self._flood(net.PHONES, attacks, legs["callee"].local,
                                      net.RELAY_TRUNK, **options))
        return [flood.wait_sending() for flood in floods]

    def _flood(self, namespace, attacks, local, addresses, **options):
        """No attacks: mixed. What has no port is sent to the addresses, of either IP version."""
        portless = {"arp": 4, "icmp": 4, "ndp": 6, "icmp6": 6}
        targets = [addresses[portless[attack]] if attack in portless else local
                   for attack in attacks] or [local, *addresses.values()]
        return Flood(self.directory, namespace, attacks, targets, **options)

    # --- what becomes of it

    @contextlib.contextmanager
    def watched(self):
        """A Harm, which is complete afterwards."""
        harm, before = Harm(), self._look()
        yield harm
        after = self._look()
        harm.seconds = after["time"] - before["time"]
        for member in ("lost", "heard", "dropped"):
            setattr(harm, member, {key: value - before[member].get(key, 0)
                                   for key, value in after[member].items()})
        harm.cpu = (after["cpu"] - before["cpu"]) / harm.seconds
        harm.memory = after["memory"] - before["memory"]

    def _look(self):
        flows = {leg.tag: leg.flow for leg in self.relay.api.query(CALL).legs}
        phone, page = self.phone.counts(), self.page.received()
        cpu, memory = usage(self.relay.controlplane.pid)
        return {
            "lost": {"relay, of the browser": _lost(flows["caller"]),
                     "relay, of the telephone": _lost(flows["callee"]),
                     "browser": page["packetsLost"], "telephone": phone["lost"]},
            "heard": {"browser": page["packetsReceived"], "telephone": phone["received"]},
            "dropped": self.relay.api.drops(), "cpu": cpu, "memory": memory,
            "time": time.monotonic(),
        }

    @contextlib.contextmanager
    def another_call(self, call=OTHER_CALL):
        """An agent that has the answer to its offer and has sent nothing, and a phone."""
        agent = endpoints.Agent(net.BROWSERS, net.BROWSER[4])
        phone = endpoints.Phone(net.PHONES, net.PHONE[4])
        try:
            exchange(self.relay, agent, phone, call=call, network="public",
                     family=family(4), to=phone_side(rtcp_mux=api.relay.TOGGLE_ON))
            yield agent, phone
        finally:
            self.relay.api.delete(call)
            agent.close()
            phone.close()

    def carry(self, agent, phone, call=OTHER_CALL):
        """The other call, now connected, carries a packet each way."""
        self.relay.wait_state(call, "CALL_UP")
        for sender, receiver in ((agent, phone), (phone, agent)):
            open_path(sender, receiver)
            packet = rtp.Packet(1, 160, 1, bytes(160))
            sender.send(packet)
            if receiver.receive() != [packet]:
                raise AssertionError("another packet arrived than was sent")

    def make_another_call(self):
        """From its offer to its end."""
        with self.another_call() as (agent, phone):
            agent.connect()
            self.carry(agent, phone)


def _lost(flow):
    return sum(stream.lost for stream in flow.streams)


def usage(pid):
    """CPU seconds until now, and octets in memory."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK, int(fields[21]) * PAGE
