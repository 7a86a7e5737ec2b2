# SPDX-License-Identifier: BSD-3-Clause
"""One relay with the calls that run through it, attacked or not: a row of the table."""

import contextlib
import os
import time

import cores
import honest
import net
import wait

BROWSERS = net.BROWSERS
OVERHEAD_S = 4   # of a measurement, beside the time that it lasts
DRAIN_S = 0.3    # what is on its way arrives
SETTLE_S = 0.2   # queues are as full as they will be
# Whose packets are lost while others have more than this of the relay's core tries again.
OTHERS, TRIES = 0.05, 3
MIB = 1 << 20
LESS = 0.7       # of what the link took is sent when it was full

# By call: loss, then jitter.
ROW = "%-11s %-32s %8s %8s %5s %5s %5s %7s %6s %7s %6s %6s %8s %6s %6s  %s"
HEADLINE = ROW % ("relay", "attack", "offered", "reached", "core", "rx", "data", "control", "memory",
                  "loss %", "", "", "jitter", "ms", "", "dropped") + "\n" + ROW % (
                      "", "", "kpps", "kpps", "%", "%", "%", "%", "MiB", *honest.CALLS,
                      *honest.CALLS, "")


@contextlib.contextmanager
def cores_divided():
    """This process and what it starts has the attacker's core."""
    with cores.allowed(cores.OTHERS):
        yield


class Row:
    """What was seen. calm: the same relay's row without an attack."""

    def __init__(self, relay, attack, calm):
        self.relay, self.attack = relay, attack
        self.calm = calm or self
        self.offered = self.reached = 0.0    # packets a second
        self.overflow = False                # the link did not take all that was sent
        self.shares = {}                     # of a core, by who had it
        self.grown = 0                       # octets more, of the relay's processes
        self.dropped = {}
        self.calls = {}                      # honest.Quality
        self.broken = []                     # calls that did not outlive it

    @property
    def loss(self):
        return {name: quality.loss for name, quality in self.calls.items()}

    @property
    def excess_loss(self):
        return max(max(0.0, loss - self.calm.loss[name]) for name, loss in self.loss.items())

    @property
    def others(self):
        """The share of the relay's core that was neither idle nor the relay's."""
        return max(0.0, self.shares["core"] - self.shares["receive"] - self.shares["data"])

    @property
    def excess_control(self):
        return max(0.0, self.shares["control"] - self.calm.shares["control"])

    def reasons(self, most=3):
        worst = sorted(self.dropped.items(), key=lambda item: -item[1])
        total = sum(self.dropped.values())
        return ", ".join(f"{name} {100 * count / total:.0f}%" for name, count in worst[:most]
                         if count > total / 200) + "".join(f"; {name} call lost"
                                                           for name in self.broken)

    def text(self):
        def percent(value, digits=1):
            return "-" if value is None else f"{100 * value:.{digits}f}"

        def jitter(name):
            value = self.calls[name].jitter_ms
            return "-" if value is None else f"{value:.2f}"
        return ROW % (
            self.relay, self.attack or "none", f"{self.offered / 1000:.1f}",
            f"{self.reached / 1000:.1f}",
            *(percent(self.shares.get(name)) for name in ("core", "receive", "data", "control")),
            f"{self.grown / MIB:.1f}",
            *(percent(self.loss[name], 2) for name in honest.CALLS),
            *(jitter(name) for name in honest.CALLS), self.reasons())

    def values(self):
        """{figure: (value, unit)}."""
        return {"offered": (self.offered, "packets/s"), "reached": (self.reached, "packets/s"),
                **{f"cpu/{name}": (100 * share, "% of a core")
                   for name, share in self.shares.items()},
                "memory": (self.grown / MIB, "MiB more"),
                **{f"loss/{name}": (100 * loss, "%") for name, loss in self.loss.items()},
                **{f"jitter_p99/{name}": (quality.jitter_ms, "ms")
                   for name, quality in self.calls.items()}}

    def figures(self):
        """What goes into the .jsonl."""
        prefix = f"flood/{self.relay}/{self.attack or 'none'}"
        calm = self.calm.values()
        for name, (value, unit) in self.values().items():
            beside = None if self.calm is self else calm[name][0]
            yield {"name": f"{prefix}/{name}", "unit": unit, "runs": 1, "spread": 0,
                   "value": _rounded(value), "ref_name": "without an attack",
                   "ref_value": _rounded(beside),
                   "ratio": _rounded(value / beside) if value is not None and beside else None}
        yield {"name": f"{prefix}/dropped", "value": sum(self.dropped.values()),
               "unit": "packets", "ref_name": None, "ref_value": None, "ratio": None, "runs": 1,
               "spread": 0, "reasons": {k: v for k, v in self.dropped.items() if v},
               "calls_lost": self.broken}


