# SPDX-License-Identifier: BSD-3-Clause
"""A client of the web front inside the relay's host: requests, and streams of events."""

import contextlib
import http.client
import json
import socket
import ssl

import net


class Web:
    """Asks https:ADDRESS:PORT.

    cafile: who vouches for the relay; pair: a certificate and its key; name: the host's in handshakes.
    """

    def __init__(self, port, address="127.0.0.1", cafile=None, pair=None, token=None, name=None):
        self.address, self.port, self.token, self._name = address, port, token, name
        self._context = ssl.create_default_context(cafile=cafile)
        if not cafile:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE
        if pair:
            self._context.load_cert_chain(*pair)

    def dial(self, tls=True):
        stream = net.RELAY.socket(
            socket.AF_INET6 if ":" in self.address else socket.AF_INET, socket.SOCK_STREAM)
        stream.settimeout(30)
        stream.connect((self.address, self.port))
        return self._context.wrap_socket(stream, server_hostname=self._name or self.address) if tls else stream

    def connect(self):
        connection = http.client.HTTPSConnection(self.address, self.port)
        connection.sock = self.dial()
        return connection

    def ask(self, verb, path, body=None, connection=None, token=None, **fields):
        """(status, fields, content) of a response; content is JSON's value where it is JSON."""
        token = token or self.token
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if body is not None:
            fields.setdefault("Content-Type", "application/json")
            body = json.dumps(body) if not isinstance(body, (str, bytes)) else body
        own = connection or self.connect()
        try:
            own.request(verb, path, body=body, headers=fields)
            reply = own.getresponse()
            content = reply.read()
        finally:
            if own is not connection:
                own.close()
        if reply.headers["Content-Type"] == "application/json":
            content = json.loads(content)
        return reply.status, reply.headers, content

    def call(self, method, body=None, **more):
        """A method of the API: (status, reply)."""
        status, _, content = self.ask("POST", f"/api/{method}", body or {}, **more)
        return status, content

    @contextlib.contextmanager
    def events(self, path, token=None, **fields):
        """Yields what iterates over (name, value) of each event."""
        connection = self.connect()
        token = token or self.token
        if token:
            fields["Authorization"] = f"Bearer {token}"
        connection.request("GET", path, headers=fields)
        reply = connection.getresponse()
        try:
            assert reply.status == 200, reply.read()
            assert reply.headers["Content-Type"] == "text/event-stream"
            yield _events(reply)
        finally:
            reply.close()
            connection.close()


def _events(reply):
    name = "message"
    for line in iter(reply.readline, b""):
        line = line.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])
            name = "message"
