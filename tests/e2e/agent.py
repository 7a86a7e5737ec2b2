# SPDX-License-Identifier: BSD-3-Clause
"""A call centre's agent: JsSIP in Chromium, registered at the proxy by WebSocket."""

import pathlib

import sip
import wait
from browser import Page
from relay import BUILD

JSSIP = BUILD / "tests/jssip.js"


class Agent(Page):
    """user: its name at the proxy, whose WebSocket is at an (address, port)."""

    url = pathlib.Path(__file__).resolve().with_name("agent").joinpath("agent.html").as_uri()
    begin = "register"

    def __init__(self, driver, user, proxy, frequency):
        super().__init__(driver, frequency=frequency, script=JSSIP.as_uri(), user=sip.uri(user),
                         proxy="ws://[{}]:{}".format(*proxy))

    def wait_told(self, what, seconds=15):
        """An event of the newest call: what, by whom ("local", "remote"), and why."""
        def told():
            return next((event for event in self._call("events") if event.startswith(what)), None)
        return wait.until(told, seconds, f"{what!r} at the agent", lambda: self._call("events"))

    def call(self, user):
        self._call("call", sip.uri(user))

    def pick_up(self):
        wait.until(lambda: self._call("isCalled"), 10, "a call at the agent")
        self._call("pickUp")

    def hold(self):
        self._call("hold")

    def unhold(self):
        self._call("unhold")

    def refer(self, user):
        self._call("refer", sip.uri(user))

    def end(self):
        self._call("end")

    def hang_up(self):
        self._driver.switch_to.window(self._window)
        self._driver.execute_script("agent.stop(); context.suspend()")
