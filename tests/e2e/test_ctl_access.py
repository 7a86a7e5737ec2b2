# SPDX-License-Identifier: BSD-3-Clause
"""tandemctl's tokens: how they are made, from where they come, and to whom they go."""

import concurrent.futures
import datetime
import hashlib
import json
import os
import re
import subprocess

import grpc
import pytest

import api
import access_pb2_grpc  # api has compiled them
import relay_pb2_grpc
from relay import PROGRAMS


class FakeRelay(access_pb2_grpc.AccessServicer, relay_pb2_grpc.RelayServicer):
    """Keeps what each call shows."""

    def __init__(self):
        self.shown = []

    def _note(self, context):
        self.shown += [value for key, value in context.invocation_metadata()
                       if key == "authorization"]

    def WhoAmI(self, request, context):
        self._note(context)
        return api.access.WhoAmIReply(name="token:\x1bops", role="viewer", **{"from": "here"})

    def Watch(self, request, context):
        self._note(context)
        yield api.relay.WatchEvent()


@pytest.fixture
def fake(tmp_path):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    servicer = FakeRelay()
    access_pb2_grpc.add_AccessServicer_to_server(servicer, server)
    relay_pb2_grpc.add_RelayServicer_to_server(servicer, server)
    servicer.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield servicer
    server.stop(None).wait()


def run(*arguments, token=None):
    environment = {name: value for name, value in os.environ.items() if name != "TANDEM_TOKEN"}
    if token is not None:
        environment["TANDEM_TOKEN"] = token
    done = subprocess.run([PROGRAMS / "tandemctl", *arguments], capture_output=True, text=True,
                          timeout=30, check=False, env=environment)
    return done.returncode, done.stdout, done.stderr


def test_a_token_and_its_line():
    code, out, error = run("token", "ops", "--role", "operator", "--for", "30d")
    assert (code, error) == (0, "")
    token, = re.findall(r"^  (tandem_[0-9a-f]{64})$", out, re.MULTILINE)
    expiry, digest = re.findall(r"^  token = ops operator (\S+) ([0-9a-f]{64})$", out,
                                re.MULTILINE)[0]
    assert hashlib.sha256(token.encode()).hexdigest() == digest
    left = datetime.datetime.strptime(expiry, "%Y-%m-%dT%H:%M:%SZ") - datetime.datetime.utcnow()
    assert datetime.timedelta(days=29, hours=23) < left <= datetime.timedelta(days=30)


def test_a_token_as_json():
    made = json.loads(run("token", "ops", "--role", "admin", "-j")[1])
    assert made["line"].split()[:4] == ["token", "=", "ops", "admin"]
    assert made["line"].split()[-1] == hashlib.sha256(made["token"].encode()).hexdigest()
    again = json.loads(run("token", "ops", "--role", "admin", "-j")[1])
    assert again["token"] != made["token"]


@pytest.mark.parametrize("arguments, complaint", [
    (("token",), "token takes one name"), (("token", "a b", "--role", "viewer"), "is no name"),
    (("token", "x" * 64, "--role", "viewer"), "is no name"), (("token", "ops"), "say --role"),
    (("token", "ops", "--role", "boss"), "say --role"),
    (("token", "ops", "--role", "viewer", "--for", "1"), "is no time"),
    (("token", "ops", "--role", "viewer", "--for", "36501d"), "a hundred years"),
    (("calls", "--role", "viewer"), "--role is for token"),
    (("--token", "/no/such/file", "calls"), "/no/such/file: No such file"),
    (("--token", "/dev/null", "calls"), "no secret"),
])
def test_wrong_usage_is_one_line(arguments, complaint):
    code, out, error = run(*arguments)
    assert (code, out) == (2, "")
    assert error.count("\n") == 1 and complaint in error


def test_who_one_is(fake):
    assert run("-s", fake.address, "whoami") == (0, "token:?ops, viewer, from here\n", "")
    assert fake.shown == []


def test_a_token_goes_with_each_call(fake, tmp_path):
    path = tmp_path / "token"
    path.write_text("tandem_of_the_file\n", encoding="ascii")
    assert run("-s", fake.address, "whoami", token="tandem_1")[0] == 0
    assert run("-s", fake.address, "watch", token="tandem_2")[0] == 0
    assert run("-s", fake.address, "--token", path, "whoami", token="tandem_3")[0] == 0
    assert run("-s", fake.address, "whoami", token="")[0] == 0
    assert fake.shown == ["Bearer tandem_1", "Bearer tandem_2", "Bearer tandem_of_the_file"]


def test_a_token_goes_nowhere_in_the_clear():
    for server in ("192.0.2.1:50051", "relay.example.com:50051", "[2001:db8::1]:50051"):
        code, out, error = run("-s", server, "calls", token="tandem_1")
        assert (code, out) == (2, "")
        assert error.count("\n") == 1 and "for all to read: --ca gives TLS" in error
        assert "tandem_1" not in error
