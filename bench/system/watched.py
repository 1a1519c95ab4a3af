# SPDX-License-Identifier: Apache-2.0
"""arplined as the figures of discovery need it: its table, its own times, and what it uses."""
import re
import time
from pathlib import Path

from lab import Arplined, CommandError

import maps

# Row 11 of the decision table hands only so many who-has a second to the containers' kernels, a quarter of them for one
# requester: what the defaults let through is not what is measured here.
CONFIG = {"limits": {"to_child": 100_000, "host_share": "off"}}
PATIENCE_SECONDS = 60.0
SETTLE_SECONDS = 0.5
MB = 1e6


class Watched:
    """The daemon in a host, from here to the end of the block. serving: it is waited for."""

    def __init__(self, host, serving=True):
        self.host = host
        self._started = time.monotonic()
        self.daemon = Arplined(host, CONFIG)
        if serving:
            self.daemon.wait_serving(PATIENCE_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self.daemon.stop(PATIENCE_SECONDS)
        if code != 0 and kind is None:
            raise CommandError(f"arplined ended with exit code {code}: {self.daemon.log.strip()[-500:]}")

    def count(self) -> int:
        """Entries in the pinned table, without asking the daemon, whom that would cost time."""
        return maps.endpoints(self.host)

    def wait_count(self, expected: int, pause=0.02) -> float | None:
        """Seconds since the daemon's start, once the table has that many entries; None when it never has."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if self.count() == expected:
                return time.monotonic() - self._started
            time.sleep(pause)
        return None

    def status(self) -> dict:
        found = self.host.status()
        if not found or not found["daemon"]:
            raise CommandError(f"arplined does not answer: {self.daemon.log.strip()[-500:]}")
        return found

    def endpoint(self, address: str) -> dict:
        return next((one for one in self.status()["endpoints"] if one["address"] == address), {})

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.daemon.pid}/fd").iterdir()))

    def namespace_ids(self) -> int:
        """In the host's namespace, of namespaces that have no name in /run/netns: of those that are gone, if any."""
        return sum("name:" not in line for line in self.host.ns.run("ip", "netns", "list-id").stdout.splitlines())

    def settle(self, ids: int) -> None:
        """Until the kernel has done away with all but so many namespaces, and the daemon with what it does then."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.namespace_ids() > ids and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(SETTLE_SECONDS)

    def memory(self) -> dict:
        """Resident MB: all of it; of that what the maps and the rings' frames have, and files (programs, libraries)."""
        kinds = {"maps": 0, "files": 0, "own": 0}
        kind = "own"
        for line in Path(f"/proc/{self.daemon.pid}/smaps").read_text(encoding="utf-8").splitlines():
            if header := re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)", line):
                kind = kind_of(header[1])
            elif line.startswith("Rss:"):
                kinds[kind] += int(line.split()[1]) * 1024
        return {"all": sum(kinds.values()) / MB, **{name: size / MB for name, size in kinds.items()}}


def kind_of(mapping: str) -> str:
    if "bpf" in mapping:
        return "maps"
    return "files" if mapping.startswith("/") else "own"
