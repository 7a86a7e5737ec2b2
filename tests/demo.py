#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`make demo`: a browser and a telephone talk through the relay; forgers and floods go unheard,
and a supervisor listens in. Then Kamailio has the relay carry a call of its own, and a browser calls
through a firewall that lets only 443 pass. The relay's page is open all the while, and a Prometheus
scrapes it. With PAUSE=1 in the environment the first call goes on until Enter is pressed.

Makes its own network namespaces, starts both programs of the relay in one of them, Chromium in
the second and a GStreamer telephone in the third, and takes everything down again.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import struct
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "e2e"))
os.environ.setdefault("TANDEM_BUILD", os.environ.get("BUILD", "build"))

import kamailio  # noqa: E402
import net  # noqa: E402
import rtp  # noqa: E402
import sdp  # noqa: E402
import srtp  # noqa: E402
import turngate  # noqa: E402
from agent import Agent  # noqa: E402
from authority import Authority  # noqa: E402
from browser import Browser  # noqa: E402
from door import Door  # noqa: E402
from calls import CALL, TAGS, browser_to_phone, hang_up, phone_side  # noqa: E402
from flood import Flood, prepare  # noqa: E402
from forge import Forge  # noqa: E402
from host import Busy, Host  # noqa: E402
from phone import Phone  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from relay import PROGRAMS, ROOT, Relay, changed  # noqa: E402
from sip import Telephone  # noqa: E402

BROWSER_HZ, PHONE_HZ = 440, 1000
TURN = "\n".join(["[turn]", *turngate.SERVED, "secret = demo:a secret of the demo"])
PAGE, METRICS = 8443, 8080
WEB = f"""
[web]
listen = https:127.0.0.1:{PAGE}
listen = http:127.0.0.1:{METRICS}
metrics = anyone
[access]
token = {{token}}
[quality]
interval = 2
"""
TALK_SECONDS = 3
LISTEN_SECONDS = 2
FLOOD_SECONDS = 5
FLOODS = ["rtp", "stun", "dtls", "garbage"]
COPIES = 25


@dataclasses.dataclass
class Told:
    """What the relay counted in some time."""
    dropped: dict   # by reason
    refused: int    # of these, on the browser's leg
    lost: list      # of the browser's packets, and of the telephone's


