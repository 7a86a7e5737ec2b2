# SPDX-License-Identifier: BSD-3-Clause
"""What the tests borrow from the machine, and giving it back, also after a run that was killed.

One run at a time: the XDP program's pins have fixed names. The state below outlives a killed run,
so the next one finds what there is to give back.
"""

import fcntl
import glob
import json
import os
import shutil
import signal

import net
import wait

STATE = f"/run/tandem-{net.RUN}"
PAGES_WANTED = 256
PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB"
BPFFS = "/sys/fs/bpf"
PINS = f"{BPFFS}/tandem_*"


class Busy(Exception):
    """Another run holds the machine."""


class Host:
    """Borrow on entry, give back on exit.

    create: makes the namespaces and links; dataplane: whether one is to run here, with hugepages and pins.
    """

    def __init__(self, create=net.create, dataplane=True):
        self._create, self._dataplane = create, dataplane

    def __enter__(self):
        os.makedirs(STATE, mode=0o700, exist_ok=True)
        self._lock = _lock()
        clean(self._dataplane)
        if self._dataplane:
            _borrow_pages()
            _mount_bpffs()
        self._create()
        self.free_pages = free_pages()
        return self

    def __exit__(self, *_):
        clean(self._dataplane)
        shutil.rmtree(STATE)
        self._lock.close()


def _lock():
    lock = open(f"{STATE}/lock", "a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Busy(f"another run of the tests is going on: process {lock.read().strip()}; "
                   "wait for its end or stop it") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def clean(dataplane=True):
    """Undo whatever this run, or one that was killed, has done to the machine."""
    stop_processes()
    net.destroy()
    pins_left = glob.glob(PINS) if dataplane else []
    for left in pins_left + glob.glob(f"{STATE}/*.sock") + glob.glob(f"{STATE}/notify.*"):
        os.unlink(left)
    if dataplane:
        _return_pages()
        _unmount_bpffs()


def stop_processes():
    """Everything inside our namespaces was started by a test."""
    for name in os.listdir(net.NETNS) if os.path.isdir(net.NETNS) else ():
        if name.startswith(net.PREFIX):
            stop_in(net.Namespace(name[len(net.PREFIX):]))


def stop_in(namespace):
    """The end of every process in a namespace but ours."""
    for pid in namespace.pids():
        if pid != os.getpid():
            _kill(pid)
    wait.until(lambda: not set(namespace.pids()) - {os.getpid()}, 10,
               f"the end of the killed processes in {namespace.name}", namespace.pids)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _read(path, default=0):
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (FileNotFoundError, ValueError):
        return default


def _write(path, number):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(number))


def free_pages():
    return _read(f"{PAGES}/free_hugepages")


def pins():
    return sorted(glob.glob(PINS))


def attached(namespace):
    """The interfaces of a namespace that an XDP program is attached to."""
    links = json.loads(namespace.run("ip", "-j", "link"))
    return [link["ifname"] for link in links if "xdp" in link]


def _borrow_pages():
    if free_pages() >= PAGES_WANTED:
        return
    before = _read(f"{PAGES}/nr_hugepages")
    _write(f"{STATE}/pages", PAGES_WANTED)
    _write(f"{PAGES}/nr_hugepages", before + PAGES_WANTED)
    if free_pages() < PAGES_WANTED:
        raise RuntimeError(f"only {free_pages()} of {PAGES_WANTED} huge pages of 2 MiB could be "
                           "had; free memory or reserve them at boot (hugepages=256)")


def _return_pages():
    borrowed = _read(f"{STATE}/pages")
    if borrowed:
        _write(f"{PAGES}/nr_hugepages", max(0, _read(f"{PAGES}/nr_hugepages") - borrowed))
        os.unlink(f"{STATE}/pages")


def _mount_bpffs():
    if not os.path.ismount(BPFFS):
        _write(f"{STATE}/bpffs", 1)
        net.run("mount", "-t", "bpf", "bpf", BPFFS)


def _unmount_bpffs():
    if os.path.exists(f"{STATE}/bpffs"):
        if os.path.ismount(BPFFS) and not os.listdir(BPFFS):
            net.run("umount", BPFFS)
        os.unlink(f"{STATE}/bpffs")
