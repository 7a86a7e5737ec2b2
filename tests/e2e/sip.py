# SPDX-License-Identifier: BSD-3-Clause
"""A telephone's SIP (RFC 3261), as a test's script says it: one message after the other.

Nothing is sent again, since the link loses nothing; what the proxy sends again is left aside.
"""

import dataclasses
import itertools
import os
import re
import socket
import ssl

import wait

DOMAIN = "example.org"
_numbers = itertools.count(1)


def uri(user):
    return f"sip:{user}@{DOMAIN}"


def _token():
    return f"{os.getpid()}-{next(_numbers)}"


@dataclasses.dataclass
class Message:
    """headers: (name, value) in their order."""
    start: str
    headers: list
    body: str = ""

    @classmethod
    def parse(cls, octets):
        head, _, body = octets.decode().partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        return cls(start, [tuple(part.strip() for part in line.split(":", 1)) for line in lines],
                   body)

    def __bytes__(self):
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers),
                 f"Content-Length: {len(self.body)}", "", self.body]
        return "\r\n".join(lines).encode()

    def all(self, name):
        return [value for other, value in self.headers if other.lower() == name.lower()]

    def __getitem__(self, name):
        return self.all(name)[0]

    @property
    def name(self):
        """A request's method, a response's code."""
        first, second = self.start.split()[:2]
        return second if first == "SIP/2.0" else first

    @property
    def is_request(self):
        return not self.start.startswith("SIP/2.0")


def _tag(header):
    return re.search(r";tag=([^;]+)", header).group(1)


def _uri(header):
    return re.search(r"<([^>]+)>", header).group(1)


class _Udp:
    transport = "UDP"

    def __init__(self, namespace, address, port, proxy):
        self._socket = namespace.udp(address, port)
        self._socket.connect(proxy)

    def send(self, octets):
        self._socket.sendall(octets)

    def receive(self, seconds):
        self._socket.settimeout(seconds)
        return self._socket.recv(65536)

    def name(self):
        return self._socket.getsockname()[:2]

    def close(self):
        self._socket.close()


class _Tls(_Udp):
    """One connection, by which requests come back as well."""
    transport = "TLS"

    def __init__(self, namespace, address, port, proxy, ca):
        stream = namespace.socket(socket.AF_INET6, socket.SOCK_STREAM)
        stream.bind((address, port))
        stream.connect(proxy)
        self._socket = ssl.create_default_context(cafile=ca).wrap_socket(
            stream, server_hostname=proxy[0])
        self._read = b""

    def receive(self, seconds):
        self._socket.settimeout(seconds)
        while True:
            head, end, rest = self._read.lstrip(b"\r\n").partition(b"\r\n\r\n")
            length = re.search(rb"^Content-Length: *(\d+)", head, re.M | re.I)
            if end and len(rest) >= int(length.group(1)):
                size = int(length.group(1))
                self._read = rest[size:]
                return head + end + rest[:size]
            octets = self._socket.recv(65536)
            if not octets:
                raise ConnectionError("the proxy closed the connection")
            self._read += octets


class Telephone:
    """One line. media: a phone.Phone. ca: for TLS. believes: the address that it takes for its
    own, behind a translator."""

    def __init__(self, namespace, address, proxy, user, media=None, port=0, ca=None,
                 believes=None):
        self.user, self.media = user, media
        self._link = (_Tls(namespace, address, port, proxy, ca) if ca
                      else _Udp(namespace, address, port, proxy))
        host, port = self._link.name()
        self._at = f"{believes or f'[{host}]'}:{port}"
        parameter = ";transport=tls" if ca else ""
        self.contact = f"<sip:{user}@{self._at}{parameter}>"
        self._seen = set()

    # --- messages

    def send(self, message):
        self._link.send(bytes(message))

    def via(self):
        return ("Via", f"SIP/2.0/{self._link.transport} {self._at};rport;branch=z9hG4bK{_token()}")

    def expect(self, *names, seconds=10):
        """The next message, which must be one of those: requests' methods, responses' codes."""
        while True:
            try:
                message = Message.parse(self._link.receive(seconds))
            except TimeoutError:
                raise wait.Timeout(f"waited {seconds} s for {' or '.join(names)} at the telephone "
                                   f"{self.user}") from None
            again = (message.start, message["CSeq"], message["Call-ID"],
                     message["Via"] if message.is_request else message["To"])
            if message.name == "100" or again in self._seen:
                continue
            self._seen.add(again)
            if message.name not in names:
                raise AssertionError(f"{self.user} expected {' or '.join(names)}, and got\n"
                                     f"{bytes(message).decode()}")
            return message

    def register(self, q="1.0"):
        self.send(Message(f"REGISTER sip:{DOMAIN} SIP/2.0", [
            self.via(), ("From", f"<{uri(self.user)}>;tag={_token()}"),
            ("To", f"<{uri(self.user)}>"), ("Call-ID", _token()), ("CSeq", "1 REGISTER"),
            ("Max-Forwards", "70"),
            ("Contact", f"{self.contact};q={q};expires=600")]))
        self.expect("200")
        return self

    # --- calls

    def call(self, user, offer=True):
        """An INVITE; the call, which has no answer yet. offer: False for one in the 200."""
        call = Call(self, _token(), ours=f"<{uri(self.user)}>;tag={_token()}",
                    theirs=f"<{uri(user)}>", target=uri(user))
        call.invite(self.media.offer() if offer else "")
        return call

    def called(self, seconds=10):
        """A call that somebody else begins."""
        invite = self.expect("INVITE", seconds=seconds)
        return Call(self, invite["Call-ID"], ours=f"{invite['To']};tag={_token()}",
                    theirs=invite["From"], target=_uri(invite["Contact"]),
                    routes=invite.all("Record-Route"), invite=invite)

    def close(self):
        self._link.close()


