# SPDX-License-Identifier: BSD-3-Clause
"""What a machine that runs the image never does, whatever it is used for."""

import errno
import select
import socket

import guest as guests
import ng

OURS = "tandem-dataplane tandem-controlplane tandem-machine tandem-confirm tandem-console@ttyS0"


def xdp_is_native_and_polled(guest):
    """Every queue that the host may choose is polled, also those that XDP could have taken."""
    shown = guest.ssh("ip -d link show media0; ls /sys/class/net/media0/queues")
    assert "prog/xdp" in shown, "XDP is not native"
    assert f"rx-{guests.QUEUES - guests.VCPUS}" in shown
    assert f"rx-{guests.QUEUES - guests.VCPUS + 1}" not in shown


def tells_no_errors(guest, secrets):
    units = " ".join(f"-u {unit}" for unit in OURS.split())
    assert guest.ssh(f"journalctl -b -q -o cat -p err {units}") == ""
    assert guest.ssh("systemctl --failed --no-legend") == ""
    journal = guest.ssh("journalctl -b -o cat")
    assert "ready: 1 workers" in journal, "the journal tells nothing: this test would see nothing"
    assert [text for text in secrets if text in journal] == []
    assert [text for text in secrets if text in guest.console()] == []
    assert "health               serving" in guest.console()


def hardened(guest):
    """By systemd's own measure: tenths of what no unit should have more of."""
    guest.ssh("systemd-analyze security --threshold=45 tandem-dataplane.service")
    guest.ssh("systemd-analyze security --threshold=25 tandem-controlplane.service "
              "tandem-console@ttyS0.service")


def nobody_logs_in_by_password(guest):
    assert guest.ssh("awk -F: '$2 !~ /^[*!]/' /etc/shadow") == ""
    assert "login:" not in guest.console()
    assert "ro," in guest.ssh("findmnt -n -o OPTIONS /")


def answers_only_where_it_says(guest):
    assert _open_tcp(guests.ADDRESS) == {22}
    with guests.MANAGEMENT.udp(guests.HERE) as sock:
        sock.settimeout(10)
        sock.sendto(b"cookie " + ng.encode({"command": "ping"}), (guests.ADDRESS, 2223))
        assert b"pong" in sock.recv(1000)
        # Others are silent, and no refusal tells what is there.
        for port in (53, 123, 323, 5353, 5355, 50051):
            sock.sendto(b"hello", (guests.ADDRESS, port))
        assert not select.select([sock], [], [], 2)[0]


def _open_tcp(address):
    """The ports that take a connection."""
    found = set()
    for first in range(1, 65536, 4096):
        tries = {}
        poll = select.poll()
        for port in range(first, min(first + 4096, 65536)):
            sock = guests.MANAGEMENT.socket(socket.AF_INET6, socket.SOCK_STREAM)
            sock.setblocking(False)
            code = sock.connect_ex((address, port))
            assert code == errno.EINPROGRESS, f"port {port}: {errno.errorcode[code]}"
            tries[sock.fileno()] = port, sock
            poll.register(sock, select.POLLOUT)
        select.select([], [], [], 1.5)
        for number, _ in poll.poll(0):
            port, sock = tries[number]
            if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                found.add(port)
        for _, sock in tries.values():
            sock.close()
    return found
