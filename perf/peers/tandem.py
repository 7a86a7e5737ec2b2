# SPDX-License-Identifier: BSD-3-Clause
"""Tandem: both programs, driven by gRPC; one worker, on AF_XDP.

`idle = sleep`: a worker that finds nothing to do leaves its core to others, so that what its core
does can be compared with a relay that waits in the kernel.
"""

import api
import network
import sdp
import traffic
import turn
import wait
from authority import Authority
from process import Process

DATAPLANE = """\
[dataplane]
socket={state}/dataplane.sock
lcores={load_core},{relay_core}
legs={legs}
idle={idle}
{room}
xdp={build}/ebpf/shed.bpf.o
[port media]
devargs=net_af_xdp0,iface={interface}
address={address}/24
{ports}
"""

CONTROLPLANE = """\
[controlplane]
dataplane={state}/dataplane.sock
listen=unix:{state}/relay.sock
ports=20000-39999
port_quarantine=0
log=warn
"""


class Tandem:
    name = "tandem"
    kinds = ("rtp", "srtp")
    package = None
    idle = "sleep"
    legs = 10000
    room = ports = ""  # lines of the dataplane's configuration
    more = ""  # of the control plane's

    def __init__(self, build, directory):
        state = "/run/tandem-e2e"  # borrowed from the machine with everything else: tests/e2e/host
        values = {"state": state, "build": build.resolve(), "legs": self.legs, "idle": self.idle,
                  "load_core": network.LOAD_CORE, "relay_core": network.RELAY_CORE,
                  "interface": network.NEAR, "address": network.TANDEM, "room": self.room,
                  "ports": self.ports}
        self._processes = []
        self._prepare()
        for program, text, first in (("tandem-dataplane", DATAPLANE, network.FIRST),
                                     ("tandem-controlplane", CONTROLPLANE, [])):
            ini = directory / f"{program}.ini"
            more = self.more if program == "tandem-controlplane" else ""
            ini.write_text(text.format(**values) + more, encoding="ascii")
            process = Process([*first, str(build.resolve() / program), "--config", str(ini)],
                              directory / f"{program}.log", network.RELAY, notify=True)
            self._processes.append(process)
            process.wait_ready()
        self._api = api.Api(f"unix:{state}/relay.sock")
        wait.until(self._api.serving, 10, "the control plane to find the dataplane")

    def _prepare(self):
        """Before the programs start."""

    @property
    def pid(self):
        return self._processes[0].pid

    @property
    def pids(self):
        """Of all programs that see a packet."""
        return [self.pid]

    @property
    def controlplane(self):
        return self._processes[1].pid

    def set_up(self, wanted):
        return [stream for call in wanted for stream in self._call(call)]

    def _call(self, call):
        offered = self._api.offer(call.name, "a", call.offer(),
                                  to={"network": "media", "profile": api.AVP})
        answered = self._api.answer(call.name, "a", "b", call.answer())
        for_callee, for_caller = sdp.parse(offered)[0], sdp.parse(answered)[0]
        return traffic.streams(call, (for_caller.address, for_caller.port),
                             (for_callee.address, for_callee.port))

    def tear_down(self, wanted):
        for call in wanted:
            self._api.delete(call.name)

    def drops(self):
        return {name: value for name, value in self._api.drops().items() if value}

    def stop(self):
        self._api.close()
        for process in reversed(self._processes):
            process.stop()


class TandemTurn(Tandem):
    """As coturn is measured: each caller has an allocation and a channel to its callee, who is no leg."""

    kinds = ("turn",)
    server = network.TANDEM, 3478
    user = "load", "a password"
    more = f"""\
[turn]
listen={server[0]}:{server[1]}
user={":".join(user)}
peers=any
allocations_per_user=1000000
client_pps=0
stranger_pps=0
"""

    def _call(self, call):
        with network.LOAD.udp(*call.caller) as sock:
            client = turn.Client(self.server, *self.user, sock)
            client.allocate()
            client.bind(0x4000, call.callee)
        return [traffic.Stream(call.caller, self.server, call.callee, "turn"),
                traffic.Stream(call.callee, client.relayed, call.caller)]

    def tear_down(self, wanted):
        for call in wanted:
            with network.LOAD.udp(*call.caller) as sock:
                turn.Client(self.server, *self.user, sock).refresh(0)


class TandemGate(TandemTurn):
    """Its clients come by tandem-turngate, which has the relay's core as well.

    The link to the dataplane is as the README has it: what comes by it is received in the sender's time.
    """

    kinds = ("tcp", "tls")
    door = network.KERNEL
    inner = "inner0", "inner1"
    ports = f"""\
[port inner]
devargs=net_af_xdp1,iface={inner[0]}
address=fd00::1/64
shed=off
"""
    more = TandemTurn.more + f"""\
gate=[fd00::1]:3478
relay={network.TANDEM}
"""
    gate_ini = f"""\
[turngate]
listen=tcp:{door}:{traffic.TCP_PORT}
listen=tls:{door}:{traffic.TLS_PORT}
server=[fd00::1]:3478
cert={{cert}}
key={{key}}
connections_per_address=1000000
connections=1000000
"""

    def __init__(self, build, directory):
        super().__init__(build, directory)
        cert, key = Authority(directory, "authority", self.door).issue("gate")
        ini = directory / "turngate.ini"
        ini.write_text(self.gate_ini.format(cert=cert, key=key), encoding="ascii")
        gate = Process([*network.FIRST, *network.on(network.RELAY_CORE),
                        str(build.resolve() / "tandem-turngate"), "--config", str(ini)],
                       directory / "tandem-turngate.log", network.RELAY, notify=True)
        self._processes.append(gate)
        gate.wait_ready()

    def _prepare(self):
        near, far = self.inner
        network.RELAY.run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        for interface in self.inner:
            network.RELAY.run("ip", "link", "set", interface, "up")
        network.RELAY.run("ip", "addr", "add", "fd00::2/64", "dev", far, "nodad")

    @property
    def pids(self):
        return [self.pid, self.front]

    @property
    def front(self):
        """Of the program that has the connections."""
        return self._processes[2].pid

    def stop(self):
        super().stop()
        network.RELAY.run("ip", "link", "del", self.inner[0])
