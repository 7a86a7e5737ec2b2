# SPDX-License-Identifier: BSD-3-Clause
"""tandemctl shed against a relay that says what each test wants it to say."""

import concurrent.futures
import json
import signal
import subprocess
import tempfile
import threading

import grpc
import pytest

import api
import shed_pb2_grpc  # api has compiled it
from relay import PROGRAMS
from test_ctl import cells, run, show

pb = api.shed
ATTACK = pb.Attack(
    id=7, kind=pb.KIND_SPOOFED_MEDIA, age_ms=12000, pps=80100, pps_peak=90000, packets=960000,
    sources=[pb.Source(address="203.0.113.9", pps=80000, reason="stranger_media")],
    call_ids=["c1", "c2"])


class FakeShed(shed_pb2_grpc.ShedServicer):
    """Answers from `reply`, `packets` and `events`; remembers what it was asked."""

    def __init__(self):
        self.reply, self.packets, self.events = pb.ShowReply(), [], []
        self.asked, self.calls_cut, self.stay, self.left = None, 0, False, False

    def Show(self, request, context):
        self.asked = request
        return self.reply

    def Sample(self, request, context):
        self.asked = request
        return pb.SampleReply(packets=self.packets)

    def Block(self, request, context):
        self.asked = request
        if "x" in request.prefix:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{request.prefix} is no prefix")
        return pb.BlockReply(calls=self.calls_cut)

    def Unblock(self, request, context):
        self.asked = request
        context.abort(grpc.StatusCode.NOT_FOUND, f"{request.prefix} is not blocked")

    def Watch(self, request, context):
        yield from self.events
        if not self.stay:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "its reader does not keep up")
        gone = threading.Event()
        context.add_callback(gone.set)
        self.left = gone.wait(20)


@pytest.fixture
def fake():
    with tempfile.TemporaryDirectory(prefix="tandem-ctl-") as directory:
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        servicer = FakeShed()
        servicer.address = f"unix:{directory}/relay.sock"
        shed_pb2_grpc.add_ShedServicer_to_server(servicer, server)
        server.add_insecure_port(servicer.address)
        server.start()
        yield servicer
        server.stop(None).wait()


def show_reply():
    return pb.ShowReply(
        reasons=[pb.Reason(name="stranger_media", packets=960000, pps=80100, help="RTP of nobody"),
                 pb.Reason(name="runt", packets=3, help="too short"),
                 pb.Reason(name="replay", help="seen before")],
        sources=[pb.Source(address="203.0.113.9", pps=80000, reason="stranger_media"),
                 pb.Source(address="2001:db8:bad::/64", pps=100, reason="closed_port",
                           blocked=True)],
        targets=[pb.Target(local="198.51.100.1:20000", call_id="c1", tag="alice", pps=80050,
                           reason="stranger_media"),
                 pb.Target(local="198.51.100.1", pps=50, reason="service_rate")],
        blocks=[pb.BlockEntry(prefix="2001:db8:bad::/48", left_ms=90000, automatic=True),
                pb.BlockEntry(prefix="203.0.113.0/24")],
        attacks=[ATTACK],
        judges=[pb.Judge(network="public", where="xdp native"),
                pb.Judge(network="trunk", where="worker")])


LINE = ("attack 7: spoofed_media for 12 s, 80100 packets a second (at most 90000), "
        "most from 203.0.113.9, aimed at 2 calls: c1, c2").replace("_", " ")


def test_overview(fake):
    fake.reply = show_reply()
    out = show(fake, "shed")
    assert out.splitlines()[0] == LINE
    assert cells(out, "REASON")[1] == [
        ["stranger_media", "80100", "960000", "RTP", "of", "nobody"],
        ["runt", "0", "3", "too", "short"]]
    assert cells(out, "NETWORK")[1] == [["public", "xdp", "native"], ["trunk", "worker"]]
    assert cells(out, "BLOCKED")[1] == [
        ["2001:db8:bad::/48", "1m30s", "failed", "authentication"],
        ["203.0.113.0/24", "ever", "an", "operator"]]
    assert len(cells(show(fake, "shed", "--all"), "REASON")[1]) == 3


def test_nothing_to_see(fake):
    assert show(fake, "shed") == "no attack\n\nnothing was shed\n\nnobody is blocked\n"
    assert show(fake, "shed", "top") == "0 packets a second are dropped\nno attack\n"
    assert show(fake, "shed", "sample") == "no sample was taken\n"


def test_top_names_the_attacker_and_whom_he_meets(fake):
    fake.reply = show_reply()
    out = show(fake, "shed", "top", "--count", "50")
    assert (fake.asked.sources, fake.asked.targets) == (50, 50)
    assert out.splitlines()[:2] == ["80100 packets a second are dropped", LINE]
    assert cells(out, "A", "SECOND", "SHARE", "FROM")[1] == [
        ["80000", "100", "%", "203.0.113.9", "stranger_media"],
        ["100", "0", "%", "2001:db8:bad::/64", "closed_port,", "blocked"]]
    assert cells(out, "A", "SECOND", "SHARE", "TO")[1] == [
        ["80050", "100", "%", "198.51.100.1:20000", "stranger_media", "c1", "alice"],
        ["50", "0", "%", "198.51.100.1", "service_rate", "-", "-"]]
    assert json.loads(show(fake, "shed", "top", "--json"))["attacks"][0]["id"] == 7


