# SPDX-License-Identifier: Apache-2.0
"""
Runs tests that need features this machine lacks, all in one virtual machine. They are marked needs("vlan") (a kernel
with 802.1Q), needs("flower") (tc's flower) or needs("nics") (network cards of its own).
"""
import os
import subprocess
from functools import lru_cache
from xml.etree import ElementTree

from _pytest.reports import TestReport
from lab import Lab, build_dir, vm
from stages import junit

INSIDE = "ARPLINE_LAB_GUEST"
LIMIT_SECONDS = 1200
CONSOLE_LINES = 40
PATIENCE = 6
TRIALS = {
    "vlan": "ip link add name v0 type veth peer name v1 && ip link add link v0 name v0.1 type vlan id 1",
    "flower": "tc qdisc add dev lo clsact && tc filter add dev lo ingress protocol arp flower",
}


@lru_cache
def there(need) -> bool:
    """Whether this machine has the feature."""
    if need in TRIALS:
        return subprocess.run(["unshare", "--net", "sh", "-c", TRIALS[need]], capture_output=True,
                              check=False).returncode == 0
    return INSIDE in os.environ


def lacking(item) -> list[str]:
    """The features that the test needs and this machine lacks."""
    return [marker.args[0] for marker in item.iter_markers("needs") if not there(marker.args[0])]


def split(items):
    """Returns (the tests for this machine, the tests for the virtual one)."""
    return [one for one in items if not lacking(one)], [one for one in items if lacking(one)]


def reports_of(item, outcome, text, seconds):
    """The reports that pytest would make for the test with that result."""
    path, line, name = item.location
    why = (str(path), line, f"Skipped: {text}") if outcome == "skipped" else text or None
    call = TestReport(item.nodeid, item.location, {}, outcome, why, "call", duration=seconds)
    return [call, TestReport(item.nodeid, item.location, {}, "passed", None, "teardown")]


def run(names) -> dict:
    """Runs the tests in the virtual machine. Returns (outcome, text, seconds) by name."""
    if INSIDE in os.environ:
        return of_all(names, "skipped", "the virtual machine lacks it too")
    environment = {INSIDE: 1, "ARPLINE_BUILD": build_dir(), "ARPLINE_LAB_PATIENCE": PATIENCE}
    try:
        with Lab() as lab:
            outcome = vm.boot(lab, vm.fetch(), ["tests/lab/run.py", "--jobs", 2, "--junitxml", "{REPORT}", *names],
                              environment, LIMIT_SECONDS)
    except vm.Unavailable as reason:
        return of_all(names, "skipped", str(reason))
    return collected(names, outcome)


def of_all(names, outcome, text) -> dict:
    return {name: (outcome, text, 0.0) for name in names}


def collected(names, outcome) -> dict:
    try:
        results = junit.results(outcome.report)
    except ElementTree.ParseError:
        results = {}
    missing = sorted(set(names) - set(results))
    if not missing:
        return results
    console = "\n".join(outcome.console.splitlines()[-CONSOLE_LINES:])
    ended = "ended" if outcome.finished else f"did not end in {LIMIT_SECONDS} s"
    why = f"no result; the virtual machine {ended}"
    return {**results, **of_all(missing, "failed", why), missing[0]: ("failed", f"{why}:\n{console}", 0.0)}
