# SPDX-License-Identifier: BSD-3-Clause
"""Debian's Prometheus server, on loopback of a namespace and for one test; and what it scrapes."""

import http.client
import json
import socket
import urllib.parse

import wait
from process import Process

ADDRESS, PORT = "127.0.0.1", 9090
CONFIGURATION = """\
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [{rules}]
scrape_configs:
  - job_name: tandem
    static_configs:
      - targets: ["{target}"]
"""


def get(namespace, address, port, path, **headers):
    """(status, headers, text) of what is fetched from inside the namespace."""
    connection = http.client.HTTPConnection(address, port, timeout=30)
    connection.sock = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.sock.settimeout(30)
    connection.sock.connect((address, port))
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


class Prometheus:
    """Scrapes target, an "address:port", every second and keeps to the rules of a file."""

    def __init__(self, namespace, directory, target, rules):
        self._namespace = namespace
        configuration = directory / "prometheus.yml"
        configuration.write_text(CONFIGURATION.format(target=target, rules=rules),
                                 encoding="ascii")
        self._process = Process(
            ["prometheus", f"--config.file={configuration}",
             f"--storage.tsdb.path={directory / 'prometheus'}",
             f"--web.listen-address={ADDRESS}:{PORT}"],
            directory / "prometheus.log", namespace, cwd=directory)
        self._process.wait_line("Server is ready to receive web requests", 30)

    def ask(self, path, **parameters):
        """The data of an answer of its API."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        status, _, text = get(self._namespace, ADDRESS, PORT, f"/api/v1/{path}{query}")
        answer = json.loads(text)
        assert status == 200 and answer["status"] == "success", text
        return answer["data"]

    def query(self, expression):
        """What an expression is now: {labels, as (name, value) pairs in order: value}."""
        return {tuple(sorted(one["metric"].items())): float(one["value"][1])
                for one in self.ask("query", query=expression)["result"]}

    def value(self, expression):
        """Of an expression with one result; None: with none."""
        found = self.query(expression)
        assert len(found) < 2, found
        return next(iter(found.values()), None)

    def wait_value(self, expression, is_so, seconds=20):
        """The value of an expression, once is_so(it)."""
        def reached():
            value = self.value(expression)
            return (value,) if value is not None and is_so(value) else None
        return wait.until(reached, seconds, f"another value of {expression}",
                          lambda: self.query(expression))[0]

    def close(self):
        self._process.stop()
