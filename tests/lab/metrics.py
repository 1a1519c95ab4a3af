# SPDX-License-Identifier: Apache-2.0
"""arpline-exporter in a lab's host, and Debian's Prometheus that scrapes it there."""
import contextlib
import http.client
import json
import re
import shutil
import subprocess
import urllib.parse

import pytest
from common import PATIENCE, ROOT, run, wait_until
from lab.sh import exporter

PORT, PROMETHEUS_PORT = 10826, 9090
GROUP = "adm"
READABLE = {"control_group": GROUP}
RULES = ROOT / "tools" / "exporter" / "arpline.rules.yml"
SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
  - {{job_name: arpline, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
rule_files: ["{rules}"]
"""


def tool(name: str) -> str:
    """The path of Debian's promtool or prometheus; skips the test where it is not installed."""
    if not (path := shutil.which(name)):
        pytest.skip(f"{name} is not installed: tools/deps metrics")
    return path


def http_get(host, port: int, path: str, method="GET", timeout=10.0):
    """(status, body) of a request from within the host."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout * PATIENCE)
    with contextlib.closing(connection):
        with host.ns.entered():
            connection.connect()
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8")


class Exporter:
    """It runs as nobody, in the control group."""

    def __init__(self, host, *options, group=GROUP):
        self.host = host
        self.log_path = host.lab.folder / "exporter.log"
        with open(self.log_path, "wb") as log:
            self.process = host.ns.spawn("setpriv", "--reuid=nobody", f"--regid={group}", "--clear-groups", exporter(),
                                         *options, stdout=log, stderr=subprocess.STDOUT)
        host.lab.daemons.append(self)  # the lab waits for its end
        wait_until(self.listens, 10, lambda: f"it listens: {self.log}")

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def listens(self) -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            return http_get(self.host, PORT, "/metrics")[0] == 200
        return False

    def scrape(self) -> str:
        status, text = http_get(self.host, PORT, "/metrics")
        assert status == 200, text
        return text

    def series(self, name: str) -> dict:
        """The values of a metric's series by their labels, which are sorted (name, value) pairs."""
        return {tuple(sorted(LABEL.findall(labels))): float(value)
                for found, labels, value in SERIES.findall(self.scrape()) if found == name}

    def value(self, name: str, **labels):
        """The value of the one series that has these labels, or None."""
        found = [value for series, value in self.series(name).items() if labels.items() <= dict(series).items()]
        assert len(found) <= 1, f"{name} {labels}: {found}"
        return found[0] if found else None

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10 * PATIENCE)


def scraped(host, config=None, exporter_options=(), args=()):
    """(daemon, exporter): a host that is served and an exporter that is answered."""
    daemon = host.start_arplined({**READABLE, **(config or {})}, args)
    return daemon, Exporter(host, *exporter_options)


class Prometheus:
    """With the alert rules, which are raised as soon as they are true."""

    def __init__(self, host):
        self.host = host
        folder = host.lab.folder / "prometheus"
        folder.mkdir()
        rules = re.sub(r"^( *for:) .*$", r"\1 0s", RULES.read_text("utf-8"), flags=re.MULTILINE)
        (folder / "rules.yml").write_text(rules, "utf-8")
        (folder / "prometheus.yml").write_text(CONFIG.format(port=PORT, rules=folder / "rules.yml"), "utf-8")
        self.log_path = folder / "log"
        with open(self.log_path, "wb") as log:
            self.process = host.ns.spawn(tool("prometheus"), f"--config.file={folder / 'prometheus.yml'}",
                                         f"--storage.tsdb.path={folder / 'data'}",
                                         f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}", stdout=log,
                                         stderr=subprocess.STDOUT)
        host.lab.daemons.append(self)
        wait_until(lambda: self.query("up == 1"), 20, lambda: f"it scrapes: {self.log_path.read_text()[-2000:]}")
        wait_until(lambda: "ArplineExporterGone" not in self.alerts(), 10, "the rules have seen the first scrape")

    def ask(self, path: str, **parameters):
        try:
            status, text = http_get(self.host, PROMETHEUS_PORT, f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        except ConnectionRefusedError:
            return None
        document = json.loads(text) if text.startswith("{") else {"status": text}
        return document["data"] if status == 200 and document["status"] == "success" else None

    def query(self, expression: str):
        """The series of an instant query; None when it is refused."""
        data = self.ask("query", query=expression)
        return None if data is None else data["result"]

    def alerts(self) -> dict:
        """Annotations and labels of those that are raised, by name."""
        data = self.ask("alerts") or {"alerts": []}
        return {one["labels"]["alertname"]: {**one["labels"], **one["annotations"]}
                for one in data["alerts"] if one["state"] == "firing"}


def check_metrics(text: str) -> None:
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True,
                          check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("exposer_")]
    assert not said, said


def check_rules(*words) -> str:
    return run(tool("promtool"), *words).stdout
