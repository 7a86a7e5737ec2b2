# SPDX-License-Identifier: BSD-3-Clause
"""The ng protocol by HTTP and WebSocket, with TLS and without, and what clients get wrong."""

import contextlib
import json
import select
import socket
import ssl
import subprocess

import pytest
import urllib3
import websocket

import net
import ng
import sdp
from authority import Authority
from relay import PROGRAMS

ADDRESS, PORT, TLS_PORT = "127.0.0.1", 2225, 2226
OPEN = "198.51.100.2"  # of the relay's kernel, for others than its own host
TYPE = {"Content-Type": "application/x-rtpengine-ng"}
LARGEST = 131072
FLAGS = {"direction": ["trunk", "trunk"]}


@pytest.fixture
def authority(directory):
    return Authority(directory, "authority", ADDRESS)


@pytest.fixture
def relay(start_relay, authority):
    certificate, key = authority.issue("relay")
    net.RELAY.run("ip", "addr", "add", f"{OPEN}/24", "dev", "public0")
    yield start_relay(controlplane=f"[ng]\nlisten=http:{ADDRESS}:{PORT}\n"
                                   f"listen=https:{ADDRESS}:{TLS_PORT}\nlisten=http:{OPEN}:{PORT}\n"
                                   f"allow=127.0.0.0/8\ncert={certificate}\nkey={key}\n")
    net.RELAY.run("ip", "addr", "del", f"{OPEN}/24", "dev", "public0")


class Client:
    """Asks over one transport; a plain one sends dictionaries without a cookie."""

    def __init__(self, send, plain, encode, decode):
        self._send, self._plain, self._encode, self._decode = send, plain, encode, decode
        self._count = 0

    def ask(self, command, **keys):
        self._count += 1
        message = self._encode({"command": command, "call-id": "call-1",
                                **{key.replace("_", "-"): value for key, value in keys.items()}})
        cookie = b"" if self._plain else b"c_%d " % self._count
        reply = self._send(cookie + message)
        assert reply.startswith(cookie)
        return self._decode(reply[len(cookie):])


def dial(address=ADDRESS, port=PORT):
    """A socket inside the relay's host."""
    stream = net.RELAY.socket(socket.AF_INET, socket.SOCK_STREAM)
    stream.settimeout(30)
    stream.connect((address, port))
    return stream


def socket_to(port, protocol, context=None):
    stream = dial(port=port)
    if context:
        stream = context.wrap_socket(stream, server_hostname=ADDRESS)
    return websocket.create_connection(f"ws://{ADDRESS}:{port}/", socket=stream,
                                       subprotocols=[protocol], timeout=30)


@contextlib.contextmanager
def client(authority, transport, plain, as_json):
    """What sends a message and returns the reply, by `transport`: ws, wss, http or https."""
    encode = (lambda value: json.dumps(value).encode()) if as_json else ng.encode
    decode = json.loads if as_json else ng.decode
    port = TLS_PORT if transport in ("wss", "https") else PORT
    if transport.startswith("ws"):
        wire = socket_to(port, f"ng{'-plain' if plain else ''}.rtpengine.com",
                         ssl.create_default_context(cafile=authority.path)
                         if port == TLS_PORT else None)

        def send(message):
            wire.send_binary(message)
            return wire.recv()
        yield Client(send, plain, encode, decode)
        wire.close()
        return
    url = f"{transport}://{ADDRESS}:{port}/ng{'-plain' if plain else ''}"
    with net.RELAY.entered():
        pool = urllib3.PoolManager(ca_certs=str(authority.path), timeout=30, retries=False)

        def post(message):
            reply = pool.request("POST", url, body=message, headers=TYPE)
            assert reply.status == 200, reply.data
            return reply.data
        yield Client(post, plain, encode, decode)


@pytest.mark.parametrize("transport", ["ws", "wss", "http", "https"])
def test_a_call_by_each_transport(relay, authority, phone, transport):
    caller, callee = phone(440), phone(1000, port=5000)
    for plain in (False, True):
        with client(authority, transport, plain, as_json=True) as asks:
            assert asks.ask("ping") == {"result": "pong"}
    with client(authority, transport, False, as_json=False) as asks:
        offered = asks.ask("offer", from_tag="a", sdp=caller.offer(), **FLAGS)["sdp"]
        caller.accept(asks.ask("answer", from_tag="a", to_tag="b",
                               sdp=callee.answer(offered))["sdp"])
        caller.wait_tone(1000)
        callee.wait_tone(440)
        assert asks.ask("delete", from_tag="a", delete_delay=0)["result"] == "ok"
    assert not relay.api.list()


