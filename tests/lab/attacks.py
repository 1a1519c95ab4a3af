# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of attacks: runs a flood beside a well-behaved peer, and counts the answers that each gets."""
import json
import subprocess
from dataclasses import dataclass

from common import arpgen, endpoint, wait_known, wait_until
from lab.scenes import receiving, targets

GOOD = "10.77.0.1"  # the peer's own address
FORGED = "10.77.0.2-10.77.255.254"  # the rest of the subnet, with the containers, their gateway and the host
STRANGERS = "10.77.64.0-10.77.127.255"  # addresses that nobody has
FLOOD_PER_SECOND = 300_000
GOOD_PER_SECOND = 200
SETTLE_MS = 350  # an arplined on a veth may take so long to notice that arpgen's meter is attached
DEADLINE_MS = 200
TRIALS = 3
FLOOD_KEEPS, PEER_KEEPS = 0.9, 0.98  # fractions of the answers without the attack


@dataclass(frozen=True)
class Had:
    """The number of who-has, and of their answers."""
    asked: int
    answered: int

    @property
    def share(self) -> float:
        return self.answered / max(self.asked, 1)

    @property
    def lost(self) -> int:
        return self.asked - self.answered

    def __str__(self):
        return f"{self.answered} of {self.asked}"


@dataclass(frozen=True)
class Storm:
    """The results of the well-behaved peer and of the flood. macs: the MACs that have answered, by address."""
    good: Had
    flood: Had
    macs: dict

    def __str__(self):
        return f"the peer {self.good}, the flood {self.flood}"


class Storming:
    """
    From construction to end(), in the background: a peer sends `rate` who-has a second to the containers, while the
    specs' frames, `flood` a second in all, come by the same wire. good: the well-behaved peer's own spec.
    """
    def __init__(self, peer, good, specs=(), flood=FLOOD_PER_SECOND, seconds=1.0, rate=GOOD_PER_SECOND):
        weight = max(flood // rate // len(specs), 1) if specs else 1
        traffic = [good, *(f"{spec} weight={weight}" for spec in specs)]
        words = [word for spec in traffic for word in ("--traffic", spec)]
        pace = flood + rate if specs else rate
        self._seconds = seconds
        self._process = peer.ns.spawn(arpgen(), "run", "--interface", peer.nic, "--cpu", 0, "--rate", pace, "--seconds",
                                      seconds, "--settle-ms", SETTLE_MS, "--deadline-ms", DEADLINE_MS, "--format",
                                      "json", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self) -> Storm:
        said, error = self._process.communicate(timeout=self._seconds + 30)
        assert self._process.returncode == 0, error.decode()
        report = json.loads(said)
        good, *floods = ((one["offered"]["asked"], one["answers"]["answered"]) for one in report["streams"])
        flood = [sum(column) for column in zip(*floods)] if floods else (0, 0)
        return Storm(Had(*good), Had(*flood), {one["address"]: one["mac"] for one in report["addresses"]})


def asking(host, first=0, last=-1, sender=GOOD) -> str:
    """The arpgen spec of who-has by one requester for the containers from `first` to `last`."""
    return f"who-has to={host.children[first].address}-{host.children[last].address} from={sender}"


def forged(host, senders=FORGED) -> str:
    """The arpgen spec of who-has for all containers, in which each sender has a MAC of its own."""
    return f"who-has to={targets(host)} from={senders} macs=own"


def storm(host, peer, *specs, good=None, **options) -> Storm:
    return Storming(peer, good or asking(host), specs, **options).end()


def costs_nothing(without: Storm, attack) -> Storm:
    """
    Expects that the peer and the flood get as many answers in attack()'s storm as in `without`. A busy machine costs
    some answers for a moment, an attack for its whole duration, so up to three attempts are made.
    """
    for _ in range(TRIALS):
        had = attack()
        if had.flood.share >= FLOOD_KEEPS * without.flood.share and had.good.share >= PEER_KEEPS * without.good.share:
            return had
    raise AssertionError(f"without the attack: {without}; attacked: {had}")


def attacked(lab, children=16, config=None, **child_options):
    """Serves a host with containers, for a flood to come. Returns (host, peer, daemon)."""
    host, peer = receiving(lab, children)
    daemon = host.start_arplined(config)
    wait_known(host, *host.children)
    return host, peer, daemon


def learned(host, peer) -> None:
    """Waits until every container has answered the peer."""
    wait_known(host, *host.children)
    had = storm(host, peer, seconds=0.3, rate=max(400, 8 * len(host.children))).good
    assert had.share == 1, f"before anything happened: {had}"


def states(host) -> dict[str, str]:
    return {one["address"]: f"{one['state']} {one.get('reason') or ''}".strip() for one in host.status()["endpoints"]}


def claimed(host, child) -> int:
    return endpoint(host, child)["claims"]


def wait_claimed(host, child, times=1) -> None:
    wait_until(lambda: claimed(host, child) >= times, 5, lambda: f"{times} claims known: {endpoint(host, child)}")
