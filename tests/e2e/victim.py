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
import wait
from calls import CALL, TAGS, exchange, family, open_path, phone_side
from flood import Flood

OTHER_CALL = "call-2"
BROWSER_HZ, PHONE_HZ = 440, 1000
PAGE = os.sysconf("SC_PAGE_SIZE")
LINKS = [(net.BROWSERS, "eth0"), (net.PHONES, "eth0"), (net.RELAY, "public0"),
         (net.RELAY, "trunk0")]
# A packet's way, then what is told of it.
STEPS = ["seconds", "sent", "taken", "given", "heard", "lost", "dropped", "elsewhere", "punts",
         "memory"]


@dataclasses.dataclass
class Harm:
    """What changed in some time, with an attack or without.

    The call's packets are counted where each has passed: sent and heard by its two ends, taken and
    given by the relay.
    """
    seconds: float = 0.0
    sent: dict = None      # packets of the call, by the participant that they come from
    taken: dict = None
    given: dict = None
    heard: dict = None     # by the participant that they come from, too
    lost: dict = None      # gaps in the numbers, by who missed the packets
    dropped: dict = None   # by reason
    elsewhere: dict = None # packets of anybody that the machine lost outside of the relay
    punts: int = 0         # datagrams that reached the control plane
    memory: int = 0        # octets more in the control plane


class Victim:
    """The browser speaks IPv4 and the telephone IPv6, so that both are attacked.

    server: where TURN is served, by which the browser comes; the browser's attacks go there.
    """

    def __init__(self, relay, directory, page, phone, server=None):
        self.relay, self.page, self.phone, self._server = relay, page, phone, server
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
            floods.append(self._flood(net.BROWSERS, attacks, self._server or caller.local,
                                      net.RELAY_PUBLIC,
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
        """A Harm, which is complete afterwards.

        What comes later on a packet's way is counted from earlier to later: nothing that is
        still on its way seems to be lost.
        """
        harm = Harm()
        before = {name: getattr(self, f"_{name}")() for name in reversed(STEPS)}
        yield harm
        self._settle()
        after = {name: getattr(self, f"_{name}")() for name in STEPS}
        for name in STEPS:
            then, now = before[name], after[name]
            setattr(harm, name, {key: value - then.get(key, 0) for key, value in now.items()}
                    if isinstance(now, dict) else now - then)

    def _settle(self):
        """The worker has seen whatever came."""
        before = {}

        def unchanged():
            nonlocal before
            time.sleep(0.1)
            before, last = self._dropped(), before
            return before == last
        wait.until(unchanged, 10, "the end of the drops")

    def _flows(self):
        flows = {leg.tag: leg.flow for leg in self.relay.api.query(CALL).legs}
        return {"browser": flows["caller"], "telephone": flows["callee"]}

    def _seconds(self):
        return time.monotonic()

    def _sent(self):
        page = self.page.stats("outbound-rtp", kind="audio")[0]
        return {"browser": page["packetsSent"], "telephone": self.phone.counts()["sent"]}

    def _taken(self):
        return {who: flow.packets for who, flow in self._flows().items()}

    def _given(self):
        return {who: flow.sent_packets for who, flow in self._flows().items()}

    def _heard(self):
        return {"browser": self.phone.counts()["received"],
                "telephone": self.page.received()["packetsReceived"]}

    def _lost(self):
        found = {f"the relay, of the {who}'s": sum(stream.lost for stream in flow.streams)
                 for who, flow in self._flows().items()}
        return found | {"the browser": self.page.received()["packetsLost"],
                        "the telephone": self.phone.counts()["lost"]}

    def _dropped(self):
        return self.relay.api.drops()

    def _elsewhere(self):
        drops = self.relay.api.drops()
        lost = {name: drops[name] for name in drops if name.startswith("port_")}
        for namespace, link in LINKS:
            lost[f"{namespace.short}:{link}"] = namespace.unsent(link)
        for namespace in (net.BROWSERS, net.PHONES):
            lost[f"the sockets of {namespace.short}"] = namespace.unread()
        return lost

    def _punts(self):
        return next(counter.value for counter in self.relay.api.status().counters
                    if counter.name == "punt")

    def _memory(self):
        return memory(self.relay.controlplane.pid)

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


def memory(pid):
    """Octets of a process."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rpartition(")")[2].split()[21]) * PAGE
