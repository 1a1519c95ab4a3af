# SPDX-License-Identifier: Apache-2.0
"""
Tests that need what this machine lacks: their module says NEEDS = "vlan" (a kernel with 802.1Q), "flower" (with tc's
flower) or "nics" (network cards of its own), and they run in one virtual machine for all of them.
"""
import json
import os
import subprocess

from common import Lab
from lab import build_dir, vm

INSIDE = "ARPLINE_LAB_GUEST"
LIMIT_SECONDS = 1200
CONSOLE_LINES = 40
PATIENCE = 6
TRIALS = {
    "vlan": "ip link add name v0 type veth peer name v1 && ip link add link v0 name v0.1 type vlan id 1",
    "flower": "tc qdisc add dev lo clsact && tc filter add dev lo ingress protocol arp flower",
}


def there(need) -> bool:
    """Whether this machine has it."""
    if need in TRIALS:
        return subprocess.run(["unshare", "--net", "sh", "-c", TRIALS[need]], capture_output=True,
                              check=False).returncode == 0
    return need is None or INSIDE in os.environ


def split(tests):
    """Those for this machine, those for the virtual one."""
    lacking = {need for need in {function.needs for _, function in tests} if not there(need)}
    return ([one for one in tests if one[1].needs not in lacking], [one for one in tests if one[1].needs in lacking])


def results_for(names, result, text):
    return [{"name": name, "seconds": 0.0, "text": text, "result": result} for name in names]


def run(tests):
    """Their results, as run.py has them."""
    names = [name for name, _ in tests]
    if INSIDE in os.environ:
        return results_for(names, "skipped", "the virtual machine lacks it too")
    print(f"{len(names)} tests need what this kernel does not have: in a virtual machine", flush=True)
    environment = {INSIDE: 1, "ARPLINE_BUILD": build_dir(), "ARPLINE_LAB_PATIENCE": PATIENCE}
    try:
        with Lab() as lab:
            outcome = vm.boot(lab, vm.fetch(), ["tests/lab/run.py", "--jobs", 2, "--json", "{REPORT}", *names],
                              environment, LIMIT_SECONDS)
    except vm.Unavailable as reason:
        return results_for(names, "skipped", str(reason))
    return collected(names, outcome)


def collected(names, outcome):
    try:
        results = json.loads(outcome.report)
    except json.JSONDecodeError:
        results = []
    missing = sorted(set(names) - {one["name"] for one in results})
    if not missing:
        return results
    console = "\n".join(outcome.console.splitlines()[-CONSOLE_LINES:])
    ended = "ended" if outcome.finished else f"did not end in {LIMIT_SECONDS} s"
    why = f"no result; the virtual machine {ended}"
    return results + results_for(missing[:1], "failed", f"{why}:\n{console}") + results_for(missing[1:], "failed", why)