def test_a_repeated_request_by_another_transport(relay, phone):
    wire = socket_to(PORT, "ng.rtpengine.com")
    message = b"7 " + ng.encode({"command": "offer", "call-id": "call-1", "from-tag": "a",
                                 "sdp": phone(440).offer(), **FLAGS})
    wire.send(message)  # as text
    reply = wire.recv()
    assert sdp.parse(ng.decode(reply[2:])["sdp"])[0].port
    with net.RELAY.entered():
        again = urllib3.PoolManager().request("POST", f"http://{ADDRESS}:{PORT}/ng", body=message,
                                              headers=TYPE)
    assert again.data == reply
    wire.close()


def test_what_clients_get_wrong(relay):
    with pytest.raises((websocket.WebSocketException, OSError)):
        socket_to(PORT, "other.example.com")
    with net.RELAY.entered():
        pool = urllib3.PoolManager(retries=False)
        url = f"http://{ADDRESS}:{PORT}"
        assert pool.request("GET", f"{url}/ping").data == b"pong\n"
        assert pool.request("POST", f"{url}/ng", body="1 d4:x").status == 415
        assert pool.request("POST", f"{url}/ng", body="garbage", headers=TYPE).status == 400
        assert pool.request("GET", f"{url}/ng").status == 405
        assert pool.request("GET", f"{url}/").status == 404
    large = dial()
    large.sendall(b"POST /ng HTTP/1.1\r\nHost: relay\r\n"
                  b"Content-Type: application/x-rtpengine-ng\r\n"
                  b"Content-Length: %d\r\n\r\n" % (LARGEST + 1))
    assert large.recv(65536).startswith(b"HTTP/1.1 413 ")
    wire = socket_to(PORT, "ng.rtpengine.com")
    wire.send_binary(b"x" * LARGEST)
    wire.send_binary(b"1 d7:command4:pinge")
    assert wire.recv() == b"1 d6:result4:ponge"
    wire.send_binary(b"x" * (LARGEST + 1))
    assert wire.recv_data()[1][:2] == (1009).to_bytes(2, "big")


def test_who_is_not_allowed(relay):
    assert not dial(address=OPEN).recv(1)


def test_who_is_slow_is_hung_up_on(relay):
    """Meanwhile others are served."""
    head = (b"POST /ng HTTP/1.1\r\nHost: relay\r\nContent-Type: application/x-rtpengine-ng\r\n"
            b"Content-Length: 100\r\n\r\n1 d")
    # What they begin with, and what they send each second.
    slow = [(PORT, b"", b""), (PORT, head[:30], b""), (PORT, head[:30], b"x"), (PORT, head, b""),
            (PORT, head, b"x"), (TLS_PORT, b"", b""), (TLS_PORT, b"\x16\x03\x01", b"")]
    streams = {}
    for port, octets, more in slow:
        stream = dial(port=port)
        stream.sendall(octets)
        streams[stream] = more
    deaf = socket_to(PORT, "ng.rtpengine.com")
    deaf.sock.settimeout(1)
    with pytest.raises((websocket.WebSocketTimeoutException, TimeoutError)):
        while True:
            deaf.send_binary(b"%s d7:command4:pinge" % (b"c" * 200))
    with net.RELAY.entered():
        reply = urllib3.PoolManager().request("GET", f"http://{ADDRESS}:{PORT}/ping")
    assert reply.status == 200
    for _ in range(120):
        for stream in select.select(list(streams), [], [], 1)[0]:
            with contextlib.suppress(ConnectionResetError):
                if stream.recv(4096):
                    continue
            del streams[stream]
        if not streams:
            break
        for stream, more in streams.items():
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                stream.send(more)
    assert not streams
    ended = select.poll()
    ended.register(deaf.sock, 0)  # for an error: it still does not read
    assert ended.poll(120000)


@pytest.mark.parametrize("lines, mistake", [
    (f"listen=http:{OPEN}:{PORT}", "is open to others"),
    (f"listen=https:{OPEN}:{PORT}", "is open to others"),
    (f"listen=https:{ADDRESS}:{PORT}", "needs a certificate"),
    (f"listen=http:{ADDRESS}:{PORT}\ncert=/relay.pem", "belong together"),
    ("listen=http:unix:/ng.sock", "is no address"),
])
def test_mistakes_of_the_configuration(directory, lines, mistake):
    path = directory / "controlplane.ini"
    path.write_text(f"[ng]\n{lines}\n")
    told = subprocess.run([PROGRAMS / "tandem-controlplane", "--config", path, "--check"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert told.returncode == 1 and mistake in told.stderr