class Call:
    """One dialog. ours and theirs: what the two are called in From and To."""

    def __init__(self, phone, call_id, ours, theirs, target, routes=(), invite=None):
        self.phone, self.id, self.ours, self.theirs = phone, call_id, ours, theirs
        self.invited = invite  # the INVITE that waits for our response
        self._target, self._routes = target, list(routes)
        self._cseq, self._offered = 0, False

    @property
    def media(self):
        return self.phone.media

    def new_tag(self):
        """As another telephone that the proxy at the other end has put in our place."""
        self.ours = f"{self.ours.partition(';tag=')[0]};tag={_token()}"

    # --- requests

    def request(self, method, body="", headers=(), cseq=None):
        if cseq is None:
            self._cseq += 1
            cseq = self._cseq
        kind = [("Content-Type", "application/sdp")] if body else []
        self.phone.send(Message(f"{method} {self._target} SIP/2.0", [
            self.phone.via(), *(("Route", route) for route in self._routes),
            ("From", self.ours), ("To", self.theirs), ("Call-ID", self.id),
            ("CSeq", f"{cseq} {method}"), ("Max-Forwards", "70"),
            ("Contact", self.phone.contact), *(headers or kind)], body))

    def invite(self, offer):
        self._offered = bool(offer)
        self.request("INVITE", offer)

    def progress(self, code="183"):
        """A provisional response to our INVITE; its SDP, if any, is obeyed."""
        response = self.phone.expect(code)
        if response.body:
            self.media.accept(response.body)

    def accepted(self):
        """The 200 to our INVITE; its answer is obeyed, or its offer answered."""
        response = self.phone.expect("200")
        self.theirs = response["To"]
        self._target = _uri(response["Contact"])
        self._routes = self._routes or response.all("Record-Route")[::-1]
        text = ""
        if self._offered:
            self.media.accept(response.body)
        else:
            text = self.media.answer(response.body)
        self.request("ACK", text, cseq=self._cseq)
        return self

    def reoffer(self, **offer):
        """A re-INVITE of ours, and all that follows."""
        self.invite(self.media.offer(**offer))
        return self.accepted()

    def bye(self):
        self.request("BYE")
        self.phone.expect("200")
        self.media.hang_up()

    # --- responses

    def respond(self, request, code, body="", to=None):
        reason = {"180": "Ringing", "183": "Session Progress", "200": "OK", "202": "Accepted",
                  "486": "Busy Here", "487": "Request Terminated"}[code]
        kind = [("Content-Type", "application/sdp")] if body else []
        self.phone.send(Message(f"SIP/2.0 {code} {reason}", [
            *(("Via", via) for via in request.all("Via")),
            *(("Record-Route", route) for route in request.all("Record-Route")),
            ("From", request["From"]), ("To", to or request["To"]), ("Call-ID", self.id),
            ("CSeq", request["CSeq"]), ("Contact", self.phone.contact), *kind], body))

    def ring(self, **answer):
        """183 with the answer: who calls hears us already."""
        self.respond(self.invited, "183", self.media.answer(self.invited.body, **answer), self.ours)
        return self

    def accept(self, **answer):
        self.pick_up(**answer)
        return self.acknowledged()

    def pick_up(self, **answer):
        """200 with the answer, or with an offer where the INVITE has none."""
        offer = self.invited.body
        text = self.media.answer(offer, **answer) if offer else self.media.offer()
        self.respond(self.invited, "200", text, self.ours)

    def acknowledged(self):
        """The ACK, and the answer in it to an offer of ours."""
        text = self.phone.expect("ACK").body
        if text:
            self.media.accept(text)
        return self

    def refuse(self, code="486"):
        self.respond(self.invited, code, to=self.ours)
        self.phone.expect("ACK")
        self.media.hang_up()

    def canceled(self):
        """The CANCEL of our INVITE, and all that follows."""
        self.respond(self.phone.expect("CANCEL"), "200", to=self.ours)
        self.refuse("487")

    def reoffered(self, **answer):
        """A re-INVITE of theirs, and all that follows."""
        self.invited = self.phone.expect("INVITE")
        return self.accept(**answer)

    def ended(self):
        """Their BYE."""
        self.left()
        self.media.hang_up()

    def left(self):
        """Their BYE, when we are in another call already."""
        self.respond(self.phone.expect("BYE"), "200")

    # --- transfer (RFC 3515)

    def refer(self, user):
        self.request("REFER", headers=[("Refer-To", f"<{uri(user)}>")])
        self.phone.expect("202")

    def notified(self):
        """The call that we asked for is up."""
        while True:
            notify = self.phone.expect("NOTIFY")
            self.respond(notify, "200")
            if notify.body.startswith("SIP/2.0 200"):
                return

    def referred(self):
        """Their REFER: the user that we are to call."""
        refer = self.phone.expect("REFER")
        self.respond(refer, "202")
        return re.search(r"sip:([^@]+)@", refer["Refer-To"]).group(1)

    def notify(self):
        """The call that they asked for is up."""
        self.request("NOTIFY", "SIP/2.0 200 OK\r\n", headers=[
            ("Event", "refer"), ("Subscription-State", "terminated;reason=noresource"),
            ("Content-Type", "message/sipfrag")])
        self.phone.expect("200")
