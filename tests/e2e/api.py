# SPDX-License-Identifier: BSD-3-Clause
"""The orchestrator: a gRPC client made from the .proto files as they stand."""

import importlib
import pathlib
import sys
import tempfile

import grpc
from grpc_tools import protoc

PROTOS = pathlib.Path(__file__).resolve().parents[2] / "controlplane" / "api"


def _compile():
    with tempfile.TemporaryDirectory(prefix="tandem-e2e-") as out:
        if protoc.main(["protoc", f"-I{PROTOS}", f"--python_out={out}",
                        f"--grpc_python_out={out}", "relay.proto", "health.proto",
                        "shed.proto", "turn.proto", "access.proto"]):
            raise RuntimeError(f"protoc refused the .proto files in {PROTOS}")
        sys.path.insert(0, out)
        try:
            return [importlib.import_module(name) for name in
                    ("relay_pb2", "relay_pb2_grpc", "health_pb2", "health_pb2_grpc",
                     "shed_pb2", "shed_pb2_grpc", "turn_pb2", "turn_pb2_grpc",
                     "access_pb2", "access_pb2_grpc")]
        finally:
            sys.path.remove(out)


(relay, _relay_grpc, health, _health_grpc, shed, _shed_grpc, turn,
 _turn_grpc, access, _access_grpc) = _compile()

AVP = relay.PROFILE_RTP_AVP
SAVP = relay.PROFILE_RTP_SAVP
SHARED = relay.KEYS_SHARED
WEBRTC = relay.PROFILE_UDP_TLS_RTP_SAVPF
# relay_pb2's enumerations by value, for messages that a person reads.
STATE = relay.CallState.Name
LINK = relay.LinkState.Name
MODE = relay.Mode.Name
CHANGE = shed.Change.Name
KIND = shed.Kind.Name


