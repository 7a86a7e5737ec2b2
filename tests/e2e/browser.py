# SPDX-License-Identifier: BSD-3-Clause
"""A real browser in its namespace: headless Chromium, driven with selenium."""

import base64
import pathlib
import shutil

import numpy
from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.remote.remote_connection import RemoteConnection

import tone
import wait
from process import Process

PAGE = pathlib.Path(__file__).with_name("page.html").resolve().as_uri()
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--disable-default-apps", "--disable-extensions",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows", "--autoplay-policy=no-user-gesture-required",
    "--ignore-certificate-errors", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    # Real addresses in the candidates, so that a leak of one would be seen.
    "--disable-features=WebRtcHideLocalIpsWithMdns,OptimizationHints,MediaRouter",
]


class _Connection(RemoteConnection):
    """Speaks to the driver on the loopback of the browser's namespace."""

    browser_name = "chrome"

    def __init__(self, namespace, url):
        super().__init__(url, keep_alive=False, ignore_proxy=True)
        self._namespace = namespace
        self._commands["devtools"] = ("POST", "/session/$sessionId/goog/cdp/execute")

    def _request(self, *args, **kwargs):
        with self._namespace.entered():
            return super()._request(*args, **kwargs)


class Browser:
    """One Chromium with a new, empty profile."""

    def __init__(self, namespace, directory):
        self._profile = pathlib.Path(directory).resolve() / "profile"
        shutil.rmtree(self._profile, ignore_errors=True)
        self._profile.mkdir()
        # Whatever the two would leave in /tmp goes with the profile.
        self.driver_process = Process(["/usr/bin/chromedriver", "--port=0"],
                                      pathlib.Path(directory) / "chromedriver.log", namespace,
                                      env={"TMPDIR": str(self._profile)})
        port = self.driver_process.wait_line(r"successfully on port (\d+)", 20).group(1)
        options = webdriver.ChromeOptions()
        for flag in (*FLAGS, f"--user-data-dir={self._profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        RemoteConnection.set_timeout(60)
        self._driver = webdriver.Remote(_Connection(namespace, f"http://127.0.0.1:{port}"),
                                        options=options)
        self._driver.set_script_timeout(20)

    def page(self, **how):
        """A new window with one participant in it; how: frequency, codec, video, turn."""
        return self.open(Page, **how)

    def open(self, kind, **how):
        return kind(self._driver, **how)

    def close(self):
        try:
            self._driver.quit()
        finally:
            self.driver_process.stop()
            shutil.rmtree(self._profile, ignore_errors=True)


class Page:
    """One participant in a call."""

    url, begin = PAGE, "start"

    def __init__(self, driver, **how):
        self._driver = driver
        driver.switch_to.new_window("window")
        self._window = driver.current_window_handle
        wait.until(self._is_loaded, 30, "the participant's page to load")
        self._await(self.begin, how)

    def _is_loaded(self):
        """On a busy machine a new window's own first page may come after ours, in its place."""
        if self._driver.execute_script(f"return typeof {self.begin} === 'function'"):
            return True
        self._driver.get(self.url)
        return False

    def _call(self, function, *arguments):
        self._driver.switch_to.window(self._window)
        return self._driver.execute_script(f"return {function}(...arguments)", *arguments)

    def _await(self, function, *arguments):
        self._driver.switch_to.window(self._window)
        result = self._driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            f"Promise.resolve({function}(...[...arguments].slice(0, -1)))"
            ".then(value => done({value}), error => done({error: String(error)}))", *arguments)
        if "error" in result:
            raise RuntimeError(f"the browser's {function}: {result['error']}")
        return result.get("value")

    def offer(self, direction=None, restart=False):
        return self._await("offer", {"direction": direction, "iceRestart": restart})

    def answer(self, sdp):
        return self._await("answer", sdp)

    def accept(self, sdp, early=False):
        """early: another answer may follow."""
        self._await("accept", sdp, early)

    def wait_state(self, *states, seconds=15):
        """The RTCPeerConnection's state, once it is one of those (e.g. "connected")."""
        self._driver.set_script_timeout(seconds)
        try:
            return self._await("reached", list(states))
        except TimeoutException:
            raise wait.Timeout(f"waited {seconds} s for the browser's connection to be "
                               f"{' or '.join(states)}; it is {self.state()}") from None
        finally:
            self._driver.set_script_timeout(20)

    def state(self):
        self._driver.switch_to.window(self._window)
        return self._driver.execute_script("return peer.connectionState")

    def stats(self, sort=None, **like):
        """The getStats() dictionaries of one type whose members are as given."""
        return [entry for entry in self._await("stats")
                if (sort is None or entry["type"] == sort)
                and all(entry.get(key) == value for key, value in like.items())]

    def received(self, kind="audio"):
        """The inbound-rtp statistics of one kind of media; {} before the first packet."""
        entries = self.stats("inbound-rtp", kind=kind)
        return entries[0] if entries else {}

    def heard(self):
        """The judgement of the last 0.7 seconds."""
        taken = self._call("samples")
        samples = numpy.frombuffer(base64.b64decode(taken["octets"]), dtype="<f4")
        return tone.analyse(samples, taken["rate"])

    def wait_tone(self, frequency, seconds=15):
        return wait.until(lambda: _if_tone(self.heard(), frequency), seconds,
                          f"{frequency} Hz at the browser", self.heard)

    def wait_silence(self, seconds=10):
        wait.until(lambda: self.heard().level < tone.QUIET_DBFS, seconds,
                   "silence at the browser", self.heard)

    def wait_stat(self, sort, member, least, seconds=15, **like):
        """One statistic has reached a value."""
        def value():
            return max((entry.get(member, 0) for entry in self.stats(sort, **like)), default=0)
        wait.until(lambda: value() >= least, seconds,
                   f"{sort} {member} of {least} at the browser", value)

    def wait_report(self, kind="audio", seconds=15):
        """The other side's RTCP has told how our stream arrives there."""
        return wait.until(lambda: self.stats("remote-inbound-rtp", kind=kind), seconds,
                          f"a receiver report about {kind} at the browser")[0]

    def ask_key_frame(self):
        self._await("askKeyFrame")

    def wait_frames(self, more, seconds=20):
        """That many more frames of video have been decoded."""
        before = self.received("video").get("framesDecoded", 0)
        wait.until(lambda: self.received("video").get("framesDecoded", 0) >= before + more,
                   seconds, f"{more} more frames of video at the browser",
                   lambda: self.received("video").get("framesDecoded", 0))

    def hang_up(self):
        """Nothing is sent or heard from now on."""
        self._driver.switch_to.window(self._window)
        self._driver.execute_script("peer.close(); context.suspend()")

    def close(self):
        self.hang_up()
        self._driver.close()
        self._driver.switch_to.window(self._driver.window_handles[0])


def _if_tone(heard, frequency):
    return heard if heard.is_tone(frequency) else None
