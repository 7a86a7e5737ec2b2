# SPDX-License-Identifier: BSD-3-Clause
"""tandemctl turn against a relay that says what each test wants it to say."""

import concurrent.futures
import json
import subprocess
import tempfile

import grpc
import pytest

import api
import turn_pb2_grpc  # api has compiled it
from relay import PROGRAMS
from test_ctl import cells, run, show

pb = api.turn


class FakeTurn(turn_pb2_grpc.TurnServicer):
    """Has allocations, a page each, and secrets; remembers what it was asked."""

    def __init__(self):
        self.allocations, self.secrets, self.deleted, self.asked = [], [], 1, None

    def List(self, request, context):
        assert request.page_size == 1000
        first = int(request.page_token or 0)
        last = first + 1
        return pb.ListReply(allocations=self.allocations[first:last],
                            next_page_token=str(last) if last < len(self.allocations) else "")

    def Delete(self, request, context):
        self.asked = request
        if not self.deleted:
            context.abort(grpc.StatusCode.NOT_FOUND, "bob has, or is, no allocation")
        return pb.DeleteReply(allocations=self.deleted)

    def CreateCredentials(self, request, context):
        self.asked = request
        return pb.CreateCredentialsReply(
            username="1790000000:bob", password="aGVsbG8=", realm="example.com", ttl_s=5400,
            uris=["turn:198.51.100.1:3478?transport=udp", "turn:[2001:db8::1]:3478?transport=udp"])

    def PutSecret(self, request, context):
        self.asked = request
        return pb.PutSecretReply()

    def DeleteSecret(self, request, context):
        self.asked = request
        context.abort(grpc.StatusCode.NOT_FOUND, f"no secret {request.id}")

    def ListSecrets(self, request, context):
        return pb.ListSecretsReply(ids=self.secrets)


@pytest.fixture
def fake():
    with tempfile.TemporaryDirectory(prefix="tandem-ctl-") as directory:
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        servicer = FakeTurn()
        servicer.address = f"unix:{directory}/relay.sock"
        turn_pb2_grpc.add_TurnServicer_to_server(servicer, server)
        server.add_insecure_port(servicer.address)
        server.start()
        yield servicer
        server.stop(None).wait()


def allocation(number, user):
    return pb.Allocation(
        id=f"{number:016x}", user=user, server="198.51.100.1:3478", client="203.0.113.9:4000",
        relayed=f"198.51.100.1:{40000 + number}", left_s=590, age_ms=12000, permissions=2,
        channels=1, to_peers_packets=700, to_client_packets=800, drops=3)


def test_the_list(fake):
    assert show(fake, "turn") == "no allocation\n"
    fake.allocations = [allocation(1, "bob"), allocation(2, "\x1b[2J")]
    head, rows = cells(show(fake, "turn"), "ID")
    assert head[:4] == ["ID", "USER", "CLIENT", "RELAYED"]
    assert rows == [
        ["0000000000000001", "bob", "203.0.113.9:4000", "198.51.100.1:40001", "12", "s", "9m50s",
         "2", "1", "700", "800", "3"],
        ["0000000000000002", "?[2J", "203.0.113.9:4000", "198.51.100.1:40002", "12", "s", "9m50s",
         "2", "1", "700", "800", "3"]]
    told = json.loads(show(fake, "turn", "--json"))
    assert [one["user"] for one in told["allocations"]] == ["bob", "\x1b[2J"]


@pytest.mark.parametrize("argument, member", [
    ("0123456789abcdef", "id"), ("0123456789ABCDEF", "id"), ("0123456789abcde", "user"),
    ("0123456789abcdeg", "user"), ("bob", "user")])
def test_delete(fake, argument, member):
    assert show(fake, "turn", "delete", argument) == "1 allocation deleted\n"
    assert fake.asked == pb.DeleteRequest(**{member: argument})
    fake.deleted = 2
    assert show(fake, "turn", "delete", argument) == "2 allocations deleted\n"
    fake.deleted = 0
    assert run("-s", fake.address, "turn", "delete", argument) == (
        1, "", "tandemctl: bob has, or is, no allocation\n")


@pytest.mark.parametrize("words, asked", [
    ((), {}), (("--for", "90s"), {"for_s": 90}), (("--secret", "one"), {"secret_id": "one"}),
    (("--for", "999999999d"), {"for_s": 0xffffffff})])
def test_credentials(fake, words, asked):
    out = show(fake, "turn", "credentials", "bob", *words)
    assert fake.asked == pb.CreateCredentialsRequest(user="bob", **asked)
    assert out == ("username  1790000000:bob\n"
                   "password  aGVsbG8=\n"
                   "realm     example.com\n"
                   "valid for 1h30m\n"
                   "uri       turn:198.51.100.1:3478?transport=udp\n"
                   "uri       turn:[2001:db8::1]:3478?transport=udp\n")
    assert json.loads(show(fake, "-j", "turn", "credentials", "bob"))["password"] == "aGVsbG8="


def test_secrets(fake):
    assert show(fake, "turn", "secrets") == "no secret\n"
    fake.secrets = ["one", "two"]
    assert show(fake, "turn", "secrets") == "one\ntwo\n"
    assert run("-s", fake.address, "turn", "secret", "remove", "x") == (
        1, "", "tandemctl: no secret x\n")
    assert fake.asked.id == "x"


def add(fake, text):
    done = subprocess.run([PROGRAMS / "tandemctl", "-s", fake.address, "turn", "secret", "add",
                           "two"], input=text, capture_output=True, text=True, timeout=30,
                          check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("text, secret", [("a secret\n", "a secret"), ("a secret", "a secret"),
                                          (" \n", " "), ("x" * 254 + "\n", "x" * 254)])
def test_a_secret_comes_from_standard_input(fake, text, secret):
    assert add(fake, text) == (
        0, "secret two is in force until the control plane restarts\n", "")
    assert fake.asked == pb.PutSecretRequest(id="two", text=secret)


@pytest.mark.parametrize("text, complaint", [
    ("", "no secret: write it to standard input"), ("\n", "no secret"),
    ("a\nb\n", "one line of text"), ("a\0b\n", "one line of text"),
    ("x" * 256, "less than 256 octets"), ("x" * 100000, "less than 256 octets")])
def test_what_is_no_secret(fake, text, complaint):
    code, out, error = add(fake, text)
    assert (code, out) == (2, "")
    assert complaint in error
    assert fake.asked is None


@pytest.mark.parametrize("words, complaint", [
    (("turn", "bob"), "turn takes no argument"),
    (("turn", "credentials"), "turn credentials takes one user's name"),
    (("turn", "credentials", "a", "b"), "turn credentials takes one user's name"),
    (("turn", "credentials", "a", "--for", "10"), "is no time"),
    (("turn", "delete"), "turn delete takes one allocation's ID or one user's name"),
    (("turn", "secret", "add"), "turn secret add takes one secret's ID"),
    (("turn", "secret", "add", "two", "text"), "turn secret add takes one secret's ID"),
    (("turn", "secret", "remove"), "turn secret remove takes one secret's ID"),
    (("turn", "secrets", "one"), "turn secrets takes no argument"),
    (("turn", "--for", "1h"), "--for is for shed block, turn credentials, token and capture"),
    (("turn", "secrets", "--secret", "one"), "--secret is for turn credentials"),
    (("calls", "--secret", "one"), "--secret is for turn credentials")])
def test_wrong_usage(words, complaint):
    code, out, error = run(*words)
    assert (code, out) == (2, "")
    assert complaint in error