class _Showing(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Shows a token with each call; gRPC's own credentials go by TLS alone."""

    def __init__(self, token):
        self._line = ("authorization", f"Bearer {token}")

    def _show(self, continuation, details, request):
        return continuation(details._replace(metadata=[*(details.metadata or ()), self._line]),
                            request)

    intercept_unary_unary = intercept_unary_stream = _show


class Api:
    """Calls take and return texts and messages; errors are grpc.RpcError."""

    def __init__(self, target, seconds=10, token=None):
        self._channel = grpc.insecure_channel(target)
        if token:
            self._channel = grpc.intercept_channel(self._channel, _Showing(token))
        self._relay = _relay_grpc.RelayStub(self._channel)
        self._health = _health_grpc.HealthStub(self._channel)
        self._shed = _shed_grpc.ShedStub(self._channel)
        self._turn = _turn_grpc.TurnStub(self._channel)
        self._access = _access_grpc.AccessStub(self._channel)
        self._seconds = seconds

    def offer(self, call, tag, sdp, to=None, keys=relay.KEYS_DEFAULT, branch="", to_tag="",
              glare=relay.GLARE_REFUSE, **side):
        """side: the members of OfferRequest.from."""
        request = relay.OfferRequest(call_id=call, from_tag=tag, sdp=sdp,
                                     to=relay.Side(**to) if to else None, keys=keys,
                                     branch=branch, to_tag=to_tag, glare=glare)
        if side:
            getattr(request, "from").MergeFrom(relay.Side(**side))
        return self._relay.Offer(request, timeout=self._seconds).sdp

    def answer(self, call, from_tag, to_tag, sdp, branch=""):
        return self._relay.Answer(relay.AnswerRequest(
            call_id=call, from_tag=from_tag, to_tag=to_tag, sdp=sdp, branch=branch),
            timeout=self._seconds).sdp

    def withdraw(self, call, from_tag, branch=""):
        self._relay.Withdraw(relay.WithdrawRequest(call_id=call, from_tag=from_tag,
                                                   branch=branch), timeout=self._seconds)

    def delete(self, call, tag="", branch=""):
        return self._relay.Delete(relay.DeleteRequest(call_id=call, tag=tag, branch=branch),
                                  timeout=self._seconds).call

    def subscribe(self, call, tag, to, sources=()):
        """The offer for the listener."""
        return self._relay.Subscribe(relay.SubscribeRequest(
            call_id=call, tag=tag, to=relay.Side(**to), sources=sources),
            timeout=self._seconds).sdp

    def subscribe_answer(self, call, tag, sdp):
        self._relay.SubscribeAnswer(relay.SubscribeAnswerRequest(call_id=call, tag=tag, sdp=sdp),
                                    timeout=self._seconds)

    def unsubscribe(self, call, tag):
        return self._relay.Unsubscribe(relay.UnsubscribeRequest(call_id=call, tag=tag),
                                       timeout=self._seconds).call

    def mute(self, call, muting, tag="", to_tag=""):
        self._relay.Mute(relay.MuteRequest(call_id=call, tag=tag, to_tag=to_tag, muting=muting),
                         timeout=self._seconds)

    def watch(self, call=""):
        """A stream of WatchEvent, which has cancel(); the first says that it has begun."""
        return self._relay.Watch(relay.WatchRequest(call_id=call))

    def records(self):
        """A stream of CallRecord, which has cancel(); the first says that it has begun."""
        return self._relay.Records(relay.RecordsRequest())

    def pseudonym(self, address):
        return self._relay.Pseudonym(relay.PseudonymRequest(address=address),
                                     timeout=self._seconds).pseudonym

    def query(self, call):
        return self._relay.Query(relay.QueryRequest(call_id=call), timeout=self._seconds).call

    def list(self, page_size=0):
        """Every call, page after page."""
        calls, token = [], ""
        while True:
            page = self._relay.List(relay.ListRequest(page_size=page_size, page_token=token),
                                    timeout=self._seconds)
            calls += page.calls
            token = page.next_page_token
            if not token:
                return calls

    def status(self):
        return self._relay.Status(relay.StatusRequest(), timeout=self._seconds)

    def drops(self):
        """Every reason's count."""
        return {drop.name: drop.value for drop in self.status().drops}

    def leg(self, call, tag):
        """The participant's leg; a bundle and a phone have one each."""
        legs = [leg for leg in self.query(call).legs if leg.tag == tag]
        if len(legs) != 1:
            raise AssertionError(f"{tag} has {len(legs)} legs in call {call}")
        return legs[0]

    def streams(self, call, tag):
        """The streams of a participant that sent RTP; others are known from RTCP alone."""
        return [stream for stream in self.leg(call, tag).flow.streams if stream.packets]

    def shed(self):
        """What is shed: reasons, sources, targets, blocks, attacks, judges."""
        return self._shed.Show(shed.ShowRequest(), timeout=self._seconds)

    def shed_samples(self, count=0):
        return self._shed.Sample(shed.SampleRequest(count=count), timeout=self._seconds).packets

    def block(self, prefix, milliseconds=0):
        return self._shed.Block(shed.BlockRequest(prefix=prefix, for_ms=milliseconds),
                                timeout=self._seconds)

    def unblock(self, prefix):
        self._shed.Unblock(shed.UnblockRequest(prefix=prefix), timeout=self._seconds)

    def watch_attacks(self):
        """A stream of AttackEvent, which has cancel()."""
        return self._shed.Watch(shed.WatchRequest())

    def allocations(self, page_size=0):
        """The TURN server's, page after page."""
        allocations, token = [], ""
        while True:
            page = self._turn.List(turn.ListRequest(page_size=page_size, page_token=token),
                                   timeout=self._seconds)
            allocations += page.allocations
            token = page.next_page_token
            if not token:
                return allocations

    def whoami(self):
        return self._access.WhoAmI(access.WhoAmIRequest(), timeout=self._seconds)

    def serving(self, service=""):
        reply = self._health.Check(health.HealthCheckRequest(service=service),
                                   timeout=self._seconds)
        return reply.status == health.HealthCheckResponse.SERVING

    def close(self):
        self._channel.close()
