# SPDX-License-Identifier: Apache-2.0
"""arplined's pinned maps, read without the daemon, which a request would slow down."""
import json
import re
import subprocess
from pathlib import Path

from lab import CommandError, teardown


def folder(host) -> Path:
    for found in teardown.PINS.glob(f"{host.nic}@*-{host.ns.inode}"):
        return found
    raise CommandError(f"{host.label}: nothing is pinned; does arplined run?")


def dumped(host, name: str, *options) -> str:
    done = subprocess.run(["bpftool", *options, "map", "dump", "pinned", folder(host) / name], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise CommandError(f"bpftool: map {name}: {done.stderr.strip()}")
    return done.stdout


def endpoints(host) -> int:
    """Entries in the table; 0 when it does not exist yet."""
    try:
        return len(json.loads(dumped(host, "endpoints", "-j")))
    except CommandError:
        return 0


def confirmed(host) -> int:
    """The number of confirmed endpoints."""
    return len(re.findall(r'"confirmed_at": [1-9]', dumped(host, "slots")))


def verdicts(host) -> dict[str, int]:
    """The verdicts of both stages."""
    found = {}
    for row in json.loads(dumped(host, "verdicts", "-j")) + json.loads(dumped(host, "engine_verdicts", "-j")):
        cells = row["formatted"]
        for one in [of_cpu["value"] for of_cpu in cells["values"]] if "values" in cells else [cells["value"]]:
            for name, count in one.items():
                found[name] = found.get(name, 0) + count
    return found
