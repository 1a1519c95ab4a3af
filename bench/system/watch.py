# SPDX-License-Identifier: Apache-2.0
"""The cost of `arpline watch` for the fast path while somebody watches, and its lines. bench/run --only watch"""
import json
import statistics
import subprocess
import threading

from lab import CommandError, arpline

from fast_path import FAST, OF_NAME
from labs import MANY
from measure import sample
from report_tables import table

WITHOUT, WITH = "without", "with"


class Watcher:
    """`arpline watch --json` of everything, which counts its lines and what they say was left out."""

    def __init__(self, host):
        self.lines, self.left_out, self._begun = 0, 0, threading.Event()
        self._process = host.ns.spawn(arpline(), "watch", "--json", "--parent", host.nic, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            if line.startswith(b'{"watching"'):
                self._begun.set()
            elif line.startswith(b'{"left_out"'):
                self.left_out += json.loads(line)["left_out"]
            else:
                self.lines += 1

    def __enter__(self):
        if not self._begun.wait(15):
            raise CommandError("arpline watch does not begin")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)
        self._reader.join()


def run(places, settings, say) -> dict:
    place, found = places.of(MANY), {WITHOUT: [], WITH: [], "rate": settings.watch_rate}
    running = OF_NAME[FAST].start(place.host)
    try:
        place.ask(settings.seconds)
        for number in range(settings.rounds):
            for kind in (WITHOUT, WITH) if number % 2 == 0 else (WITH, WITHOUT):
                found[kind].append(measured(place, running, kind, settings))
    finally:
        running.stop()
    say(f"watch: {', '.join(f'{ratio:.3f}' for ratio in ratios(found))} of what is answered without a watcher; "
        f"{max(lines_per_second(found)):.0f} lines/s")
    return found


def measured(place, running, kind: str, settings) -> dict:
    if kind == WITHOUT:
        return sample(place, OF_NAME[FAST], running, settings.seconds, settings.watch_rate)
    with Watcher(place.host) as watcher:
        one = sample(place, OF_NAME[FAST], running, settings.seconds, settings.watch_rate)
    return one | {"lines": watcher.lines / settings.seconds, "left_out": watcher.left_out}


def ratios(found: dict) -> list[float]:
    """The answered share with a watcher, against that of the same round without one."""
    return [one["ratio"] / other["ratio"] for one, other in zip(found.get(WITH, ()), found.get(WITHOUT, ()))]


def lines_per_second(found: dict) -> list[float]:
    return [one["lines"] for one in found.get(WITH, ())]


def section(found: dict) -> str:
    if not found:
        return "Not measured."
    rows = [(kind, f"{statistics.median(one['answered'] for one in found[kind]) / 1e6:.3f}",
             f"{statistics.median(one['ratio'] for one in found[kind]):.4f}",
             f"{min(one['ratio'] for one in found[kind]):.4f} – {max(one['ratio'] for one in found[kind]):.4f}",
             f"{statistics.median(one.get('lines', 0) for one in found[kind]):,.0f}",
             f"{statistics.median(one.get('left_out', 0) for one in found[kind]):,.0f}") for kind in (WITHOUT, WITH)]
    return (f"who-has at {found['rate']:,} a second, answered by the fast path, with and without a watcher that wants "
            "all of them. Without one the program has no trace of it (`AStormsFrame.*` of `tests/packet`).\n\n"
            + table(("watcher", "answered, M/s", "share of what was offered", "least – most", "lines/s", "left out"),
                    rows))