def test_nobody_is_named_of_very_many(fake):
    spread = pb.Attack(id=1, kind=pb.KIND_SCAN, age_ms=1000, pps=50000, pps_peak=50000,
                       sources=[pb.Source(address="198.18.0.1", pps=6)])
    fake.reply = pb.ShowReply(attacks=[spread])
    assert show(fake, "shed").splitlines()[0] == (
        "attack 1: scan for 1 s, 50000 packets a second (at most 50000), from many addresses")


def test_samples(fake):
    fake.packets = [pb.DroppedPacket(age_ms=40, reason="stun_ufrag", source="203.0.113.9:5060",
                                     destination="198.51.100.1:20000", length=90,
                                     what="UDP, STUN Binding request", call_id="\x1b[2J")]
    out = show(fake, "shed", "sample", "-n", "5")
    assert fake.asked.count == 5
    assert cells(out, "AGO")[1] == [
        ["40", "ms", "stun_ufrag", "203.0.113.9:5060", "198.51.100.1:20000", "UDP,", "STUN",
         "Binding", "request", "90", "?[2J"]]


@pytest.mark.parametrize("words, milliseconds, said", [
    ((), 0, "until it is unblocked"), (("--for", "90s"), 90000, "for 1m30s"),
    (("--for", "10m"), 600000, "for 10m00s"), (("--for", "2h"), 7200000, "for 2h00m"),
    (("--for=1d",), 86400000, "for 1d00h")])
def test_block(fake, words, milliseconds, said):
    fake.calls_cut = 1
    out = show(fake, "shed", "block", "203.0.113.0/24", *words)
    assert (fake.asked.prefix, fake.asked.for_ms) == ("203.0.113.0/24", milliseconds)
    assert out == (f"203.0.113.0/24 is blocked {said}\n"
                   "this cuts off media of 1 running call\n")


def test_refusals(fake):
    assert run("-s", fake.address, "shed", "block", "x") == (
        1, "", "tandemctl: x is no prefix\n")
    assert run("-s", fake.address, "shed", "unblock", "203.0.113.0/24") == (
        1, "", "tandemctl: 203.0.113.0/24 is not blocked\n")


@pytest.mark.parametrize("words, complaint", [
    (("shed", "block"), "shed block takes one prefix"),
    (("shed", "block", "a", "b"), "shed block takes one prefix"),
    (("shed", "bottom"), "shed takes no argument"),
    (("shed", "watch", "c1"), "shed watch takes no argument"),
    (("shed", "unblock", "203.0.113.0/24", "--for", "1h"), "--for is for shed block"),
    (("shed", "--count", "5"), "--count is for shed top"),
    (("shed", "top", "--count", "101"), "shed top shows at most 100"),
    (("shed", "sample", "--count", "201"), "shed sample shows at most 200"),
    (("shed", "top", "--count", "0"), "no number from 1 to 999"),
    (("shed", "top", "--count", "5x"), "no number from 1 to 999"),
    (("shed", "block", "203.0.113.0/24", "--for", "10"), "is no time"),
    (("shed", "block", "203.0.113.0/24", "--for", "0s"), "is no time"),
    (("shed", "block", "203.0.113.0/24", "--for", "10ms"), "is no time"),
    (("shed", "block", "203.0.113.0/24", "--for", "forever"), "is no time")])
def test_wrong_usage(words, complaint):
    code, out, error = run(*words)
    assert (code, out) == (2, "")
    assert complaint in error


def events():
    return [pb.AttackEvent(change=change, attack=ATTACK)
            for change in (pb.CHANGE_BEGAN, pb.CHANGE_CHANGED, pb.CHANGE_ENDED)]


def test_watch_ends_with_the_stream(fake):
    fake.events = events()
    code, out, error = run("-s", fake.address, "shed", "watch")
    assert (code, error) == (1, "tandemctl: its reader does not keep up\n")
    assert [line.split(maxsplit=2)[1:] for line in out.splitlines()] == [
        ["began", LINE], ["changed", LINE], ["ended", LINE]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_ends_with_a_signal(fake, number):
    """Events come as they are sent, an object a line; the end is a clean one."""
    fake.events, fake.stay = events(), True
    with subprocess.Popen([PROGRAMS / "tandemctl", "-s", fake.address, "-j", "shed", "watch"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
        changes = [json.loads(watch.stdout.readline())["change"] for _ in fake.events]
        watch.send_signal(number)
        out, error = watch.communicate(timeout=10)
        assert (watch.returncode, out, error) == (0, "", "")
    assert changes == ["CHANGE_BEGAN", "CHANGE_CHANGED", "CHANGE_ENDED"]


def test_watch_says_that_nobody_is_there(tmp_path):
    code, _, error = run("-s", f"unix:{tmp_path}/none", "shed", "watch")
    assert code == 3
    assert "is tandem-controlplane running there?" in error