def say(text):
    print(f"demo: {text}", flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="tandem-demo-"))
    try:
        with Host(), turngate.link():
            show(directory)
    except Busy as reason:
        sys.exit(f"demo: {reason}")
    except KeyboardInterrupt:
        sys.exit("\ndemo: interrupted, everything is taken down")
    except Exception:
        for log in sorted(directory.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        raise
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    say("ok")


def show(directory):
    say(f"a browser at {net.BROWSER[4]} and a telephone at {net.PHONE[4]}, on two links")
    kamailio.connect()
    token, line = make_token()
    relay = Relay(directory, trunk=turngate.INNER_PORT,
                  controlplane=f"{kamailio.LISTEN}\n{TURN}{WEB.format(token=line)}").start()
    say("the relay runs between them: tandem-dataplane (DPDK on AF_XDP), tandem-controlplane")
    door = Door(net.RELAY, PAGE)
    say(f"its page, while this runs: https://127.0.0.1:{door.port}/ with a certificate of its own")
    say(f"sign in there with {token}")
    prometheus = Prometheus(net.RELAY, directory, f"127.0.0.1:{METRICS}",
                            ROOT / "controlplane/metrics/tandem.rules.yml")
    browser = Browser(net.BROWSERS, directory)
    phone = Phone(net.PHONES, net.PHONE[4], PHONE_HZ, 4000)
    forger = Forge(net.BROWSERS, net.RELAY.mac("public0"))
    try:
        page = browser.page(frequency=BROWSER_HZ, codec="PCMU")
        say("Chromium offers WebRTC; the telephone answers plain RTP")
        browser_to_phone(relay, page, phone)
        say(f"ICE and DTLS are up; {TALK_SECONDS} seconds of talk")
        ends = [(phone, BROWSER_HZ), (page, PHONE_HZ)]
        talk(ends, 0)
        before = counted(relay)
        say("a forger on the browser's link replays, tampers and makes up media")
        forged = forge(relay, forger)
        talk(ends, TALK_SECONDS)
        lies = since(before, relay)
        say(f"a supervisor listens to both for {LISTEN_SECONDS} seconds")
        overheard = listen(relay, ends)
        say(f"{FLOOD_SECONDS} more seconds, while two attackers flood the browser's port as fast "
            "as the link carries it")
        prepare([net.BROWSERS])
        before = counted(relay)
        flood = Flood(directory, net.BROWSERS, FLOODS, [relay.api.leg(CALL, "caller").local],
                      sources=2, seconds=FLOOD_SECONDS).wait_sending()
        talk(ends, FLOOD_SECONDS / 2)
        top = relay.ctl("shed", "top")
        phone_hears, page_hears = talk(ends, FLOOD_SECONDS / 2)
        played, floods = flood.result(), since(before, relay)
        measured = ask_prometheus(prometheus)
        if os.environ.get("PAUSE"):
            pause(door)
        legs = hang_up(relay, page, phone)
        say("the call is over")
        table(legs, phone_hears, page_hears)
        table_of_figures(measured)
        for tag, heard, lost in overheard:
            print(f"  the supervisor heard of the {tag}: {heard}; of it {lost} packets lost\n",
                  flush=True)
        table_of_drops(f"{forged} forged packets, none forwarded, dropped as", lies)
        table_of_drops(f"{played.packets:,} packets of flood, {played.pps:,.0f} a second, dropped "
                       "as", floods)
        print("  tandemctl shed top, in the middle of it:\n")
        print("".join(f"    {line}".rstrip() + "\n" for line in top.splitlines()), flush=True)
        check(legs, lies, forged, floods, played)
        second_act(relay, browser, phone, directory)
        third_act(relay, browser, phone, directory)
    finally:
        door.close()
        prometheus.close()
        forger.close()
        phone.close()
        browser.close()
    if relay.stop() != (0, 0):
        raise RuntimeError("a program of the relay did not end well")


def make_token():
    """An operator's token, and the line of the configuration that lets it in."""
    told = net.run(str(PROGRAMS / "tandemctl"), "token", "demo", "--role", "operator", "--for", "1d")
    return re.search(r"tandem_\w+", told)[0], re.search(r"token = (.+)", told)[1]


def pause(door):
    say(f"the call goes on: look at https://127.0.0.1:{door.port}/ and press Enter when you have seen it")
    sys.stdin.readline()


QUERIES = {
    "calls": "sum(tandem_calls)",
    "packets a second, to the workers": "sum(rate(tandem_link_received_packets_total[5s]))",
    "  shed before them": "sum(rate(tandem_shed_packets_total[5s]))",
    "streams' intervals rated": "sum(tandem_stream_interval_mos_count)",
    "  of these with a MOS over 4.3": "sum(tandem_stream_interval_mos_count)"
                                      " - sum(tandem_stream_interval_mos_bucket{le='4.3'})",
}


def ask_prometheus(prometheus):
    """What a Prometheus that scrapes the relay says of it."""
    prometheus.wait_value(QUERIES["streams' intervals rated"], lambda count: count > 0)
    return {what: prometheus.value(query) for what, query in QUERIES.items()}


def second_act(relay, browser, phone, directory):
    """Kamailio drives the relay by rtpengine's ng protocol."""
    say("second act: Kamailio, whose rtpengine module knows the relay's address and no more of it")
    proxy = kamailio.Kamailio(directory)
    line = Telephone(net.PHONES, kamailio.ADDRESSES[net.PHONES], kamailio.SIP, "phone", phone)
    try:
        line.register()
        agent = browser.open(Agent, user="agent", proxy=kamailio.WEBSOCKET, frequency=BROWSER_HZ)
        say("JsSIP in Chromium calls sip:phone@example.org by WebSocket; the telephone answers")
        agent.call("phone")
        call = line.called().accept()
        agent.wait_told("confirmed")
        phone.forget()
        phone_hears, agent_hears = talk([(phone, BROWSER_HZ), (agent, PHONE_HZ)], TALK_SECONDS)
        calls = relay.ctl("calls").splitlines()
        agent.end()
        call.ended()
        agent.wait_told("ended")
        say("the call is over")
        print(f"\n  heard by the agent      {agent_hears}\n  heard by the telephone  {phone_hears}\n"
              "\n  tandemctl calls, in the middle of it:\n", flush=True)
        print("".join(f"    {row}\n" for row in calls), flush=True)
        if "ng" not in calls[1].split():
            raise AssertionError("the call was not driven by the ng protocol")
    finally:
        line.close()
        if proxy.stop():
            raise RuntimeError("Kamailio did not end well")


def third_act(relay, browser, phone, directory):
    """A browser that only TLS on 443 comes out of."""
    say("third act: the agent's firewall lets nothing pass but TLS to port 443")
    certificate = Authority(directory, "authority", turngate.ADDRESS[4]).issue("gate")
    gate = turngate.start(directory, certificate)
    user, password = re.findall(r"(?:username|password) +(\S+)",
                                relay.ctl("turn", "credentials", "agent", "--for", "10m"))
    server = {"urls": f"turns:{turngate.ADDRESS[4]}:443?transport=tcp", "username": user,
              "credential": password}
    try:
        with turngate.firewall(net.BROWSERS):
            page = browser.page(frequency=BROWSER_HZ, codec="PCMU", turn=server)
            say("it calls through TURN by TLS, with credentials of tandemctl's")
            phone.forget()
            browser_to_phone(relay, page, phone)
            phone_hears, page_hears = talk([(phone, BROWSER_HZ), (page, PHONE_HZ)], TALK_SECONDS)
            allocations = relay.ctl("turn")
            page.close()
        say("the call is over")
        print(f"\n  heard by the browser    {page_hears}\n  heard by the telephone  {phone_hears}\n"
              "\n  tandemctl turn, in the middle of it:\n", flush=True)
        print("".join(f"    {line}".rstrip() + "\n" for line in allocations.splitlines()), flush=True)
    finally:
        gate.signal(signal.SIGTERM)
        if gate.stop(20):
            raise RuntimeError("tandem-turngate did not end well")


def talk(ends, seconds):
    """What each end hears at last; it must be the other one's tone all the time."""
    deadline = time.monotonic() + seconds
    heard = [end.wait_tone(frequency) for end, frequency in ends]
    while time.monotonic() < deadline:
        time.sleep(0.5)
        heard = [end.wait_tone(frequency) for end, frequency in ends]
    return heard


def listen(relay, ends):
    """A leg of the supervisor's for each of the two: what was heard by it, and what was lost."""
    ears = {tag: Phone(net.PHONES, net.PHONE[4], 50, port)
            for tag, port in zip(TAGS, (5000, 5002))}
    try:
        for tag, ear in ears.items():
            offer = relay.api.subscribe(CALL, f"supervisor of the {tag}", phone_side(), [tag])
            relay.api.subscribe_answer(CALL, f"supervisor of the {tag}",
                                       ear.answer(offer, direction="recvonly"))
        for ear, frequency in zip(ears.values(), (BROWSER_HZ, PHONE_HZ)):
            ear.wait_tone(frequency)
        talk(ends, LISTEN_SECONDS)
        heard = {tag: ear.heard() for tag, ear in ears.items()}
        legs = {leg.id: leg.tag for leg in relay.api.query(CALL).legs}
        dropped = {legs[path.to]: path.dropped for path in relay.api.query(CALL).paths}
        told = [(tag, heard[tag], dropped[f"supervisor of the {tag}"]) for tag in ears]
        for tag in ears:
            relay.api.unsubscribe(CALL, f"supervisor of the {tag}")
    finally:
        for ear in ears.values():
            ear.close()
    for (tag, sound, _), frequency in zip(told, (BROWSER_HZ, PHONE_HZ)):
        if not sound.is_tone(frequency):
            raise AssertionError(f"the supervisor heard {sound} of the {tag}")
    return told


def counted(relay):
    """Drops by reason, those of the browser's leg alone, and what each side has lost."""
    legs = [relay.api.leg(CALL, tag) for tag in TAGS]
    flow = legs[0].flow
    refused = (legs[0].shed_packets + flow.auth_failures + flow.replays + flow.wrong_source
               + flow.other_drops)
    return relay.api.drops(), refused, [sum(stream.lost for stream in leg.flow.streams)
                                        for leg in legs]


def since(before, relay):
    after = counted(relay)
    return Told(changed(before[0], after[0]), after[1] - before[1],
                [now - then for now, then in zip(after[2], before[2])])


def forge(relay, forger):
    """Lies that the relay must not believe; how many of each."""
    genuine = forger.catch(lambda datagram: datagram.source[0] == net.BROWSER[4]
                           and rtp.is_rtp(datagram.payload))[0]
    seen = rtp.parse(genuine.payload)
    suite = relay.api.leg(CALL, "caller").suite
    stranger = srtp.Session(suite, sdp.Crypto.new(suite).key, inbound=False)

    def numbered(ahead):
        return struct.pack("!H", seen.sequence + ahead & 0xffff)

    lies = {
        "replayed": [genuine.payload] * COPIES,
        "tampered with": [genuine.payload[:2] + numbered(1000 + n) + genuine.payload[4:]
                          for n in range(COPIES)],
        "under a wrong key": [stranger.rtp(bytes(rtp.Packet(seen.sequence + 2000 + n, 0,
                                                            seen.ssrc, bytes(160))))
                              for n in range(COPIES)],
        "cut short": [genuine.payload[:14]] * COPIES,
    }
    for payloads in lies.values():
        forger.send(*[forger.frame(genuine.source, genuine.destination, payload)
                      for payload in payloads])
    stranger_at = (net.BROWSER_OTHER[4], genuine.source[1])
    forger.send(*[forger.frame(stranger_at, genuine.destination, genuine.payload)] * COPIES)
    return sum(map(len, lies.values())) + COPIES


def mos(leg):
    """How the relay rates what a participant sends (ITU-T G.107), over the whole call."""
    rated = [stream for stream in leg.flow.streams if stream.HasField("quality")]
    if not rated:
        raise AssertionError(f"no stream of the {leg.tag} was rated")
    voice = max(rated, key=lambda stream: stream.packets)
    return f"{voice.quality.mos:.2f} ({voice.codec})"


def table(legs, phone_hears, page_hears):
    rows = [("", "browser", "telephone")]
    sides = [(legs["caller"], page_hears, PHONE_HZ), (legs["callee"], phone_hears, BROWSER_HZ)]

    def row(name, show):
        rows.append((name, *map(show, sides)))
    row("relay's address", lambda side: side[0].local)
    row("participant's address", lambda side: side[0].remote)
    row("suite", lambda side: side[0].suite or "none: plain RTP")
    row("DTLS handshake", lambda side: f"{side[0].handshake_ms} ms" if side[0].suite else "none")
    row("packets from it", lambda side: f"{side[0].flow.packets} RTP, "
        f"{side[0].flow.rtcp_packets} RTCP")
    row("  of these forwarded", lambda side: str(side[0].flow.sent_packets))
    row("  lost on the way here", lambda side: str(sum(s.lost for s in side[0].flow.streams)))
    row("  jitter", lambda side: f"{max(s.jitter_ms for s in side[0].flow.streams):.2f} ms")
    row("MOS of its voice", lambda side: mos(side[0]))
    row("heard by it", lambda side: str(side[1]))
    widths = [max(len(line[column]) for line in rows) for column in range(3)]
    print()
    for line in rows:
        print("  " + "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
    print(flush=True)


def table_of_figures(measured):
    print("  Prometheus, asked at the end of the flood:")
    for what, value in measured.items():
        print(f"    {what:<32}{value:>12,.0f}")
    print(flush=True)


def table_of_drops(title, told):
    print(f"  {title}")
    for reason, count in told.dropped.items():
        print(f"    {reason:<24}{count:>12,}")
    print("  lost by the call meanwhile: {} packets of the browser, {} of the telephone\n".format(
        *told.lost), flush=True)


def check(legs, lies, forged, floods, played):
    if lies.refused != forged:
        raise AssertionError(f"of {forged} forged packets {lies.refused} were dropped")
    if floods.refused < played.packets:
        raise AssertionError(f"of {played.packets} packets of flood {floods.refused} were dropped")
    if any(lost > 0 for lost in lies.lost + floods.lost):
        raise AssertionError("the call was harmed")
    flow = legs["caller"].flow
    if flow.sent_packets != flow.packets + flow.rtcp_packets:
        raise AssertionError(f"{flow.packets} packets and {flow.rtcp_packets} of RTCP accepted, "
                             f"{flow.sent_packets} forwarded")


if __name__ == "__main__":
    main()
