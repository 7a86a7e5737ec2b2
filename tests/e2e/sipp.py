# SPDX-License-Identifier: BSD-3-Clause
"""SIPp: many calls at a time, from one program to another, both in the telephones' namespace."""

import pathlib

import kamailio
import net
from process import Process
from sip import DOMAIN, Message

SCENARIOS = pathlib.Path(__file__).with_name("sipp")
ADDRESS = kamailio.ADDRESSES[net.PHONES]


def callee(directory, calls, port, media):
    """media: the IP address at which it returns what comes."""
    return _start(directory, "callee", calls, port, media, "-rtp_echo")


def caller(directory, port, media, media_ports):
    """One call for each port, all at once. Media is the test's: from `media`, these ports."""
    table = directory / "ports.csv"
    table.write_text("SEQUENTIAL\n" + "".join(f"{number};\n" for number in media_ports))
    calls = len(media_ports)
    return _start(directory, "caller", calls, port, media, "-inf", table, "-l", calls,
                  "-r", calls, "[{}]:{}".format(*kamailio.SIP))


def hang_up(calls, port):
    """Has the caller at that port end these calls, by their Call-ID."""
    with net.PHONES.udp(ADDRESS) as control:
        for call in calls:
            control.sendto(bytes(Message(f"INFO sip:caller@{DOMAIN} SIP/2.0", [
                ("Via", f"SIP/2.0/UDP [{ADDRESS}];branch=z9hG4bK-{call}"),
                ("From", f"<sip:{DOMAIN}>;tag=test"), ("To", f"<sip:caller@{DOMAIN}>"),
                ("Call-ID", call), ("CSeq", "9 INFO")])), (ADDRESS, port))


def _start(directory, scenario, calls, port, media, *more):
    return Process(["/usr/bin/sipp", *map(str, more), "-sf", str(SCENARIOS / f"{scenario}.xml"),
                    "-m", str(calls), "-i", ADDRESS, "-p", str(port), "-mi", media, "-nostdin",
                    "-trace_err", "-error_file", str(directory / f"sipp-{scenario}-errors.log")],
                   directory / f"sipp-{scenario}.log", net.PHONES, cwd=directory)
