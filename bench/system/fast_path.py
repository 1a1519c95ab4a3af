# SPDX-License-Identifier: Apache-2.0
"""
The fast path: its rate compared with the bare XDP_TX reflector's, and its answers to a well-behaved peer during floods.
bench/run --only fast_path
"""
import contextlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from lab import CommandError

from contestants import CONTESTANTS
from full_table import FullTable
from labs import MANY, WIDE
from measure import sample
from neighbours import GATEWAYS, Gateways, Scan

ONE, RANDOM = "one", "random"
REFLECTOR, FAST, KERNEL = "xdp-tx", "fast", "kernel-64"
WELL_BEHAVED_RATE = 100
OF_NAME = {one.name: one for one in CONTESTANTS}


def spoofed(place) -> str:
    """65,533 requesters, each with its own MAC: the subnet without the peer, but with the containers' addresses."""
    return f"who-has to={place.targets} from={place.forged} macs=own"


@dataclass(frozen=True)
class Entry:
    """A measurement at full speed: the responder, its host and the requesters."""
    name: str
    lab: str
    ways: tuple

    @property
    def key(self) -> str:
        return f"{self.name}-wide" if self.lab == WIDE else self.name


ENTRIES = (Entry(KERNEL, MANY, (ONE,)), Entry(REFLECTOR, MANY, (ONE, RANDOM)), Entry(FAST, MANY, (ONE, RANDOM)),
           Entry(REFLECTOR, WIDE, (ONE,)), Entry(FAST, WIDE, (ONE,)))


@dataclass(frozen=True)
class Case:
    """The background load while a peer asks for the last container 100 times a second."""
    name: str
    title: str
    rate: int = 0  # frames/s
    flood: Callable | None = None
    scan: bool = False  # another host fills the neighbour table
    gateways: bool = False  # the container resolves gateways


CASES = (Case("other", "0.5 M/s of other broadcast", 500_000, lambda place: "other"),
         Case("container", "1 M/s who-has for another container", 1_000_000,
              lambda place: f"who-has to={place.address(0)} from=10.77.0.99"),
         Case("random", "1 M/s with random requesters", 1_000_000, spoofed, gateways=True),
         Case("full_table", "a full neighbour table", scan=True))


def run(places, settings, say) -> dict:
    """Returns samples by contestant and kind of requesters, and by case and contestant; `failed` has the errors."""
    found = {"full": {}, "cases": {}, "failed": [], "addresses": places.of(WIDE).plan.addresses,
             "requests_per_second": WELL_BEHAVED_RATE, "gateways": GATEWAYS}
    scan, gateways = Scan(places.lab), Gateways(places.of(MANY))
    entries = [one for one in ENTRIES if one.name == FAST or settings.fast_path.with_others]
    names = [name for name in (REFLECTOR, FAST) if name == FAST or settings.fast_path.with_others]
    for number in range(settings.fast_path.rounds):
        forward = number % 2 == 0
        for entry in entries if forward else reversed(entries):
            with failures(found, entry.key):
                full_speed(places.of(entry.lab), entry, settings.fast_path, found, say)
        for case in CASES:
            for name in names if forward else reversed(names):
                with failures(found, f"{name}, {case.title}"):
                    one = under(places.of(MANY), name, case, settings.fast_path, scan, gateways)
                    found["cases"].setdefault(case.name, {}).setdefault(name, []).append(one)
                    say(f"{case.title}: {name}: {one['answered']} of {one['asked']}, p99 {one['p99_ns'] / 1e3:.1f} µs")
    return found


@contextlib.contextmanager
def failures(found: dict, what: str):
    """Collects errors, so that the other measurements go on."""
    try:
        yield
    except (CommandError, subprocess.TimeoutExpired) as error:
        found["failed"].append(f"{what}: {error}")


def started(place, name: str):
    return FullTable(place) if place.host.label.endswith(WIDE) and name == FAST else OF_NAME[name].start(place.host)


def full_speed(place, entry, settings, found: dict, say) -> None:
    running = started(place, entry.name)
    try:
        if settings.warm_seconds:
            place.ask(settings.warm_seconds)
        for way in entry.ways:
            traffic = [spoofed(place)] if way == RANDOM else ()
            one = sample(place, OF_NAME[entry.name], running, settings.seconds, traffic=traffic, rate=settings.rate)
            verdicts = one.get("verdicts", {})
            one["reflected"] = verdicts.get("reflect", 0.0) + verdicts.get("reflect_new", 0.0)
            found["full"].setdefault(entry.key, {}).setdefault(way, []).append(one)
            say(f"fast path: {entry.key}, {way}: {one['answered'] / 1e6:.3f} of {one['offered'] / 1e6:.3f} M/s")
    finally:
        running.stop()


def under(place, name: str, case: Case, settings, scan, gateways) -> dict:
    """The well-behaved peer's results in one run of a case."""
    asked = f"who-has to={place.address(place.plan.addresses - 1)} from={place.requester}"
    rate = int(case.rate * settings.flood_share)
    traffic = [asked]
    if case.flood:
        traffic.append(f"{case.flood(place)} weight={max(rate // WELL_BEHAVED_RATE, 1)}")
    running = OF_NAME[name].start(place.host)
    try:
        if settings.warm_seconds:
            place.ask(settings.warm_seconds, traffic=[asked], rate=WELL_BEHAVED_RATE)
        with place.napi_first(), scan if case.scan else contextlib.nullcontext():
            thread = gateways.ask(place.settle_ms / 1e3 + 0.3, settings.case_seconds / 2) if case.gateways else None
            report = place.ask(settings.case_seconds, traffic=traffic, rate=rate + WELL_BEHAVED_RATE)
            resolved = gateways.resolved() if thread else None
            if thread:
                thread.join()
    finally:
        running.stop()
    stream = report["streams"][0]
    return {"asked": stream["offered"]["asked"], "answered": stream["answers"]["answered"],
            "p50_ns": stream["latency_ns"]["p50"], "p99_ns": stream["latency_ns"]["p99"],
            "offered": report["offered"]["per_second"], "resolved": resolved,
            "table_fulls": scan.table_fulls if case.scan else None}