def _rounded(value):
    return None if value is None else round(value, 4)


class Scene:
    def __init__(self, kind, browser, directory):
        self._browser, self._directory = browser, directory
        self._calls, self._calm = {}, None
        self._relay = kind(directory)
        try:
            self._receiving = cores.receive_in_threads()
            for name in honest.CALLS:
                self._set_up(name)
        except BaseException:
            self.close()
            raise

    def _set_up(self, name):
        call = self._calls[name] = honest.make(name, self._browser, self._relay.turn)
        call.set_up(self._relay)
        wait.until(lambda: self._carries(call), 15, f"media of the {name} call at both ends")

    def _carries(self, call):
        """Both hear the other one."""
        before = call.heard()
        time.sleep(0.2)
        return all(now > then for now, then in zip(call.heard(), before))

    # --- what attacks want to know

    def place(self, name):
        return next(call.places[name] for call in self._calls.values() if name in call.places)

    def known(self):
        return self._calls[honest.WEBRTC].known

    # --- measuring

    def measure(self, attack, seconds):
        """A loss does not count at once while others had the relay's core; nor where the link was
        full, which loses packets before the relay sees them: then less is sent."""
        rate = None
        for _ in range(TRIES if self._relay.is_claimed else 1):
            row = self._measure(attack, seconds, rate)
            if not row.excess_loss or row.others < OTHERS and not row.overflow:
                break
            if row.overflow:
                rate = LESS * row.offered
        self._calm = self._calm or row
        return row

    def _measure(self, attack, seconds, rate):
        row = Row(self._relay.name, attack.name if attack else None, self._calm)
        watch = honest.Watch(list(self._calls.values()), self._directory)
        flood = None
        if attack:
            flood = attack.start(self._directory, self._relay, self, seconds + SETTLE_S,
                                 rate)
            flood.wait_sending()
        time.sleep(SETTLE_S)
        begin = time.time()
        self._watch_counts(row, seconds - SETTLE_S)
        end = time.time()
        if flood:
            result = flood.result()
            row.offered, row.overflow = result.pps, result.packets < result.sent
        time.sleep(DRAIN_S)
        row.calls = watch.finish(begin, end)
        self._mend(row)
        return row

    def _watch_counts(self, row, seconds):
        clock = cores.Clock(core=cores.busy, receive=self._receive, **self._relay.readings())
        reached, dropped = self._relay.counts()
        memory = self._memory()
        start = time.monotonic()
        time.sleep(seconds)
        after = self._relay.counts()
        elapsed = time.monotonic() - start
        row.shares = clock.shares()
        row.grown = self._memory() - memory
        row.reached = (after[0] - reached) / elapsed
        row.dropped = {name: count - dropped.get(name, 0) for name, count in after[1].items()}

    def _memory(self):
        return sum(map(cores.memory, self._relay.pids()))

    def _receive(self):
        return sum(cores.runtime(thread) for thread in self._receiving)

    def _mend(self, row):
        """A call that no longer carries anything is made anew: the next attack finds both."""
        for name, call in list(self._calls.items()):
            with contextlib.suppress(wait.Timeout):
                wait.until(lambda c=call: self._carries(c), 2, "")
                continue
            row.broken.append(name)
            self._relay.delete(call)
            call.close()
            self._set_up(name)

    def close(self):
        for call in self._calls.values():
            call.close()
        self._relay.stop()
