# SPDX-License-Identifier: Apache-2.0
"""Announcing: the reachability it keeps, its evenness, delays and cost. bench/run --only protocol"""
import time

from lab import CommandError, parse_ping
from lab.scenes import quiet_container

import moved
from full_table import Filled
from heard import Announcements
from labs import WIDE
from running import Arplined

QUIET_EVERY_SECONDS = 4  # between two pings of a container: longer than the ageing time of the lab's switch
WINDOW_SECONDS = 0.010
PATIENCE_SECONDS = 60.0


def run(lab, places, settings, say) -> dict:
    """settings: a settings.Protocol."""
    found = {"quiet": quiet(lab, settings, say), "moved": moved.run(lab, settings.moves, say)}
    place = places.of(WIDE)
    return found | {"endpoints": place.plan.addresses, "refresh": refreshed(place, settings, say),
                    "carrier": carrier(place, settings, say)}


def quiet(lab, settings, say) -> dict:
    """Pings to a quiet container, with another one on a host without arplined for comparison."""
    running = {}
    for name, served in (("kernel", False), ("arplined", True)):
        _, peer, host = quiet_container.build(lab, children=1, side=f"-{name}")
        child = host.children[0]
        # Permanent entries, because a kernel that verified its entry would show the container to the switch.
        peer.ns.ip("neigh", "replace", child.address, "lladdr", child.mac, "dev", peer.nic, "nud", "permanent")
        child.ns.ip("neigh", "replace", peer.planned_address.split("/")[0], "lladdr", peer.mac, "dev", child.interface,
                    "nud", "permanent")
        daemon = Arplined(host, {"announce": {"refresh": "1s"}}) if served else None
        running[name] = daemon, peer.ns.spawn("ping", "-n", "-q", "-W", 1, "-i", QUIET_EVERY_SECONDS, "-c",
                                              settings.quiet_pings, child.address, stdout=-1, text=True)
    found = {}
    for name, (daemon, ping) in running.items():
        pings = parse_ping(ping.communicate(timeout=settings.quiet_pings * QUIET_EVERY_SECONDS + PATIENCE_SECONDS)[0])
        found[name] = {"sent": pings.sent, "lost": pings.sent - pings.answered}
        if daemon:
            daemon.stop()
        say(f"quiet container, {name}: {found[name]['lost']} of {pings.sent} pings lost")
    return found


class Announcing:
    """arplined with a full table, after the first announcement of each endpoint. The peer captures the announcements,
   with room for `times` of each endpoint."""

    def __init__(self, place, settings, refresh: str, times: int):
        self.place = place
        self._heard = Announcements(place.peer.ns, place.peer.nic, times * place.plan.addresses)
        self._running = Filled(place, {"announce": {"pps": settings.pps, "repeat": 1, "refresh": refresh}})

    def __enter__(self):
        self.wait(self.place.plan.addresses, "start")
        return self

    def __exit__(self, kind, *_):
        self._heard.close()
        self._running.stop()

    def wait(self, count: int, what: str, first=0) -> list:
        """Waits until `count` addresses were announced, from frame number `first` on; returns these frames."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            if self._heard.count() - first >= count:
                found = self.since(first)
                if len({one.address for one in found}) == count:
                    return found
            if time.monotonic() > end:
                raise CommandError(f"after the {what} {self._heard.count() - first} announcements of {count} addresses")
            time.sleep(0.2)

    def since(self, first: int) -> list:
        return self._heard.all(first)

    def count(self) -> int:
        return self._heard.count()

    def cpu_seconds(self) -> float:
        return self._running.cpu_seconds()


def fullest(times, seconds: float) -> int:
    """The greatest number of times within any window of `seconds`."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def refreshed(place, settings, say) -> dict:
    """Measures the refreshes of all endpoints."""
    with Announcing(place, settings, f"{settings.refresh_seconds}s", 3) as announcing:
        time.sleep(settings.settle_seconds)
        before, cpu, started = announcing.count(), announcing.cpu_seconds(), time.time()
        time.sleep(settings.watch_seconds)
        cpu = announcing.cpu_seconds() - cpu
        heard = [one for one in announcing.since(before) if started <= one.at < started + settings.watch_seconds]
    share = place.plan.addresses / settings.refresh_seconds
    times = [one.at for one in heard]
    found = {"seconds": settings.watch_seconds, "refresh_seconds": settings.refresh_seconds, "wanted": share,
             "per_second": len(times) / settings.watch_seconds, "distinct": len({one.address for one in heard}),
             "fullest": fullest(times, WINDOW_SECONDS), "share": share * WINDOW_SECONDS,
             "cpu": cpu / settings.watch_seconds}
    say(f"refresh of {place.plan.addresses} endpoints: {found['per_second']:.1f} a second of {share:.1f}, at most "
        f"{found['fullest']} in 10 ms, {found['cpu'] * 100:.1f} % of a core")
    return found


def all_heard(announcements, started: float) -> dict:
    """The time until the last endpoint's first announcement."""
    at = {}
    for one in announcements:
        at.setdefault(one.address, one.at - started)
    return {"seconds": max(at.values()), "first": min(at.values()), "distinct": len(at)}


def carrier(place, settings, say) -> dict:
    """The time from the return of the parent's carrier to the last endpoint's announcement."""
    rounds = []
    with Announcing(place, settings, "0s", settings.carriers + 2) as announcing:
        for _ in range(settings.carriers):
            place.peer.ns.ip("link", "set", place.peer.nic, "down")
            time.sleep(settings.down_seconds)
            before = announcing.count()
            started = time.time()
            place.peer.ns.ip("link", "set", place.peer.nic, "up")
            rounds.append(all_heard(announcing.wait(place.plan.addresses, "carrier", before), started))
            say(f"carrier up: {rounds[-1]['distinct']} endpoints announced within {rounds[-1]['seconds']:.3f} s")
    return {"pps": settings.pps, "rounds": rounds}
