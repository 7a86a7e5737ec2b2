# SPDX-License-Identifier: BSD-3-Clause
"""The relay under test: both programs in the relay's namespace, and the client of their API."""

import os
import pathlib

import api
import host
import net
import wait
from process import Process

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TANDEM_BUILD", ROOT / "build")).resolve()
PROGRAMS = pathlib.Path(os.environ.get("TANDEM_PROGRAMS", BUILD)).resolve()
# UNIX socket paths are short by nature, and the build directory's need not be.
DATAPLANE_SOCKET = f"{host.STATE}/dataplane.sock"
API_SOCKET = f"{host.STATE}/relay.sock"

DATAPLANE = """\
[dataplane]
socket={socket}
lcores={lcores}
legs=1000
idle=sleep
log={log}
xdp={xdp}

[port public]
devargs={public_device}
address={public4}/24
address={public6}/64
{public}

[port trunk]
devargs={trunk_device}
address={trunk4}/24
address={trunk6}/64
{trunk}
"""

CONTROLPLANE = """\
[controlplane]
dataplane={dataplane}
listen=unix:{api}
ports={ports}
log={log}
{more}
"""

# The first is the main lcore's core, the others are the workers'. Two cores must do.
LCORES = {1: "0,1", 2: "0,0,1"}


class Relay:
    """directory keeps the two configurations and the two logs.

    public, trunk and controlplane: more lines for these sections. xdp: another XDP program.
    devargs: other devices of the two ports than AF_XDP sockets.
    """

    def __init__(self, directory, workers=1, ports="20000-39999", log="info",
                 public="", trunk="", controlplane="", xdp=BUILD / "ebpf/shed.bpf.o",
                 devargs=("net_af_xdp0,iface=public0", "net_af_xdp1,iface=trunk0")):
        self.directory = pathlib.Path(directory)
        self.dataplane = self.controlplane = self.api = None
        self.dataplane_ini = self._write("dataplane.ini", DATAPLANE.format(
            socket=DATAPLANE_SOCKET, lcores=LCORES[workers], xdp=xdp, log=log,
            public_device=devargs[0], trunk_device=devargs[1],
            public=public, trunk=trunk, public4=net.RELAY_PUBLIC[4], public6=net.RELAY_PUBLIC[6],
            trunk4=net.RELAY_TRUNK[4], trunk6=net.RELAY_TRUNK[6]))
        self.controlplane_ini = self._write("controlplane.ini", CONTROLPLANE.format(
            dataplane=DATAPLANE_SOCKET, api=API_SOCKET, ports=ports, log=log,
            more=controlplane))

    def _write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="ascii")
        return path

    def start(self):
        """Both at once, as a machine that boots does."""
        self.dataplane = self._launch("tandem-dataplane", self.dataplane_ini)
        self.controlplane = self._launch("tandem-controlplane", self.controlplane_ini)
        self._await(self.dataplane)
        self._await(self.controlplane)
        self._connect()
        return self

    def start_dataplane(self):
        self.dataplane = self._launch("tandem-dataplane", self.dataplane_ini)
        self._await(self.dataplane)

    def start_controlplane(self):
        self.controlplane = self._launch("tandem-controlplane", self.controlplane_ini)
        self._await(self.controlplane)
        self._connect()

    def _connect(self):
        if self.api:
            self.api.close()
        self.api = api.Api(f"unix:{API_SOCKET}")
        wait.until(self.api.serving, 10, "the control plane to find the dataplane", self.log)

    def _launch(self, program, configuration):
        return Process([str(PROGRAMS / program), "--config", str(configuration)],
                       self.directory / f"{program}.log", net.RELAY, notify=True,
                       cwd=self.directory)

    @staticmethod
    def _await(process):
        try:
            process.wait_ready()
        except wait.Timeout:
            process.kill()
            raise

    def log(self):
        """What both programs have written."""
        return "".join(process.text() for process in (self.dataplane, self.controlplane)
                       if process)

    def ctl(self, *arguments, **more):
        """tandemctl against this relay: its standard output. more: of subprocess.run()."""
        return net.run(str(PROGRAMS / "tandemctl"), *CTL, *arguments, **more)

    def wait_state(self, call, state, seconds=15):
        """The call, once it is in that state (e.g. "CALL_UP")."""
        def reached():
            found = self.api.query(call)
            return found if api.STATE(found.state) == state else None
        return wait.until(reached, seconds, f"call {call} to be {state}",
                          lambda: self.api.query(call))

    def wait_flow(self, call, tag, is_so, seconds=10):
        """The flow that a participant's leg receives, once is_so(flow)."""
        def reached():
            flow = self.api.leg(call, tag).flow
            return flow if is_so(flow) else None
        return wait.until(reached, seconds, f"another state of {tag}'s flow",
                          lambda: self.api.leg(call, tag).flow)

    def wait_drops(self, reason, count, before, seconds=5):
        """The drops of one reason, in XDP or after it, have grown by count since `before`."""
        def grown():
            return dropped(self.api.drops(), reason) - dropped(before, reason) >= count
        wait.until(grown, seconds, f"{count} packets dropped as {reason}",
                   lambda: changed(before, self.api.drops()))

    def stop(self):
        """The exit codes of the control plane and of the dataplane; None where none ran."""
        if self.api:
            self.api.close()
        both = [process if process and process.alive() else None
                for process in (self.controlplane, self.dataplane)]
        for process in filter(None, both):
            process.ask_to_stop()
        return tuple(process.stop() if process else None for process in both)


CTL = ["--server", f"unix:{API_SOCKET}"]


# What a worker drops under one name, and who sheds floods before it under another.
SHED_AS = {
    "auth_failed": ["unknown_rate"],
    "not_validated": ["stranger_media", "stranger_dtls"],
    "rtp_header": ["not_media"],
    "wrong_source": ["stranger_media"],
}


def dropped(drops, reason):
    names = [f"shed_{name}" for name in [reason, *SHED_AS.get(reason, [])]]
    return sum(drops.get(name, 0) for name in [reason, *names])


def changed(before, after):
    """The reasons whose counts moved, for a message."""
    return {name: value - before.get(name, 0) for name, value in after.items()
            if value != before.get(name, 0)}
