# SPDX-License-Identifier: BSD-3-Clause
"""What Prometheus learns of the relay, and whether rules and dashboard ask for what there is."""

import json
import pathlib
import re
import subprocess

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import api
import endpoint as endpoints
import net
import wait
from calls import CALL, TAGS, open_path, phone_to_phone
from prometheus import Prometheus, get
from relay import ROOT
from test_quality import every, play

ADDRESS, PORT = "127.0.0.1", 8080
FILES = ROOT / "controlplane/metrics"
RULES = FILES / "tandem.rules.yml"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def asked_by_rules():
    for group in yaml.safe_load(RULES.read_text(encoding="ascii"))["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]


def asked_by_dashboard():
    dashboard = json.loads((FILES / "grafana.json").read_text(encoding="ascii"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"].replace("$instance", ".+").replace("$__rate_interval", "10s")


@pytest.fixture
def relay(start_relay):
    return start_relay(controlplane=f"[quality]\ninterval = 2\n"
                                    f"[web]\nlisten = http:{ADDRESS}:{PORT}\nmetrics = anyone\n")


@pytest.fixture
def phones(relay, endpoint):
    caller = endpoint(endpoints.Phone, net.PHONES, net.PHONE[4])
    callee = endpoint(endpoints.Phone, net.PHONES, net.PHONE_OTHER[4])
    phone_to_phone(relay, caller, callee, api.AVP)
    open_path(caller, callee)
    return caller, callee


@pytest.fixture
def prometheus(relay, directory):
    server = Prometheus(net.RELAY, directory, f"{ADDRESS}:{PORT}", RULES)
    yield server
    server.close()


def scrape(accept):
    status, headers, text = get(net.RELAY, ADDRESS, PORT, "/metrics", Accept=accept)
    assert status == 200, text
    return headers["Content-Type"], text


def families():
    """Of a scrape, by a parser that is strict."""
    kind, text = scrape(OPENMETRICS)
    assert kind == f"{OPENMETRICS.replace(';', '; ')}; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(text)}


def promtool(*arguments, **more):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_server_scrapes_a_call(relay, phones, prometheus):
    """It answers what the call was, how it sounded and how it ended."""
    caller, _ = phones
    assert prometheus.wait_value('up{job="tandem"}', lambda up: up == 1) == 1
    assert prometheus.wait_value('tandem_calls{driver="grpc",state="up"}', lambda n: n == 1) == 1
    assert prometheus.value("tandem_dataplane_connected") == 1
    assert prometheus.value('sum(tandem_legs{network="trunk"})') == 2
    play(caller, 500, every(8))
    prometheus.wait_value('tandem_stream_interval_mos_bucket{codec="PCMU",le="3.6"}',
                          lambda n: n >= 2)
    assert prometheus.value("tandem_leg_media_seconds_count") >= 1
    assert prometheus.value('rate(tandem_link_received_packets_total{port="trunk"}[10s])') > 10
    relay.api.delete(CALL)
    prometheus.wait_value('tandem_calls_ended_total{reason="deleted"}', lambda n: n == 1)
    assert prometheus.value("sum(tandem_calls)") == 0
    assert prometheus.value("tandem_call_mos_count") == 1
    assert prometheus.value('tandem_call_mos_bucket{le="3.6"}') == 1
    assert prometheus.value("tandem_call_duration_seconds_count") == 1


def test_rules_and_dashboard_are_understood(relay, prometheus):
    """No error in any of them, and nothing is wrong with a relay that has begun."""
    prometheus.wait_value('up{job="tandem"}', lambda up: up == 1)

    def evaluated():
        rules = prometheus.ask("rules")["groups"][0]["rules"]
        return rules if all(rule["health"] != "unknown" for rule in rules) else None
    rules = wait.until(evaluated, 20, "all rules to be evaluated")
    assert {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] != "ok"} \
        == {}
    assert [alert["labels"] for alert in prometheus.ask("alerts")["alerts"]
            if alert["state"] == "firing"] == []
    for expression in asked_by_dashboard():
        prometheus.query(expression)


def test_the_text_is_as_conventions_have_it(relay, phones):
    """promtool has nothing to say, and no label names a call, a party or an address."""
    kind, text = scrape("text/plain")
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    assert promtool("check", "metrics", input=text) == ""
    known = families()
    assert len(known) > 50
    values = {value for family in known.values() for sample in family.samples
              for value in sample.labels.values()}
    assert not values & {CALL, *TAGS}
    assert [value for value in values if re.search(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f]*:",
                                                   value)] == []
    for family in known.values():
        assert family.documentation.endswith("."), family.name


# What a sample is called, and the labels that it is chosen by.
SELECTOR = re.compile(r"\b((?:tandem|process)_\w+)(?:\{([^}]*)\})?")
ENDS = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "info": ["_info"]}
GIVEN = {"job", "instance"}  # by Prometheus


def test_rules_and_dashboard_ask_for_what_there_is(relay, phones):
    samples = {}  # name: labels
    for family in families().values():
        for end in ENDS.get(family.type, [""]):
            samples[family.name + end] = set()
        for sample in family.samples:
            samples[sample.name] |= set(sample.labels)
    expressions = [*asked_by_rules(), *asked_by_dashboard()]
    assert len(expressions) > 50
    for expression in expressions:
        for name, chosen in SELECTOR.findall(expression):
            assert name in samples, expression
            labels = set(re.findall(r"(\w+)=", chosen or "")) - GIVEN
            assert not samples[name] or labels <= samples[name], expression


def test_promtool_judges_the_rules():
    assert "SUCCESS" in promtool("check", "rules", RULES)
    tests = pathlib.Path(__file__).with_name("tandem.rules.test.yml")
    assert "SUCCESS" in promtool("test", "rules", tests)
    promtool("check", "config", "--syntax-only", FILES / "prometheus.yml")
