# SPDX-License-Identifier: BSD-3-Clause
"""Who may do what: each way in, each refusal, and what the audit keeps of it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile

import grpc
import pytest

import api
import endpoint as endpoints
import net
import wait
from authority import Authority
from calls import CALL, TAGS, exchange, phone_side
from relay import API_SOCKET, PROGRAMS

LOOPBACK = "127.0.0.1:50051"
# Of the relay's kernel, not one of the media addresses.
ADDRESS, PORT = "198.51.100.2", 50051
NOBODY = 65534
OFFER = (f"v=0\r\no=- 1 1 IN IP4 {net.PHONE[4]}\r\ns=-\r\nc=IN IP4 {net.PHONE[4]}\r\nt=0 0\r\n"
         "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")
BURST = 10  # failed attempts of one source that are told why; then there is one more in six seconds
TRIES = 100


def make_token(name, role):
    """A token, and its line for [access]."""
    made = json.loads(net.run(str(PROGRAMS / "tandemctl"), "token", name, "--role", role, "-j"))
    return made["token"], made["line"]


def expired(line):
    words = line.split()
    return " ".join([*words[:-2], "2020-01-01", words[-1]])


TOKENS = ("viewer", "operator", "admin", "late")


class Access:
    """A relay with a token for each role, one that has expired, and an audit."""

    def __init__(self, start_relay, directory, *lines, before=""):
        made = {role: make_token(f"the-{role}", role if role != "late" else "admin")
                for role in TOKENS}
        self.tokens = {role: token for role, (token, _) in made.items()}
        self.audit_file = directory / "audit"
        self.lines = [line if role != "late" else expired(line)
                      for role, (_, line) in made.items()]
        self.relay = start_relay(controlplane="\n".join(
            [f"listen={LOOPBACK}", before, "[access]", *self.lines, *lines,
             f"audit={self.audit_file}"]))

    def reload(self, change=str):
        """Rewrites the configuration by change(text), and has it read anew."""
        def count():
            return self.relay.controlplane.text().count("read the configuration anew")
        path, before = self.relay.controlplane_ini, count()
        path.write_text(change(path.read_text(encoding="ascii")), encoding="ascii")
        self.relay.controlplane.signal(signal.SIGHUP)
        wait.until(lambda: count() > before, 10, "the configuration to be read anew")

    def ctl(self, *arguments, server=LOOPBACK, token=None, namespace=net.RELAY, **more):
        environment = {**os.environ, "TANDEM_TOKEN": token or ""}
        return subprocess.run(
            namespace.command(str(PROGRAMS / "tandemctl"), "--server", server,
                              *map(str, arguments)),
            capture_output=True, text=True, timeout=30, check=False, env=environment, **more)

    def audit(self):
        return [json.loads(line) for line in
                self.audit_file.read_text(encoding="utf-8").splitlines()]

    def audited(self, **wanted):
        return [line for line in self.audit()
                if all(line[name] == value for name, value in wanted.items())]


@pytest.fixture
def access(start_relay, directory):
    return Access(start_relay, directory)


# --- ways in

def test_loopback_alone_lets_nobody_in(access):
    told = access.ctl("calls")
    assert (told.returncode, told.stdout) == (1, "")
    assert "show a token" in told.stderr
    assert access.ctl("whoami").returncode == 1
    # Whether the relay can take calls is no secret.
    assert access.ctl("health").stdout == "serving\n"


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_a_token_lets_in(access, role):
    told = access.ctl("whoami", token=access.tokens[role])
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"token:the-{role}, {role}, from 127.0.0.1:")


def test_a_token_from_a_file(access, directory):
    path = directory / "token"
    path.write_text(access.tokens["viewer"] + "\n", encoding="ascii")
    assert access.ctl("--token", path, "whoami").stdout.startswith("token:the-viewer, viewer")


def test_other_tokens_do_not(access):
    told = access.ctl("calls", token=access.tokens["late"])
    assert told.returncode == 1
    assert "token:the-late has expired" in told.stderr
    for token in ("tandem_" + "0" * 64, "x", access.tokens["admin"][:-1],
                  access.tokens["admin"] + "0"):
        told = access.ctl("calls", token=token)
        assert told.returncode == 1, token
        assert "nobody known" in told.stderr
    assert [line["result"] for line in access.audited(method="tandem.relay.v1.Relay/List")] == \
        ["UNAUTHENTICATED"] * 5


def test_root_is_admin_by_the_unix_socket(access):
    name, role, where = access.relay.ctl("whoami").strip().split(", ")
    assert (name, role) == ("user:root", "admin")
    assert where.startswith("from uid 0 pid ")


@contextlib.contextmanager
def place_for_all():
    """A directory that every user of the machine reaches, with tandemctl in it."""
    with tempfile.TemporaryDirectory(prefix="tandem-access-", dir="/tmp") as path:
        os.chmod(path, 0o755)
        shutil.copy(PROGRAMS / "tandemctl", path)
        yield path


def test_other_users_by_the_unix_socket(start_relay, directory):
    with place_for_all() as place:
        access = Access(start_relay, directory, "unix=viewer user:nobody",
                        before=f"listen=unix:{place}/relay.sock")

        def ctl(user, *arguments):
            return subprocess.run([f"{place}/tandemctl", "-s", f"unix:{place}/relay.sock",
                                   *arguments], user=user, group=user, extra_groups=[],
                                  capture_output=True, text=True, timeout=30, check=False)
        told = ctl(NOBODY, "whoami")
        assert told.returncode == 0, told.stderr
        assert told.stdout.startswith(f"user:nobody, viewer, from uid {NOBODY} pid ")
        assert ctl(NOBODY, "calls").returncode == 0
        told = ctl(NOBODY, "shed", "block", "192.0.2.0/24")
        assert told.returncode == 1
        assert "user:nobody is viewer here: it takes operator" in told.stderr
        told = ctl(NOBODY - 1, "calls")
        assert told.returncode == 1
        assert f"no role for uid:{NOBODY - 1}" in told.stderr
        # Root's own socket is as it was, for root.
        assert access.relay.ctl("whoami").startswith("user:root, admin")
        assert access.audited(who="user:nobody", result="PERMISSION_DENIED")


def test_each_role_has_its_methods(access):
    """What it takes to list, to block and to add a secret."""
    asks = [("viewer", ("calls",)), ("operator", ("shed", "block", "192.0.2.0/24")),
            ("admin", ("turn", "secret", "remove", "none"))]
    order = ["viewer", "operator", "admin"]
    for role in order:
        for least, words in asks:
            told = access.ctl(*words, token=access.tokens[role])
            denied = f"token:the-{role} is {role} here: it takes {least}" in told.stderr
            assert denied == (order.index(role) < order.index(least)), (role, words, told.stderr)


def test_what_an_orchestrator_is_told(access):
    """The codes of access.proto. A token counts, though root shows it by the UNIX socket."""
    def code(token, ask):
        with contextlib.closing(api.Api(f"unix:{API_SOCKET}", token=token)) as client, \
                pytest.raises(grpc.RpcError) as refused:
            ask(client)
        assert refused.value.details()
        return refused.value.code()

    assert access.relay.api.whoami().role == "admin"
    with contextlib.closing(api.Api(f"unix:{API_SOCKET}", token=access.tokens["viewer"])) as viewer:
        assert (viewer.whoami().name, viewer.list()) == ("token:the-viewer", [])
    assert code(access.tokens["viewer"], lambda client: client.delete(CALL)) == \
        grpc.StatusCode.PERMISSION_DENIED
    assert code("tandem_guess", lambda client: client.list()) == grpc.StatusCode.UNAUTHENTICATED
    assert code("tandem_guess", lambda client: next(client.watch())) == \
        grpc.StatusCode.UNAUTHENTICATED
    assert {code("tandem_guess", lambda client: client.list()) for _ in range(TRIES)} == \
        {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_failed_attempts_are_limited(access):
    """Of one source: then no reason is told, no line is written; a good token is served."""
    told = []
    with contextlib.closing(api.Api(f"unix:{API_SOCKET}", token="tandem_guess")) as guess:
        for _ in range(TRIES):
            with pytest.raises(grpc.RpcError) as refused:
                guess.list()
            told.append(refused.value.details())
    telling = ["nobody known" in text for text in told]
    silent = ["too many failed attempts came from uid 0 pid" in text for text in told]
    assert all(telling[:BURST]) and sum(silent) and sum(telling) + sum(silent) == TRIES
    assert len(access.audited(result="UNAUTHENTICATED")) == sum(telling)
    with contextlib.closing(api.Api(f"unix:{API_SOCKET}", token=access.tokens["viewer"])) as good:
        assert good.list() == []
    # Other sources are as they were.
    assert "nobody known" in access.ctl("calls", token="tandem_guess").stderr


# --- the audit

def test_the_audit_of_a_call(access, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    exchange(access.relay, caller, callee, to=phone_side(), network="trunk")
    access.ctl("calls", token=access.tokens["viewer"])
    access.ctl("delete", CALL, token=access.tokens["viewer"])
    access.ctl("delete", "no-such-call", token=access.tokens["operator"])
    access.ctl("delete", CALL, token=access.tokens["operator"])
    access.ctl("shed", "block", "192.0.2.0/24", "--for", "60s", token=access.tokens["operator"])
    access.ctl("shed", "unblock", "192.0.2.0/24", token=access.tokens["operator"])
    lines = [(line["who"], line["role"], line["method"].split("/")[1], line["what"],
              line["result"]) for line in access.audit()]
    root, operator = ("user:root", "admin"), ("token:the-operator", "operator")
    assert lines == [
        (*root, "Offer", {"call_id": CALL, "from_tag": TAGS[0]}, "OK"),
        (*root, "Answer", {"call_id": CALL, "from_tag": TAGS[0], "to_tag": TAGS[1]}, "OK"),
        ("token:the-viewer", "viewer", "Delete", {}, "PERMISSION_DENIED"),
        (*operator, "Delete", {"call_id": "no-such-call"}, "NOT_FOUND"),
        (*operator, "Delete", {"call_id": CALL}, "OK"),
        (*operator, "Block", {"prefix": "192.0.2.0/24", "for_ms": 60000}, "OK"),
        (*operator, "Unblock", {"prefix": "192.0.2.0/24"}, "OK")]
    for line in access.audit():
        assert line["time"].endswith("Z")
        assert line["from"].startswith(("127.0.0.1:", "uid 0 pid "))
    text = access.audit_file.read_text(encoding="utf-8")
    assert "v=0" not in text and net.PHONE[4] not in text
    assert access.audit_file.stat().st_mode & 0o7777 == 0o600


def test_the_audit_has_no_secrets(access):
    access.ctl("turn", "secret", "add", "2026", token=access.tokens["admin"],
               input="what nobody may read\n")
    line, = access.audited(method="tandem.turn.v1.Turn/PutSecret")
    assert line["what"] == {"id": "2026"}
    text = access.audit_file.read_text(encoding="utf-8")
    assert "nobody may read" not in text
    for token in access.tokens.values():
        assert token not in text and token not in access.relay.log()


# --- SIGHUP

def test_a_token_is_taken_back(access):
    viewer = access.lines[0]
    assert access.ctl("calls", token=access.tokens["viewer"]).returncode == 0
    os.rename(access.audit_file, f"{access.audit_file}.1")
    access.reload(lambda text: text.replace(f"{viewer}\n", ""))
    assert access.ctl("calls", token=access.tokens["viewer"]).returncode == 1
    assert access.ctl("calls", token=access.tokens["admin"]).returncode == 0
    # The audit goes on in a file of its old name.
    assert len(access.audited(result="UNAUTHENTICATED")) == 1


def test_a_mistake_changes_nothing(access):
    path = access.relay.controlplane_ini
    path.write_text(path.read_text(encoding="ascii").replace("viewer 20", "boss 20"),
                    encoding="ascii")
    access.relay.controlplane.signal(signal.SIGHUP)
    access.relay.controlplane.wait_line("that of before stays in force")
    assert '"boss" is no role' in access.relay.controlplane.text()
    assert access.ctl("calls", token=access.tokens["viewer"]).returncode == 0


# --- TLS

@pytest.fixture
def remote():
    """The address that the API is served on beyond loopback."""
    net.RELAY.run("ip", "addr", "add", f"{ADDRESS}/24", "dev", "public0")
    yield f"{ADDRESS}:{PORT}"
    net.RELAY.run("ip", "addr", "del", f"{ADDRESS}/24", "dev", "public0")


@pytest.fixture
def authority(directory):
    return Authority(directory, "authority", ADDRESS)


def files(authority, name):
    certificate, key = authority.issue(name)
    return f"cert={certificate}\nkey={key}\n"


def shown(remote):
    """The certificate that the relay shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, port = remote.split(":")
    with net.BROWSERS.socket(socket.AF_INET, socket.SOCK_STREAM) as plain:
        plain.settimeout(10)
        plain.connect((host, int(port)))
        with context.wrap_socket(plain) as secure:
            return secure.getpeercert(binary_form=True)


