# SPDX-License-Identifier: BSD-3-Clause
"""One program that a test started: its log, its readiness, its end."""

import itertools
import os
import re
import resource
import signal
import socket
import subprocess

import net
import wait

# Short, as the path of a UNIX socket has to be.
NOTIFY = f"/run/tandem-{net.RUN}/notify"
_numbers = itertools.count()
CORE_LIMIT = 1 << 20  # Large enough that a core would be written, small enough to be cheap.


class Process:
    """Runs argv, in a namespace when one is given; both output streams go to the log."""

    def __init__(self, argv, log, namespace=None, notify=False, cwd=None, env=None,
                 pass_fds=(), stdin=subprocess.DEVNULL):
        self.name = os.path.basename(argv[0])
        self.log = str(log)
        environment = {**os.environ, **(env or {})}
        self._notify = None
        self._asked = False
        if notify:
            self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._notify_path = f"{NOTIFY}.{next(_numbers)}"
            self._notify.bind(self._notify_path)
            environment["NOTIFY_SOCKET"] = self._notify_path
        command = namespace.command(*argv) if namespace else argv
        with open(self.log, "ab") as output:
            self._start = output.tell()  # An earlier run of the program may have written before.
            # Python runs nothing of its own between fork and exec: it would have to wait for the
            # threads of gRPC, which may wait for it.
            self._popen = subprocess.Popen(
                ["prlimit", f"--core={_core_limit()}", *command], stdin=stdin,
                stdout=output, stderr=output, cwd=cwd, env=environment, pass_fds=pass_fds,
                start_new_session=True)  # Ctrl-C is for the tests, which then stop the program.
        self.pid = self._popen.pid

    def text(self):
        """What it has written until now."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(self._start)
            return file.read()

    def tell(self, line):
        """One line to the program that was started with stdin=subprocess.PIPE."""
        self._popen.stdin.write(f"{line}\n".encode())
        self._popen.stdin.flush()

    def alive(self):
        return self._popen.poll() is None

    def wait_line(self, pattern, seconds=10):
        """The match of pattern in the log, as soon as the program has written it."""
        def found():
            match = re.search(pattern, self.text(), re.MULTILINE)
            if not match and not self.alive():
                raise wait.Timeout(f"{self.name} ended with {self._popen.returncode} before it "
                                   f"wrote {pattern!r}; its log: {self.text()[-2000:]}")
            return match
        return wait.until(found, seconds, f"{pattern!r} from {self.name}",
                          lambda: self.text()[-2000:])

    def wait_ready(self, seconds=120):
        """The program has said READY=1 (sd_notify)."""
        self._notify.settimeout(0.1)

        def ready():
            if not self.alive():
                raise wait.Timeout(f"{self.name} ended with {self._popen.returncode} before it "
                                   f"was ready; its log: {self.text()[-2000:]}")
            try:
                return b"READY=1" in self._notify.recv(4096).split(b"\n")
            except TimeoutError:
                return False
        wait.until(ready, seconds, f"READY=1 from {self.name}", lambda: self.text()[-2000:])

    def wait_exit(self, seconds=10):
        """The exit code; -N after signal N."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise wait.Timeout(f"waited {seconds:g} s for the end of {self.name}; its log: "
                               f"{self.text()[-2000:]}") from None

    def signal(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def dumped_core(self, seconds=10):
        """Whether the end, which is awaited, came with a core dump."""
        def ended():
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        result = wait.until(ended, seconds, f"the end of {self.name}")
        return result.si_code == os.CLD_DUMPED

    def ask_to_stop(self):
        """Once: what is on its way out is ended by a second signal."""
        if not self._asked:
            self.signal(signal.SIGTERM)
        self._asked = True

    def stop(self, seconds=10):
        """Ask the program to end; the exit code."""
        self.ask_to_stop()
        try:
            return self.wait_exit(seconds)
        except wait.Timeout:
            self.signal(signal.SIGKILL)
            self.wait_exit(5)
            raise
        finally:
            self.forget()

    def kill(self):
        """The program gets no chance to say good-bye."""
        self.signal(signal.SIGKILL)
        self.wait_exit(5)
        self.forget()

    def forget(self):
        if self._notify:
            self._notify.close()
            os.unlink(self._notify_path)
            self._notify = None


def _core_limit():
    """For prlimit: the soft limit alone changes."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    return f"{CORE_LIMIT if hard == resource.RLIM_INFINITY else min(CORE_LIMIT, hard)}:"
