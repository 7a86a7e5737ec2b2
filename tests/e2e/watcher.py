# SPDX-License-Identifier: BSD-3-Clause
"""An operator who looks at the relay's page, in Chromium: with eyes, with keys, and by ear."""

import base64
import hashlib
import pathlib

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import wait
from relay import BUILD

PORT = 8443
URL = f"https://127.0.0.1:{PORT}/"
SHOTS = BUILD / "e2e" / "page"
INSPECT = pathlib.Path(__file__).with_name("inspect.js").read_text(encoding="ascii")
CONTROLS = "a[href], button, input, select, summary"


def token(role):
    return f"tandem_{role}-of-the-tests"


def configuration(roles=("viewer", "operator")):
    """Lines for the control plane: where the page is, and a token for each role."""
    hashes = {role: hashlib.sha256(token(role).encode()).hexdigest() for role in roles}
    lines = [f"token = {role}-token {role} never {digest}" for role, digest in hashes.items()]
    return "\n".join(["[web]", f"listen = https:127.0.0.1:{PORT}", "[access]", *lines])


class Watcher:
    """A new window on the page, by its address or by a view's."""

    def __init__(self, driver, view=""):
        self._driver = driver
        self.errors()  # What is there is of others.
        driver.switch_to.new_window("window")
        self._devtools("Network.clearBrowserCookies")
        self.width, self.scheme = 1280, "light"
        self.look()
        driver.get(URL + view)

    def close(self):
        self._driver.close()
        self._driver.switch_to.window(self._driver.window_handles[0])

    # --- eyes --------------------------------------------------------------------------------------

    def _devtools(self, command, **parameters):
        return self._driver.execute("devtools", {"cmd": command, "params": parameters})["value"]

    def look(self, width=None, scheme=None, height=900):
        """On a screen so wide, in the colours that the person likes."""
        self.width, self.scheme = width or self.width, scheme or self.scheme
        self._devtools("Emulation.setDeviceMetricsOverride", width=self.width, height=height,
                       deviceScaleFactor=1, mobile=False)
        self._devtools("Emulation.setEmulatedMedia",
                       features=[{"name": "prefers-color-scheme", "value": self.scheme},
                                 {"name": "prefers-reduced-motion", "value": "reduce"}])

    def script(self, text, *arguments):
        return self._driver.execute_script(text, *arguments)

    def read(self, selector="body"):
        """What is there to be read, of all that matches."""
        return "\n".join(self.script(
            "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText)", selector))

    def wait_text(self, text, selector="body", seconds=15):
        wait.until(lambda: text in self.read(selector), seconds, f"{text!r} in the page",
                   lambda: self.read(selector)[-3000:])

    def wait_no(self, text, selector="body", seconds=15):
        wait.until(lambda: text not in self.read(selector), seconds, f"no {text!r} in the page",
                   lambda: self.read(selector)[-3000:])

    def table(self, caption):
        """The rows of a table, as texts of their cells."""
        return self.script("""
            const table = [...document.querySelectorAll("table")]
                .find(one => one.caption.textContent === arguments[0]);
            return [...table?.tBodies[0].rows ?? []].map(row =>
                [...row.cells].map(cell => cell.innerText.trim()));""", caption)

    def shoot(self, name):
        """A picture of the whole page in build/e2e/page."""
        height = self.script("return document.documentElement.scrollHeight")
        self.look(height=min(max(height, 600), 4000))
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}-{self.scheme}-{self.width}.png"
        path.write_bytes(base64.b64decode(self._devtools("Page.captureScreenshot")["data"]))
        self.look()

    def overflow(self):
        """How many pixels are beyond the page's right edge, or on a narrow one a table's."""
        return self.script("""
            const tables = innerWidth < 700 ? document.querySelectorAll(".scroll") : [];
            return Math.max(document.documentElement.scrollWidth - innerWidth,
                ...[...tables].map(one => one.scrollWidth - one.clientWidth));""")

    # --- ear ---------------------------------------------------------------------------------------

    def wait_said(self, text, seconds=15):
        """A screen reader is told."""
        wait.until(lambda: text in self.script(
            "return document.querySelector('[role=status]#news').textContent"), seconds,
            f"{text!r} to be announced")

    def complaints(self):
        """What the page lacks, by inspect.js, and controls without a name."""
        return self.script(INSPECT) + [
            f"a control without name: {one.get_attribute('outerHTML')[:120]}"
            for one in self._controls() if not one.accessible_name]

    def errors(self):
        """What the browser complained of since it was asked last: scripts, policies, answers."""
        return [entry["message"] for entry in self._driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    # --- hands -------------------------------------------------------------------------------------

    def _controls(self):
        return [one for one in self._driver.find_elements(By.CSS_SELECTOR, CONTROLS)
                if one.is_displayed()]

    def names(self):
        """Of all controls that are there."""
        return [one.accessible_name for one in self._controls()]

    def click(self, name, seconds=10):
        """The control of that name, once it is there."""
        def clicked():
            try:
                found = next((one for one in self._controls() if one.accessible_name == name), None)
                if found:
                    found.click()
                return found
            except StaleElementReferenceException:
                return None
        wait.until(clicked, seconds, f"a control {name!r}", self.names)

    def press(self, *keys):
        ActionChains(self._driver).send_keys(*keys).perform()

    def focus(self):
        """The name of what has the focus."""
        return self._driver.switch_to.active_element.accessible_name

    def tab_to(self, name, most=60):
        """By the tabulator alone."""
        trail = []
        for _ in range(most):
            self.press(Keys.TAB)
            trail.append(self.focus())
            if trail[-1] == name:
                return
        raise AssertionError(f"{name!r} is not reached by the tabulator: {trail}")

    def sign_in(self, role="operator"):
        wait.until(lambda: self.focus() == "Access token", 15, "the page to ask for a token",
                   self.read)
        self.press(token(role), Keys.ENTER)
        self.wait_text(f"{role}-token")

    def go(self, view):
        """By the address."""
        self.script("location.hash = arguments[0]", view)

    def reload(self):
        self._driver.refresh()

    def post(self, path, message):
        """As a script in the page would: the status that comes back."""
        return self._driver.execute_async_script("""
            const [path, message, done] = arguments;
            fetch(path, {method: "POST", body: JSON.stringify(message),
                headers: {"Content-Type": "application/json"}})
                .then(answer => done(answer.status), error => done(String(error)));""",
            path, message)
