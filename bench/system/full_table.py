# SPDX-License-Identifier: Apache-2.0
"""arplined with as many endpoints as its table holds."""
import time
from pathlib import Path

import lab
from lab import CommandError

import maps
from running import Arplined

PATIENCE_SECONDS = 60.0
PASSES = 10
PASS_RATE = 30_000  # frames/s that a container's kernel can answer
# With the default limits the kernels' answers would take ten minutes. The long pair_ttl keeps pairs from expiring.
GENEROUS = {"pair_ttl": "1h", "announce": {"pps": 0},
            "limits": {"to_child": 100_000, "to_child_source": 100_000, "host_share": "off"}}
MEASURED = {**GENEROUS, "limits": {}}


class Filled(Arplined):
    """Every endpoint is in the table. It does not use the daemon's status, which is slow with so many endpoints."""

    def __init__(self, place, config: dict):
        self._expected = place.plan.addresses
        super().__init__(place.host, config)

    def _start(self, config: dict):
        daemon = lab.Arplined(self.host, config)
        end = time.monotonic() + PATIENCE_SECONDS
        while maps.endpoints(self.host) < self._expected:
            if not daemon.running() or time.monotonic() > end:
                raise CommandError(f"arplined has not found {self._expected} endpoints: {daemon.log.strip()[-500:]}")
            time.sleep(0.2)
        return daemon


class FullTable(Filled):
    """Every endpoint is confirmed, too."""

    def __init__(self, place):
        super().__init__(place, GENEROUS)
        try:
            self._confirm_all(place)
            self._default_limits()
        except BaseException:
            self.stop()
            raise

    def _confirm_all(self, place) -> None:
        """Asks for each address once, repeatedly, until all kernels have answered."""
        for _ in range(PASSES):
            place.ask(PATIENCE_SECONDS, "--count-only", "--frames", self._expected, rate=PASS_RATE,
                      traffic=[f"{place.traffic} order=sequential"])
            if (count := maps.confirmed(self.host)) == self._expected:
                return
        raise CommandError(f"of {self._expected} endpoints only {count} are confirmed after {PASSES} passes")

    def _default_limits(self) -> None:
        path = Path(self.daemon.argv[self.daemon.argv.index("--config") + 1])
        path.write_text(lab.daemon.to_toml(MEASURED), encoding="utf-8")
        done = self.host.arpline("reload")
        if done.returncode != 0:
            raise CommandError(f"arpline reload: {done.stderr.strip()}")
