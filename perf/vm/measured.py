# SPDX-License-Identifier: BSD-3-Clause
"""A machine that runs the image: reached by ssh, its instructions and its time counted."""

import contextlib
import os
import pathlib
import struct
import subprocess
import time

import guest
import network
import wait

SEED = pathlib.Path(__file__).resolve().parents[2] / "vm-images" / "seed"
SSH_PORT, NG_PORT = 2222, 2223  # of the load's namespace, and so of nobody else
BOOT_SECONDS = 300
VCPUS_MAX = 64                  # numbers in the plugin's file
TICKS = os.sysconf("SC_CLK_TCK")


accelerator = guest.accelerator


class Measured:
    """Its configuration drive says who may log in, and no more."""

    def __init__(self, image, wire, directory, vcpus, plugin=None, memory=2048):
        self._directory, self.vcpus = directory, vcpus
        self._path = directory / "instructions"
        self.counts = plugin is not None and accelerator() == "tcg"
        self.process = self._clock = None
        self._key()
        drive = self._drive({"authorized_keys": (directory / "key.pub").read_text()})
        argv = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-user-config",
                "-machine", f"q35,accel={accelerator()}",
                "-cpu", "host" if accelerator() == "kvm" else "max",
                "-smp", str(vcpus), "-m", str(memory), *wire.memory(memory),
                "-serial", f"file:{directory / 'console.log'}",
                "-drive", f"file={image},format=raw,if=virtio,snapshot=on",
                "-drive", f"file={drive},format=raw,if=virtio,readonly=on",
                "-netdev", f"user,id=management,hostfwd=tcp:127.0.0.1:{SSH_PORT}-:22,"
                           f"hostfwd=udp:127.0.0.1:{NG_PORT}-:{NG_PORT}",
                "-device", "virtio-net-pci,netdev=management,mac=52:54:00:74:00:00",
                *wire.nic(accelerator()),
                "-device", "virtio-rng-pci"]
        if self.counts:
            argv += ["-plugin", f"{plugin},counts={self._path}"]
        log = (directory / "qemu.log").open("w", encoding="utf-8")
        with log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(network.LOAD.command(*argv), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        try:
            self._wait_booted()
        except BaseException:
            self.stop()
            raise

    def _key(self):
        key = self._directory / "key"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)],
                           check=True)

    def _drive(self, files):
        contents, drive = self._directory / "drive", self._directory / "drive.img"
        contents.mkdir(exist_ok=True)
        for old in contents.iterdir():
            old.unlink()
        for name, text in files.items():
            (contents / name).write_text(text, encoding="utf-8")
        subprocess.run([str(SEED), str(contents), str(drive)], check=True)
        return drive

    def _wait_booted(self):
        deadline = time.monotonic() + BOOT_SECONDS
        while self.run("true", check=False, timeout=30).returncode:
            if self.process.poll() is not None:
                raise RuntimeError(f"qemu ended with {self.process.returncode}: "
                                   + (self._directory / "qemu.log").read_text()
                                   + (self._directory / "console.log").read_text()[-2000:])
            if time.monotonic() > deadline:
                raise RuntimeError(f"no ssh after {BOOT_SECONDS} s; the console said:\n"
                                   + (self._directory / "console.log").read_text()[-2000:])
            time.sleep(2)

    def _ssh(self, *command):
        return network.LOAD.command(
            "ssh", "-i", str(self._directory / "key"), "-p", str(SSH_PORT), "-q",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "ConnectTimeout=10", "root@127.0.0.1", *command)

    def run(self, command, check=True, timeout=300):
        """A command as root inside of it."""
        try:
            done = subprocess.run(self._ssh(command), capture_output=True, text=True,
                                  timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            done = subprocess.CompletedProcess(command, 255, "", "no answer")
        if check and done.returncode:
            raise RuntimeError(f"in the guest: {command}: {done.stdout}{done.stderr}")
        return done

    def wait(self, command, seconds, what):
        """Until the command succeeds."""
        deadline = time.monotonic() + seconds
        while self.run(command, check=False).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited {seconds} s for {what}: "
                                   + self.run("journalctl -b --no-pager | tail -n 30").stdout)
            time.sleep(2)

    def instructions(self):
        """How many each of its vCPUs has run since power-on; none where they are not counted."""
        if not self.counts:
            return ()
        return struct.unpack(f"={VCPUS_MAX}Q", self._path.read_bytes())[:self.vcpus]

    @contextlib.contextmanager
    def tunnel(self, path):
        """A UNIX socket here that leads to one inside of it."""
        here = self._directory / "tunnel"
        here.unlink(missing_ok=True)
        with subprocess.Popen(self._ssh("-N", "-L", f"{here}:{path}")) as process:
            wait.until(here.exists, 30, f"a tunnel to {path}")
            yield here
            process.terminate()

    def busy(self):
        """CPU seconds that it has worked, as it sees itself; a login for each would be among them."""
        if not self._clock:
            # pylint: disable-next=consider-using-with
            self._clock = subprocess.Popen(self._ssh("while read -r _; do head -n 1 /proc/stat; done"),
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._clock.stdin.write("\n")
        self._clock.stdin.flush()
        ticks = [int(text) for text in self._clock.stdout.readline().split()[1:9]]
        return (sum(ticks) - ticks[3] - ticks[4] - ticks[7]) / TICKS

    def host_busy(self):
        """CPU seconds that the host has spent on it."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        return sum(int(text) for text in fields.split()[11:13]) / TICKS

    def stop(self):
        if self._clock:
            self._clock.kill()
            self._clock.wait()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
