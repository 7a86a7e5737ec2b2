# SPDX-License-Identifier: BSD-3-Clause
"""The web front: who may ask what, events while a call goes on, and what clients get wrong."""

import hashlib
import json
import re
import select
import signal
import socket
import ssl
import subprocess
import warnings

import pytest

import net
import wait
from authority import Authority
from calls import CALL, exchange, phone_side
from relay import PROGRAMS
from web import Web

ADDRESS, PORT, PLAIN_PORT = "127.0.0.1", 8443, 8080
NG_PORT, NG_PLAIN_PORT = 2226, 2225
OPEN = "198.51.100.2"  # of the relay's kernel, for others than its own host
RELAY = "tandem.relay.v1.Relay"
SHED = "tandem.shed.v1.Shed"
ROLES = ("viewer", "operator", "admin")
SDP = (f"v=0\r\no=- 1 1 IN IP4 {net.PHONE[4]}\r\ns=-\r\nc=IN IP4 {net.PHONE[4]}\r\nt=0 0\r\n"
       "m=audio 4000 RTP/AVP 0\r\n")


def make_token(role):
    made = json.loads(net.run(str(PROGRAMS / "tandemctl"), "token", f"the-{role}", "--role", role,
                              "-j"))
    return made["token"], made["line"]


@pytest.fixture(scope="module")
def tokens():
    """By role: the token, and its line for [access]."""
    return {role: make_token(role) for role in ROLES}


@pytest.fixture
def authority(directory):
    return Authority(directory, "authority", ADDRESS)


@pytest.fixture
def relay(start_relay, tokens, authority):
    """With a page that anybody reaches, whose certificates are an authority's."""
    certificate, key = authority.issue("relay")
    lines = [f"listen=https:{ADDRESS}:{PORT}", f"listen=http:{ADDRESS}:{PLAIN_PORT}",
             f"cert={certificate}", f"key={key}", f"ca={authority.path}"]
    return start_relay(controlplane="\n".join(
        ["[web]", *lines, "[access]", *(line for _, line in tokens.values()),
         "certificate=operator CN=the-proxy"]))


@pytest.fixture
def web(relay, tokens, authority):
    return Web(PORT, cafile=authority.path, token=tokens["viewer"][0])


def test_the_page_and_what_protects_it(web):
    status, fields, content = web.ask("GET", "/")
    assert status == 200 and content.startswith(b"<!DOCTYPE html>")
    policy = dict(rule.split(" ", 1) for rule in fields["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src", "img-src")} \
        == {"'self'"}
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Strict-Transport-Security"]
    assert fields["Referrer-Policy"] == "same-origin"
    # All that it is made of is there, and is not sent twice.
    with_tag, connection = {}, web.connect()
    for path in {"/", *re.findall(r'(?:src|href)="([\w./-]+)"', content.decode())}:
        path = f"/{path.lstrip('/')}"
        status, fields, content = web.ask("GET", path, connection=connection)
        assert status == 200 and content, path
        with_tag[path] = fields["ETag"]
    for path, tag in with_tag.items():
        assert web.ask("GET", path, connection=connection, If_None_Match=tag)[0] == 304
    connection.close()


def test_signing_in_and_out(web, tokens):
    web.token = None
    assert web.ask("GET", "/whoami")[0] == 401
    status, fields, who = web.ask("POST", "/login", {"token": tokens["operator"][0]})
    assert status == 200 and who == {"name": "token:the-operator", "role": "operator"}
    cookie, *rest = fields["Set-Cookie"].split("; ")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(rest)
    assert web.ask("GET", "/whoami", Cookie=cookie)[2] == who
    assert web.call(f"{RELAY}/Status", Cookie=cookie)[0] == 200
    status, fields, _ = web.ask("POST", "/logout", {}, Cookie=cookie)
    assert status == 200 and fields["Set-Cookie"].startswith("tandem=; ")
    status, fields, error = web.ask("POST", "/login", {"token": "tandem_" + "0" * 64})
    assert status == 401 and error["status"] == "UNAUTHENTICATED"
    assert fields["WWW-Authenticate"] == "Bearer"
    # A cookie whose time is over is taken back, so that it does not fail again and again.
    status, fields, _ = web.ask("POST", f"/api/{RELAY}/Status", {}, Cookie="tandem=gone")
    assert status == 401 and "Max-Age=0" in fields["Set-Cookie"]


