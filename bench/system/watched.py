# SPDX-License-Identifier: Apache-2.0
"""arplined with what discovery's figures need: its table, its own delays, its memory and CPU time."""
import re
import time
from pathlib import Path

from lab import Arplined, CommandError

import maps

# Row 11 of the decision table limits the who-has that reach the containers' kernels, and one requester to a quarter of
# that. The limits are raised, because they are not measured here.
CONFIG = {"limits": {"to_child": 100_000, "host_share": "off"}}
PATIENCE_SECONDS = 60.0
SETTLE_SECONDS = 0.5
MB = 1e6


class Watched:
    """The daemon in a host for the length of the block. serving: wait until it serves the parent."""

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
        """Entries in the pinned table, read without the daemon, which a request would slow down."""
        return maps.endpoints(self.host)

    def wait_count(self, expected: int, pause=0.02) -> float | None:
        """Waits for `expected` entries; returns the seconds since the daemon's start, None when they never come."""
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
        """The nsids in the host's namespace without a name in /run/netns: these namespaces are being destroyed."""
        return sum("name:" not in line for line in self.host.ns.run("ip", "netns", "list-id").stdout.splitlines())

    def settle(self, ids: int) -> None:
        """Waits until the kernel has destroyed all but `ids` of these namespaces, and until the daemon is idle."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.namespace_ids() > ids and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(SETTLE_SECONDS)

    def memory(self) -> dict:
        """Resident memory in MB: total, maps and ring frames, files (programs, libraries)."""
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
