# SPDX-License-Identifier: BSD-3-Clause
"""tandemctl against a relay that says what each test wants it to say: gRPC's own Python server."""

import concurrent.futures
import contextlib
import json
import subprocess
import tempfile

import grpc
import pytest

import api
import health_pb2_grpc  # api has compiled them
import relay_pb2_grpc
from relay import PROGRAMS

pb = api.relay


class FakeRelay(relay_pb2_grpc.RelayServicer, health_pb2_grpc.HealthServicer):
    """Answers from `calls`, `report` and `serving`; an unknown call is NOT_FOUND."""

    def __init__(self):
        self.calls = {}
        self.report = pb.StatusReply()
        self.serving = True
        self.page_size = 2
        self.asked = []  # lists

    def _find(self, request, context):
        if request.call_id not in self.calls:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no call {request.call_id}")
        return self.calls[request.call_id]

    def List(self, request, context):
        self.asked.append(request)
        first = int(request.page_token or 0)
        names = list(self.calls)[first:first + self.page_size]
        last = first + self.page_size
        return pb.ListReply(
            calls=[pb.CallSummary(call_id=name, state=self.calls[name].state, driver="ng",
                                  age_ms=self.calls[name].age_ms,
                                  mos=1.25, lowest_mos=1, why="a: on hold",
                                  legs=len(self.calls[name].legs)) for name in names],
            next_page_token=str(last) if last < len(self.calls) else "")

    def Query(self, request, context):
        return pb.QueryReply(call=self._find(request, context))

    def Delete(self, request, context):
        call = self._find(request, context)
        del self.calls[request.call_id]
        return pb.DeleteReply(call=call)

    def Status(self, request, context):
        return self.report

    def Check(self, request, context):
        return api.health.HealthCheckResponse(
            status=api.health.HealthCheckResponse.SERVING if self.serving
            else api.health.HealthCheckResponse.NOT_SERVING)