def test_who_may_do_what(web, tokens, authority):
    block = {"prefix": "203.0.113.0/24", "for_ms": "60000"}
    assert web.call(f"{SHED}/Show")[0] == 200
    status, error = web.call(f"{SHED}/Block", block)
    assert status == 403 and error["status"] == "PERMISSION_DENIED"
    operator = tokens["operator"][0]
    assert web.call(f"{SHED}/Block", block, token=operator)[0] == 200
    blocks = web.call(f"{SHED}/Show")[1]["blocks"]
    assert [entry["prefix"] for entry in blocks] == ["203.0.113.0/24"]
    # By a certificate, and with no cookie or token.
    by_name = Web(PORT, cafile=authority.path, pair=authority.issue("the-proxy"))
    assert by_name.call(f"{SHED}/Unblock", {"prefix": "203.0.113.0/24"})[0] == 200
    assert by_name.ask("GET", "/whoami")[2] == {"name": "cert:CN=the-proxy", "role": "operator"}
    unknown = Web(PORT, cafile=authority.path, pair=authority.issue("somebody"))
    status, error = unknown.call(f"{RELAY}/Status")
    assert status == 401 and "CN=somebody" in error["message"]


def test_a_certificate_of_another_authority(web, authority, directory):
    pair = Authority(directory, "stranger", ADDRESS).issue("the-proxy")
    stranger = Web(PORT, cafile=authority.path, pair=pair)
    with pytest.raises((ssl.SSLError, OSError)):
        stranger.call(f"{RELAY}/Status")


def test_errors_are_those_of_grpc(web):
    status, error = web.call(f"{RELAY}/Query", {"call_id": "none"})
    assert status == 404 and (error["code"], error["status"]) == (5, "NOT_FOUND")
    assert error["message"]
    status, error = web.call(f"{RELAY}/List", {"page_sise": 7})
    assert status == 400 and error["message"].startswith("page_sise: ")
    assert web.ask("POST", f"/api/{RELAY}/List", "{")[0] == 400
    assert web.ask("GET", f"/api/{RELAY}/List")[0] == 405
    assert web.call(f"{RELAY}/Nothing")[0] == 404
    status, fields, error = web.ask("PUT", f"/api/{RELAY}/List", "{}")
    assert status == 405 and fields["Allow"] == "GET, POST"


def test_pages_of_other_sites(web):
    own = f"https://{ADDRESS}:{PORT}"
    method = f"/api/{RELAY}/Status"
    assert web.ask("POST", method, {}, Origin=own)[0] == 200
    for origin in ("https://evil.example", "null", f"http://{ADDRESS}:{PORT}",
                   f"https://{ADDRESS}:444"):
        assert web.ask("POST", method, {}, Origin=origin)[0] == 403, origin
    assert web.ask("POST", method, "{}", Content_Type="text/plain")[0] == 415
    assert web.ask("GET", f"/api/{RELAY}/Watch", Sec_Fetch_Site="cross-site")[0] == 403


def test_a_call_is_watched(relay, web, phone):
    caller, callee = phone(440), phone(1000, port=5000)
    with web.events(f"/api/{RELAY}/Watch?call_id={CALL}") as events:
        assert next(events)[1]["kind"] == "WATCH_BEGUN"
        exchange(relay, caller, callee, to=phone_side(), network="trunk")
        kinds = []
        while "WATCH_FIRST_MEDIA" not in kinds:
            name, event = next(events)
            assert name == "message" and event["call_id"] == CALL and event["time_ms"]
            kinds.append(event["kind"])
        assert kinds.index("WATCH_OFFERED") < kinds.index("WATCH_ANSWERED")
        status, reply = web.call(f"{RELAY}/Query", {"call_id": CALL})
        assert status == 200 and len(reply["call"]["legs"]) == 2
        assert [call["call_id"] for call in web.call(f"{RELAY}/List")[1]["calls"]] == [CALL]
        relay.api.delete(CALL)
        assert any(event["kind"] == "WATCH_ENDED" for _, event in events)


