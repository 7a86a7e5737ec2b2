# SPDX-License-Identifier: BSD-3-Clause
"""Programs that measurements need: those that answer questions, and the relay itself."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from pipeline import Failed, Process

READY_S = 30
TICKS = os.sysconf("SC_CLK_TCK")


class Asked(Process):
    """A program of perf/ that is asked in words, for as long as a with statement lasts."""

    def __init__(self, program, *arguments, greets=False):
        super().__init__([str(program), *map(str, arguments)])
        self.greeting = self.start().about if greets else None

    def ask(self, *words):
        return self.tell(" ".join(map(str, words)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def cpu(pid, main=False):
    """Seconds of CPU until now, of all the threads of a process or of its main one."""
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/stat" if main else f"/proc/{pid}/stat")
    user, system = path.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


class Daemon:
    """tandem-dataplane or tandem-controlplane: started, and ready."""

    def __init__(self, program, configuration, where, prefix=()):
        self.log = where / (program.name + ".log")
        ini = where / (program.name + ".ini")
        ini.write_text(configuration, encoding="ascii")
        notify = where / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, self.log.open("w") as log:
            ready.bind(str(notify))
            ready.settimeout(READY_S)
            # In a session of its own: on Ctrl-C it is stopped when nobody asks it.
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(
                [*prefix, str(program), "--config", str(ini)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(notify)},
                start_new_session=True)
            try:
                self._await(ready)
            except BaseException:
                self.stop()
                raise
            finally:
                notify.unlink()

    def _await(self, ready):
        """A program that ends before it is ready closes nothing: look after it."""
        ready.settimeout(0.2)
        for _ in range(5 * READY_S):
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in ready.recv(4096):
                    return
            if self.process.poll() is not None:
                break
        raise Failed(f"{' '.join(self.process.args)} does not start: {self.text()}")

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def cpu(self, main=False):
        """Seconds of CPU until now, of all its threads or of the main one."""
        return cpu(self.process.pid, main)

    def memory(self):
        """Octets that it has, hugepages included."""
        found = 0
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        for line in status.splitlines():
            if line.startswith(("VmRSS:", "HugetlbPages:")):
                found += int(line.split()[1]) * 1024
        return found

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


DATAPLANE = """\
[dataplane]
socket = {directory}/dataplane.sock
lcores = {main},{worker}
legs = {legs}
streams = {legs}
idle = sleep
hugepages = {hugepages}
log = warn

[port public]
devargs = net_null0,no-rx=1
{public}
gateway = 198.51.100.14

[port trunk]
devargs = net_null1,no-rx=1
{trunk}
gateway = 203.0.113.14
"""

CONTROLPLANE = """\
[controlplane]
dataplane = {directory}/dataplane.sock
listen = unix:{directory}/relay.sock
ports = 1024-65535
port_quarantine = 0
log = warn
"""

LEGS_PER_ADDRESS = 32000  # a pair of ports each


def _addresses(prefix, legs):
    count = -(-legs // LEGS_PER_ADDRESS)
    return "\n".join(f"address = {prefix}.{1 + k}/28" for k in range(count))


@contextlib.contextmanager
def directory():
    """For sockets, whose paths must be short, configurations and logs."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tandem-bench-", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def dataplane(options, where, legs, legs_on_one_network):
    """A whole tandem-dataplane; its ports are DPDK's net_null, so that no packet ever comes."""
    daemon = Daemon(pathlib.Path(options.build) / "tandem-dataplane", DATAPLANE.format(
        directory=where, legs=legs, main=0 if options.core else 1, worker=options.core,
        hugepages="no" if options.no_huge else "yes",
        public=_addresses("198.51.100", legs_on_one_network),
        trunk=_addresses("203.0.113", legs_on_one_network)), where)
    try:
        yield daemon
    finally:
        daemon.stop()


def _await_service(options, where, daemon):
    """Ready is who listens; who serves has found its dataplane as well."""
    ask = [str(pathlib.Path(options.build) / "tandemctl"), "--server", f"unix:{where}/relay.sock",
           "health"]
    for _ in range(10 * READY_S):
        if subprocess.run(ask, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise Failed(f"tandem-controlplane finds no dataplane: {daemon.text()}")


@contextlib.contextmanager
def controlplane(options, where, more="", prefix=()):
    """A whole tandem-controlplane for that dataplane; it has found it when this begins.

    `more` of its configuration; `prefix`: the command that it is started by."""
    daemon = Daemon(pathlib.Path(options.build) / "tandem-controlplane",
                    CONTROLPLANE.format(directory=where) + more, where, prefix)
    try:
        _await_service(options, where, daemon)
        yield daemon
    finally:
        daemon.stop()