@contextlib.contextmanager
def serve(add_port):
    """Runs a FakeRelay where add_port(server) says; that returns its address."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    servicer = FakeRelay()
    relay_pb2_grpc.add_RelayServicer_to_server(servicer, server)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    servicer.address = add_port(server)
    server.start()
    yield servicer
    server.stop(None).wait()


@pytest.fixture
def fake():
    with tempfile.TemporaryDirectory(prefix="tandem-ctl-") as directory:
        address = f"unix:{directory}/relay.sock"
        with serve(lambda server: server.add_insecure_port(address) and address) as servicer:
            yield servicer


def run(*arguments):
    done = subprocess.run([PROGRAMS / "tandemctl", *arguments], capture_output=True, text=True,
                          timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


def show(fake, *arguments):
    """What the command prints, when it succeeds."""
    code, out, error = run("--server", fake.address, *arguments)
    assert (code, error) == (0, "")
    return out


def cells(out, *head):
    """The head and the rows of the table whose head line begins with these words."""
    lines = out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.split()[:len(head)] == list(head))
    rows = []
    for line in lines[start + 1:]:
        if not line.strip():
            break
        rows.append(line.split())
    return lines[start].split(), rows


def leg(tag, **more):
    fields = dict(id=1, tag=tag, media="audio", network="public", local="198.51.100.1:20000",
                  remote="203.0.113.9:4000", profile=pb.PROFILE_RTP_AVP,
                  flow=pb.Flow(packets=100, bytes=17200, sent_packets=100, silence_ms=18))
    fields.update(more)
    return pb.Leg(**fields)


def test_calls_are_listed_over_all_pages(fake):
    for i in range(5):
        fake.calls[f"call-{i}"] = pb.Call(state=pb.CALL_UP, age_ms=[850, 12000, 187000, 18720000,
                                                                   183600000][i], legs=[leg("a")])
    head, rows = cells(show(fake, "calls"), "CALL")
    assert head == ["CALL", "STATE", "AGE", "LEGS", "MOS", "LOWEST", "BY", "WHY"]
    rest = ["1", "1.25", "1.00", "ng", "a:", "on", "hold"]
    assert rows == [["call-0", "up", "850", "ms", *rest], ["call-1", "up", "12", "s", *rest],
                    ["call-2", "up", "3m07s", *rest], ["call-3", "up", "5h12m", *rest],
                    ["call-4", "up", "2d03h", *rest]]
    listed = json.loads(show(fake, "calls", "--json"))
    assert [call["call_id"] for call in listed["calls"]] == list(fake.calls)


@pytest.mark.parametrize("arguments, order, search, size", [
    ((), pb.ORDER_AGE, "", 0),
    (("--search", "203.0.113.9"), pb.ORDER_AGE, "203.0.113.9", 0),
    (("--newest", "-n", "7"), pb.ORDER_NEWEST, "", 7),
    (("--worst", "--search", "Bob", "--count", "999"), pb.ORDER_WORST, "Bob", 999)])
def test_calls_in_an_order(fake, arguments, order, search, size):
    fake.calls["c"] = pb.Call(state=pb.CALL_UP)
    assert "c " in show(fake, "calls", *arguments)
    asked, = fake.asked
    assert (asked.order, asked.search, asked.page_size) == (order, search, size)


def test_no_more_calls_than_asked_for(fake):
    for i in range(5):
        fake.calls[f"call-{i}"] = pb.Call(state=pb.CALL_UP)
    _, rows = cells(show(fake, "calls", "--count", "2"), "CALL")
    assert [row[0] for row in rows] == ["call-0", "call-1"]


def test_no_calls(fake):
    assert show(fake, "calls") == "no calls\n"


def test_columns_are_aligned(fake):
    fake.calls["é"] = pb.Call(state=pb.CALL_OFFERED)
    fake.calls["a-much-longer-id"] = pb.Call(state=pb.CALL_UP)
    lines = show(fake, "calls").splitlines()
    assert lines[0].index("STATE") == lines[1].index("offered") == lines[2].index("up")
    assert {line.index(word) for line, word in zip(lines, ("WHY", "a: on", "a: on"))} == {
        lines[0].index("WHY")}


def test_a_call_is_shown_whole(fake):
    browser = leg("alice", profile=pb.PROFILE_UDP_TLS_RTP_SAVPF, ice=pb.LINK_UP, dtls=pb.LINK_UP,
                  suite="AEAD_AES_128_GCM", handshake_ms=42)
    browser.flow.streams.add(ssrc=0xdeadbeef, payload_type=111, packets=99, bytes=17028, lost=1,
                             jitter_ms=1.25, rtt_ms=20.5, renumbered=2, codec="opus",
                             quality=pb.Quality(mos=4.268, lowest_mos=3.5))
    phone = leg("bob", id=2, network="trunk")
    fake.calls["x"] = pb.Call(
        call_id="x", state=pb.CALL_UP, age_ms=5000, legs=[browser, phone],
        parties=[pb.Party(tag="alice", partner="bob"),
                 pb.Party(tag="bob", partner="alice", branch="z9", state=pb.PARTY_OFFERING),
                 pb.Party(tag="carol", listens=True)],
        paths=[pb.Path(**{"from": 1, "to": 2}, mode=pb.MODE_DECRYPT, sent_packets=100),
               pb.Path(**{"from": 2, "to": 1}, mode=pb.MODE_ENCRYPT, sent_packets=98, dropped=2,
                       why="bob is blocked")])
    out = show(fake, "call", "x")
    assert out.startswith("call x: up, 5 s old\n")
    _, parties = cells(out, "PARTY")
    assert parties == [["alice", "-", "bob", "-"], ["bob", "z9", "alice", "offering"],
                       ["carol", "-", "(listens)", "-"]]
    _, legs = cells(out, "LEG", "PARTICIPANT")
    assert legs == [["1", "alice", "audio", "public", "198.51.100.1:20000", "203.0.113.9:4000",
                     "UDP/TLS/RTP/SAVPF", "up", "up", "AEAD_AES_128_GCM", "42", "ms"],
                    ["2", "bob", "audio", "trunk", "198.51.100.1:20000", "203.0.113.9:4000",
                     "RTP/AVP", "-", "-", "-", "-"]]
    _, flows = cells(out, "LEG", "FROM")
    assert flows == [
        [str(i), tag, "100", "17200", "100", "0", "0", "0", "0", "0", "18", "ms"]
        for i, tag in ((1, "alice"), (2, "bob"))]
    _, paths = cells(out, "FROM", "LEG")
    assert paths == [["1", "alice", "2", "bob", "decrypt", "100", "0", "-"],
                     ["2", "bob", "1", "alice", "encrypt", "98", "2", "bob", "is", "blocked"]]
    _, streams = cells(out, "LEG", "SSRC")
    assert streams == [["1", "deadbeef", "opus", "99", "17028", "1", "1.00", "%", "1.2", "ms",
                        "20.5", "ms", "4.27", "3.50", "2"]]
    assert out.endswith("\nmedia passes from every participant\n")


def test_silence_is_explained(fake):
    """In the relay's own words, which knows more of the leg than it shows."""
    fake.calls["x"] = pb.Call(call_id="x", legs=[
        leg("alice", why="the fingerprint \x1b does not match", flow=None), leg("bob")])
    last = show(fake, "call", "x").splitlines()[-1]
    assert last == "no audio from alice: the fingerprint ? does not match"