def test_a_certificate_lets_in(start_relay, directory, authority, remote):
    access = Access(start_relay, directory, "certificate=operator CN=proxy",
                    before=f"listen={remote}\nca={authority.path}\n{files(authority, 'relay')}")

    def ctl(name, *arguments, **more):
        certificate, key = authority.issue(name)
        return access.ctl("--ca", authority.path, "--cert", certificate, "--key", key, *arguments,
                          server=remote, namespace=net.BROWSERS, **more)
    assert ctl("proxy", "whoami").stdout.startswith("cert:CN=proxy, operator, from 198.51.100.10:")
    told = ctl("stranger", "calls")
    assert told.returncode == 1
    assert 'certificate = ROLE CN=stranger' in told.stderr
    # What is said outright counts, whatever is shown beside it.
    assert ctl("stranger", "whoami", token=access.tokens["viewer"]).stdout.startswith(
        "token:the-viewer, viewer")
    told = ctl("proxy", "calls", token="tandem_guess")
    assert told.returncode == 1
    assert "nobody known" in told.stderr


def test_a_token_needs_no_certificate(start_relay, directory, authority, remote):
    access = Access(start_relay, directory,
                    before=f"listen={remote}\n{files(authority, 'relay')}")

    def ctl(*arguments, **more):
        return access.ctl(*arguments, server=remote, namespace=net.BROWSERS, **more)
    told = ctl("--ca", authority.path, "whoami", token=access.tokens["operator"])
    assert told.stdout.startswith("token:the-operator, operator, from 198.51.100.10:")
    assert ctl("--ca", authority.path, "calls").returncode == 1
    # Without TLS tandemctl keeps it to itself.
    told = ctl("calls", token=access.tokens["operator"])
    assert told.returncode == 2
    assert "for all to read" in told.stderr


def test_certificates_are_read_anew(start_relay, directory, authority, remote):
    access = Access(start_relay, directory,
                    before=f"listen={remote}\nca={authority.path}\n{files(authority, 'relay')}")
    before = shown(remote)
    certificate, key = authority.issue("proxy")
    options = ["--ca", authority.path, "--cert", certificate, "--key", key]
    access.reload(lambda text: text + "\ncertificate=viewer CN=proxy\n")
    with open(directory / "watched", "wb") as out:
        watching = subprocess.Popen(net.BROWSERS.command(
            str(PROGRAMS / "tandemctl"), "--server", remote, *map(str, options), "-j", "watch"),
            stdout=out)
    try:
        def events():
            return (directory / "watched").read_text(encoding="utf-8").splitlines()
        wait.until(events, 10, "the watch to begin")
        authority.issue("relay")  # in the place of the files of before
        access.reload()
        assert shown(remote) != before
        access.relay.api.offer(CALL, "caller", OFFER, to=phone_side(), network="trunk")
        wait.until(lambda: len(events()) > 1, 10, "an event on the connection of before")
    finally:
        watching.terminate()
        watching.wait(10)