def test_a_call_is_made_by_json(relay, web, tokens):
    offer = {"call_id": CALL, "from_tag": "a", "sdp": SDP, "to": {"network": "trunk"},
             "from": {"network": "trunk"}}
    assert web.call(f"{RELAY}/Offer", offer)[0] == 403
    status, reply = web.call(f"{RELAY}/Offer", offer, token=tokens["operator"][0])
    assert status == 200 and "m=audio " in reply["sdp"]
    assert [call.call_id for call in relay.api.list()] == [CALL]


def test_certificates_are_read_anew(relay, web, authority, directory, tokens):
    """Connections and streams of before go on; those of who has lost the right do not."""
    def shown():
        with web.dial() as stream:
            return stream.getpeercert(True)
    before = shown()
    kept = web.connect()
    with web.events(f"/api/{RELAY}/Watch") as events, \
            web.events(f"/api/{RELAY}/Watch", token=tokens["operator"][0]) as lost:
        assert next(events) and next(lost)
        authority.issue("relay")
        path = relay.controlplane_ini
        path.write_text(path.read_text(encoding="ascii").replace(
            tokens["operator"][1], ""), encoding="ascii")
        relay.controlplane.signal(signal.SIGHUP)
        wait.until(lambda: shown() != before, 10, "the new certificate")
        fingerprint = hashlib.sha256(shown()).hexdigest().upper()
        assert ":".join(re.findall("..", fingerprint)) in relay.log()
        assert list(lost)[-1][0] == "end"
        assert web.ask("GET", "/whoami", connection=kept)[0] == 200
        assert web.call(f"{RELAY}/Status", token=tokens["operator"][0])[0] == 401
    # What is wrong changes nothing.
    (directory / "relay.key").write_text("nothing")
    good = shown()
    relay.controlplane.signal(signal.SIGHUP)
    wait.until(lambda: "relay.key: " in relay.log(), 10, "a line about the key", relay.log)
    assert shown() == good


def test_without_files_there_is_a_certificate(start_relay, tokens):
    relay = start_relay(controlplane=f"[web]\nlisten=https:{ADDRESS}:{PORT}\n[access]\n"
                                     f"{tokens['viewer'][1]}\n")
    web = Web(PORT, token=tokens["viewer"][0])
    with web.dial() as stream:
        digest = hashlib.sha256(stream.getpeercert(True)).hexdigest().upper()
        assert stream.version() in ("TLSv1.2", "TLSv1.3")
    assert ":".join(re.findall("..", digest)) in relay.log()
    assert f"https://{ADDRESS}:{PORT}/" in relay.log()
    status, fields, _ = web.ask("POST", f"/api/{RELAY}/Status", {})
    assert status == 200 and "Strict-Transport-Security" not in fields
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(web.dial(tls=False))