def test_what_is_shed_is_shown_when_there_is_something(fake):
    fake.calls["x"] = pb.Call(call_id="x", legs=[
        leg("alice", shed_packets=7, shed_reason="stranger_media"), leg("bob", id=2)])
    lines = [line for line in show(fake, "call", "x").splitlines() if line.startswith("shed")]
    assert lines == ["shed: 7 packets to leg 1, the last one as stranger_media; "
                     "tandemctl shed top shows who sends them"]


def test_delete_shows_the_last_statistics(fake):
    fake.calls["x"] = pb.Call(call_id="x", legs=[leg("alice")])
    assert "17200" in show(fake, "delete", "x")
    assert not fake.calls
    assert run("--server", fake.address, "delete", "x") == (1, "", "tandemctl: no call x\n")


def test_ports_drops_status(fake):
    fake.report = pb.StatusReply(
        version="1.0", dataplane_version="1.1", dataplane_connected=True, workers=2,
        crypto_engine="libsrtp2", calls=3, legs=6, legs_max=1000, dataplane_legs=7,
        networks=[pb.Network(name="public", address="198.51.100.1", ports_used=250,
                             ports_free=750)],
        links=[pb.Link(name="nic", driver="net_ice", up=True, mbits=25000, queues=4,
                       spread="by address and UDP port", received=9, sent=8, missed=7, no_buffer=6,
                       errors=5)],
        worker_loads=[pb.WorkerLoad(number=0, core=3, packets=1000, busy=0.25, busy_us=5,
                                    total_us=10, latency=[600, 390, 9, 1], latency_sum_us=2500)],
        latency_bounds_us=[1, 2, 5], headroom=pb.Headroom(calls=9, limit="workers", busy=0.25),
        drops=[pb.Counter(name="auth_failed", value=3, help="SRTP tag is wrong"),
               pb.Counter(name="replay", value=0, help="seen before")],
        counters=[pb.Counter(name="punted", value=12, help="datagrams for DTLS")])
    assert cells(show(fake, "ports"), "NETWORK")[1] == [
        ["public", "198.51.100.1", "250", "750", "25.0", "%"]]
    assert cells(show(fake, "ports"), "PORT")[1] == [
        "nic net_ice 25000 Mbit/s 4 by address and UDP port 9 8 7 6 5".split()]
    assert cells(show(fake, "drops"), "REASON")[1] == [
        ["auth_failed", "3", "SRTP", "tag", "is", "wrong"]]
    assert len(cells(show(fake, "drops", "--all"), "REASON")[1]) == 2
    workers = show(fake, "workers")
    assert cells(workers, "WORKER")[1] == ["0 3 25.0 % 1000 2.5 us 1 us 2 us 5 us".split()]
    assert workers.endswith("\nhead-room: 9 more such calls, then the busiest worker has no time "
                            "left\n")
    out = show(fake, "status")
    assert "\nhead-room      9 more such calls, then the busiest" in out
    assert "dataplane      1.1, connected\n" in out
    assert "legs           7 of 1000\nlegs of calls  6\n" in out
    assert cells(out, "COUNTER")[1] == [["punted", "12", "datagrams", "for", "DTLS"]]


