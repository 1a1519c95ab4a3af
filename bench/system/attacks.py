# SPDX-License-Identifier: Apache-2.0
"""
The damage that a station on the wire, or root in a container, can do to the answers: each attack compared with the same
traffic without it and with the kernel alone. bench/run --only attacks
"""
import contextlib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab import CommandError, Wire, frames

from labs import MANY
from measure import PAUSE_SECONDS
from running import Arplined

WITHOUT, ATTACKED, KERNEL = "without", "attacked", "kernel"
WELL_BEHAVED_RATE = 200
STRANGERS = "10.77.64.0-10.77.127.255"  # no station has these
RIVAL = "02:00:00:00:ba:d1"


def asking(place, kind="who-has", first=0) -> str:
    """The well-behaved peer's who-has, for the containers from `first` on but the last, which may be the attacker."""
    sender = "" if kind == "probe" else f" from={place.requester}"
    return f"{kind} to={place.address(first)}-{place.address(place.plan.addresses - 2)}{sender}"


def flood(place, senders=STRANGERS, more="") -> str:
    return f"who-has to={place.targets} from={senders} macs=own{more}"


def for_one(place, more="") -> str:
    return f"who-has to={place.address(0)} from={STRANGERS} macs=own{more}"


def of_every_kind(place) -> list[str]:
    """Each kind of sender has addresses of its own, because an answer does not name its frame."""
    to = f"who-has to={place.targets}"
    return [f"{to} from=10.77.64.0/20 macs=own unicast", f"{to} from=10.99.0.0/20 macs=own",
            f"{to} from=10.77.80.0/20 macs=own flaw=hardware-type", f"{to} from=10.77.96.0/20 macs=own flaw=long",
            f"{to} from=10.77.112.0/20 macs=own flaw=sender-mac-other"]


@contextlib.contextmanager
def nothing(_place):
    yield


@contextlib.contextmanager
def claims(place):
    """A claim of each container's address."""
    with contextlib.closing(Wire(place.peer.ns, place.peer.nic)) as wire:
        for child in place.host.children:
            wire.send(frames.arp(eth_src=RIVAL, spa=child.address, tpa=child.address))
    yield


@contextlib.contextmanager
def announced(place):
    """All possible requesters have announced themselves before."""
    place.peer.arpgen("--traffic", "announcement from=10.0.0.0/8 macs=own requesters=sequential", "--cpu", 0,
                      frames=1_000_000, seconds=10)
    yield


@contextlib.contextmanager
def addresses(place):
    """The last container takes the addresses of all others."""
    *others, attacker = place.host.children
    bits = place.plan.peer.partition("/")[2]

    def each(what):
        attacker.ns.ip_batch(f"addr {what} {one.address}/{bits} dev {attacker.interface}" for one in others)
    each("add")
    try:
        yield
    finally:
        each("del")


@contextlib.contextmanager
def mac(place):
    """The last container takes the peer's MAC."""
    attacker = place.host.children[-1]
    attacker.link("address", place.peer.mac)
    try:
        yield
    finally:
        attacker.link("address", attacker.mac)


@dataclass(frozen=True)
class Attack:
    name: str
    title: str
    specs: Callable  # the flood's specs, in equal parts
    control: Callable = lambda place: [flood(place)]
    meanwhile: Callable = nothing
    good: Callable = asking
    share: float = 1.0  # part of the flood's rate


ATTACKS = (
    Attack("forged", "senders from the whole subnet, the containers' own addresses among them",
           lambda place: [flood(place, place.forged)]),
    Attack("claims", "one forged claim for each container", lambda place: [flood(place)], meanwhile=claims),
    Attack("unicast", "unicast who-has for one container; the peer asks for the others",
           lambda place: [for_one(place, " unicast")], control=lambda place: [for_one(place)],
           good=lambda place: asking(place, first=1)),
    Attack("probes", "senders from the whole subnet; the peer probes (RFC 5227)",
           lambda place: [flood(place, place.forged)], good=lambda place: asking(place, "probe")),
    Attack("kinds", "unicast, off-subnet, hardware type 6, 200 bytes, two MACs in one frame", of_every_kind,
           share=0.1),
    Attack("announcements", "as many forged announcements beside it",
           lambda place: [flood(place), "announcement from=10.77.128.0/17 macs=own"]),
    Attack("announced", "a million forged announcements before it", lambda place: [flood(place)],
           meanwhile=announced),
    Attack("own_macs", "as many frames with containers' MACs beside it",
           lambda place: [flood(place), *(f"announcement from=10.77.200.1 mac={one.mac}"
                                          for one in place.host.children[:1])]),
    Attack("addresses", "a container has the addresses of its 63 siblings", lambda place: [flood(place)],
           meanwhile=addresses),
    Attack("mac", "a container has the peer's MAC", lambda place: [flood(place)], meanwhile=mac),
)


def run(places, settings, say) -> dict:
    """Returns samples by attack and side; `failed` has the errors."""
    found = {"attacks": {}, "failed": [], "requests_per_second": WELL_BEHAVED_RATE}
    place = places.of(MANY)
    for number in range(settings.rounds):
        for attack in ATTACKS if number % 2 == 0 else reversed(ATTACKS):
            try:
                sides = one_round(place, attack, settings)
            except (CommandError, subprocess.TimeoutExpired, OSError) as error:
                found["failed"].append(f"{attack.title}: {error}")
                continue
            for side, sample in sides.items():
                found["attacks"].setdefault(attack.name, {}).setdefault(side, []).append(sample)
            say(f"attack: {attack.title}: " + "; ".join(
                f"{side} {one['answered'] / 1e6:.3f} of {one['asked'] / 1e6:.3f} M/s, the peer's "
                f"{one['good_answered']} of {one['good_asked']}" for side, one in sides.items()))
    return found


def one_round(place, attack: Attack, settings) -> dict:
    sides = {}
    if settings.with_kernel:
        with attack.meanwhile(place):
            sides[KERNEL] = sample(place, attack, attack.specs, settings)
    running = Arplined(place.host)
    try:
        sides[WITHOUT] = sample(place, attack, attack.control, settings)
        with attack.meanwhile(place):
            sides[ATTACKED] = sample(place, attack, attack.specs, settings)
    finally:
        running.stop()
    return sides


def sample(place, attack: Attack, specs, settings) -> dict:
    chosen = specs(place)
    rate = int(settings.rate * attack.share)
    weight = max(rate // WELL_BEHAVED_RATE // len(chosen), 1)
    traffic = [attack.good(place), *(f"{spec} weight={weight}" for spec in chosen)]
    if settings.warm_seconds:
        place.ask(settings.warm_seconds, traffic=[attack.good(place)], rate=10 * WELL_BEHAVED_RATE)
    with place.napi_first():
        report = place.ask(settings.seconds, traffic=traffic, rate=rate + WELL_BEHAVED_RATE)
    time.sleep(PAUSE_SECONDS)
    good, *floods = report["streams"]
    asked, answered = (sum(values) for values in zip(*(
        (one["offered"]["asked"], one["answers"]["answered"]) for one in floods)))
    return {"offered": sum(one["offered"]["frames"] for one in floods) / report["seconds"],
            "asked": asked / report["seconds"], "answered": answered / report["seconds"],
            "good_asked": good["offered"]["asked"], "good_answered": good["answers"]["answered"]}