@pytest.mark.parametrize("host", [ADDRESS, "relay.example", "a", ":1"])
def test_what_ng_listens_at_is_another_site(start_relay, tokens, authority, host):
    """Whatever name a client asks for, by HTTP or in its handshake."""
    certificate, key = authority.issue("relay")
    start_relay(controlplane="\n".join(
        ["[ng]", f"listen=https:{ADDRESS}:{NG_PORT}", f"listen=http:{ADDRESS}:{NG_PLAIN_PORT}",
         f"cert={certificate}", f"key={key}", "[web]", f"listen=https:{ADDRESS}:{PORT}",
         f"listen=http:{ADDRESS}:{PLAIN_PORT}", "[access]", tokens["viewer"][1]]))
    for port, tls, here, elsewhere in ((NG_PORT, True, "/ping", "/whoami"),
                                       (NG_PLAIN_PORT, False, "/ping", "/whoami"),
                                       (PORT, True, "/index.html", "/ping"),
                                       (PLAIN_PORT, False, "/index.html", "/ping")):
        web = Web(port)
        for path, status in ((here, b"200"), (elsewhere, b"404")):
            stream = web.dial(tls)
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n"
                           "Connection: close\r\n\r\n".encode())
            assert stream.recv(4096).split()[1] == status, (port, path)
            stream.close()
    for port, tls, takes in ((NG_PORT, True, True), (NG_PLAIN_PORT, False, True),
                             (PORT, True, False), (PLAIN_PORT, False, False)):
        stream = Web(port).dial(tls)
        stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                       "Sec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Protocol: ng.rtpengine.com\r\n\r\n".encode())
        assert (stream.recv(4096).split()[1] == b"101") == takes, port
        stream.close()
    # Each has its own certificate, though a handshake may name any host.
    shown = set()
    for port in (PORT, NG_PORT):
        with Web(port, name=host if host.isalpha() else "b").dial() as stream:
            shown.add(stream.getpeercert(True))
    assert len(shown) == 2


def test_who_is_slow_or_too_much_is_hung_up_on(relay, web):
    """Meanwhile others are served."""
    head = (b"POST /api/tandem.relay.v1.Relay/List HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    plain = Web(PLAIN_PORT)
    # What they begin with, and what they send each second.
    slow = [(b"", b""), (head[:30], b""), (head[:30], b"x"), (head, b""), (head, b" "),
            (b"GET / HTTP/1.1\r\nX: " + b"x" * 20000, b"")]
    streams = {}
    for octets, more in slow:
        stream = plain.dial(tls=False)
        stream.sendall(octets)
        streams[stream] = more
    bare = web.dial(tls=False)
    bare.sendall(b"\x16\x03\x01")
    streams[bare] = b""
    large = plain.dial(tls=False)
    large.sendall(head.replace(b"100", b"262145"))
    assert large.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert web.call(f"{RELAY}/Status")[0] == 200
    for _ in range(120):
        for stream in select.select(list(streams), [], [], 1)[0]:
            try:
                if stream.recv(4096):
                    continue
            except ConnectionResetError:
                pass
            del streams[stream]
        if not streams:
            break
        for stream, more in streams.items():
            try:
                stream.send(more)
            except OSError:
                pass
    assert not streams


def test_a_reader_that_does_not_keep_up(relay, web):
    """Its stream ends, however much it could read then."""
    deaf = net.RELAY.socket(socket.AF_INET, socket.SOCK_STREAM)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect((ADDRESS, PLAIN_PORT))
    deaf.settimeout(30)
    deaf.sendall(f"GET /api/{RELAY}/Watch HTTP/1.1\r\nHost: {ADDRESS}:{PLAIN_PORT}\r\n"
                 f"Authorization: Bearer {web.token}\r\n\r\n".encode())
    assert b"200 OK" in deaf.recv(256)
    for _ in range(2000):
        relay.api.offer("x" * 200, "a", SDP, to={"network": "trunk"}, network="trunk")
        relay.api.delete("x" * 200)
    got = b""
    while octets := deaf.recv(65536):
        got += octets
    assert 0 < got.count(b"WATCH_OFFERED") < 2000
    assert web.call(f"{RELAY}/Status")[0] == 200


@pytest.mark.parametrize("lines, mistake", [
    (f"listen=http:{OPEN}:{PORT}", "write https:"),
    (f"listen=https:{OPEN}:{PORT}", "configure cert and key"),
    (f"listen=https:{ADDRESS}:{PORT}\ncert=/relay.pem", "belong together"),
    ("listen=https:unix:/web.sock", "is no address"),
    (f"listen={ADDRESS}:{PORT}", "is no address"),
    ("metrics=everybody", "metrics"),
])
def test_mistakes_of_the_configuration(directory, lines, mistake):
    path = directory / "controlplane.ini"
    path.write_text(f"[web]\n{lines}\n")
    told = subprocess.run([PROGRAMS / "tandem-controlplane", "--config", path, "--check"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert told.returncode == 1 and mistake in told.stderr