def test_health_is_the_exit_code(fake):
    assert show(fake, "health") == "serving\n"
    fake.serving = False
    assert run("-s", fake.address, "health")[0] == 1
    assert json.loads(run("-s", fake.address, "-j", "health")[1]) == {"status": "NOT_SERVING"}
    assert run("-s", fake.address, "-j", "health")[0] == 1


def test_json_keeps_every_number(fake):
    flow = pb.Flow(packets=2**63 - 1, silence_ms=0xffffffff,
                   streams=[pb.Stream(ssrc=0xffffffff, lost=-5, jitter_ms=0.25)])
    fake.calls["x"] = pb.Call(call_id="x", state=pb.CALL_REOFFERED, legs=[leg("a", flow=flow)])
    call = json.loads(show(fake, "--json", "call", "x"))["call"]
    assert call["state"] == "CALL_REOFFERED"
    assert call["legs"][0]["profile"] == "PROFILE_RTP_AVP"
    assert call["legs"][0]["flow"]["packets"] == 2**63 - 1
    stream = call["legs"][0]["flow"]["streams"][0]
    assert (stream["ssrc"], stream["lost"], stream["jitter_ms"]) == (0xffffffff, -5, 0.25)


def test_a_tag_cannot_drive_the_terminal(fake):
    fake.calls["x"] = pb.Call(call_id="\x1b[2J", legs=[leg("\x1b]0;owned\x07\x9b1m", why="\r")])
    out = show(fake, "call", "x")
    assert not [c for c in out if c != "\n" and (ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0)]


def make_certificate(directory, name, authority=None):
    """name.pem and name.key: an authority, or signed by one for 127.0.0.1."""
    extension = "subjectAltName=IP:127.0.0.1" if authority else "keyUsage=keyCertSign"
    signer = ["-CA", directory / f"{authority}.pem",
              "-CAkey", directory / f"{authority}.key"] if authority else []
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name}",
                    "-addext", extension, "-keyout", directory / f"{name}.key",
                    "-out", directory / f"{name}.pem", *signer], check=True, capture_output=True)


def tls_options(directory, authority, name):
    return ("--ca", directory / f"{authority}.pem", "--cert", directory / f"{name}.pem",
            "--key", directory / f"{name}.key")


def test_mutual_tls(tmp_path):
    for name, authority in (("ca", None), ("other-ca", None), ("server", "ca"), ("client", "ca"),
                            ("stranger", "other-ca")):
        make_certificate(tmp_path, name, authority)
    credentials = grpc.ssl_server_credentials(
        [((tmp_path / "server.key").read_bytes(), (tmp_path / "server.pem").read_bytes())],
        (tmp_path / "ca.pem").read_bytes(), require_client_auth=True)

    def add_port(server):
        return f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"

    with serve(add_port) as fake:
        right = tls_options(tmp_path, "ca", "client")
        assert run("-s", fake.address, *right, "health") == (0, "serving\n", "")
        for wrong in (tls_options(tmp_path, "ca", "stranger"),
                      tls_options(tmp_path, "other-ca", "client")):
            code, out, error = run("-s", fake.address, *wrong, "health")
            assert (code, out, error.count("\n")) == (3, "", 1)
            assert error.endswith("do --ca, --cert and --key fit the server's?\n")


def test_nobody_listens():
    code, out, error = run("--server", "unix:/no/such/relay.sock", "calls")
    assert (code, out) == (3, "")
    assert error == ("tandemctl: cannot reach unix:/no/such/relay.sock: No such file or directory: "
                     "is tandem-controlplane running there? --server names another address\n")


@pytest.mark.parametrize("arguments", [
    (), ("nonsense",), ("call",), ("call", "a", "b"), ("calls", "a"), ("--nonsense",),
    ("calls", "--worst", "--newest"), ("drops", "--search", "a"), ("status", "--worst"),
    ("--ca", "/no/such/file", "calls"),
    ("--ca", "/dev/null", "--cert", "x", "--key", "y", "calls"),
])
def test_wrong_usage_is_one_line(arguments):
    code, out, error = run(*arguments)
    assert (code, out) == (2, "")
    assert error.count("\n") == 1


def test_help_and_version():
    code, out, _ = run("--help")
    assert code == 0 and "exit status: 0 done, 1 the relay said no" in out
    assert run("--version")[1].startswith("tandemctl ")
