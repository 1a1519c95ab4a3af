# SPDX-License-Identifier: Apache-2.0
"""Discovery: delays, capacity and cost. bench/run --only discovery"""
import time

from lab import Crowd

import changes
from asker import Asker
from others import Others
from watched import PATIENCE_SECONDS, Watched


def run(lab, settings, say) -> dict:
    """Returns an entry per figure; settings: a settings.Discovery."""
    host, peer = lab.host("host-crowd"), lab.peer("peer-crowd")
    lab.connect(host, peer)
    with Asker(peer) as asker:
        found = one_at_a_time(host, asker, settings, say)
        crowd = Crowd(host, "many", "10.77.64.1", settings.crowd)
        crowd.make(inside=True)
        found |= with_a_crowd(host, crowd, settings, say) | {"busy": busy(host, asker, crowd, settings, say)}
    crowd.delete()
    return found | rounds(host, crowd, settings, say)


def one_at_a_time(host, asker, settings, say) -> dict:
    few = Crowd(host, "few", "10.77.1.1", settings.boxes)
    few.make(address=False)
    steps = [(few.boxes[number % settings.boxes], f"10.77.{16 + number // 250}.{number % 250 + 1}")
             for number in range(settings.samples)]
    with Watched(host) as watched:
        added = changes.addresses_added(watched, asker, steps)
    say(f"address added: confirmed after {times(added['from_event'])}")
    with Watched(host) as watched:
        # In reverse order, because the kernel deletes the secondary addresses of a subnet together with the first.
        removed = {"on_the_wire": changes.addresses_removed(asker, steps[::-1]),
                   "from_event": changes.withdrawn(watched, settings.samples)}
    say(f"address removed: withdrawn after {times(removed['from_event'])}")
    few.delete()
    inside = Crowd(host, "in", "10.77.8.1", settings.samples)
    with Watched(host) as watched:
        created = changes.children_made_inside(watched, asker, inside)
    say(f"made in another namespace: confirmed {times(created['from_up'])} after up")
    with Watched(host) as watched:
        changes.namespaces_deleted(inside)
        deleted = {"from_event": changes.withdrawn(watched, settings.samples)}
    say(f"namespace deleted: withdrawn after {times(deleted['from_event'])}")
    return {"added": added, "inside": created, "removed": removed, "deleted": deleted}


def with_a_crowd(host, crowd, settings, say) -> dict:
    """Starts the daemon while the whole crowd exists, then leaves it idle."""
    starts = []
    for _ in range(settings.starts):
        with Watched(host, serving=False) as watched:
            starts.append(watched.wait_count(settings.crowd) or PATIENCE_SECONDS)
            watched.daemon.wait_serving()
    say(f"start with {settings.crowd} containers: all known after {max(starts):.2f} s")
    with Watched(host) as watched:
        time.sleep(settings.settle_seconds)
        before = watched.daemon.cpu_seconds()
        time.sleep(settings.idle_seconds)
        cpu = (watched.daemon.cpu_seconds() - before) / settings.idle_seconds
        memory = watched.memory()
    say(f"idle with {settings.crowd} containers: {cpu * 100:.2f} % of a core, {memory['all']:.1f} MB")
    return {"crowd": settings.crowd, "starts": starts,
            "idle": {"seconds": settings.idle_seconds, "cpu": cpu, "memory": memory}}


def busy(host, asker, crowd, settings, say) -> dict:
    """Delays of removals while the crowd's addresses change."""
    addresses = Crowd(host, "some", "10.77.32.1", settings.samples)
    namespaces = Crowd(host, "more", "10.77.40.1", settings.samples)
    for some in (addresses, namespaces):
        some.make(inside=True)
    with Watched(host) as watched, Others(crowd, settings.changes_per_second) as others:
        cpu = watched.daemon.cpu_seconds()
        started = time.monotonic()
        on_the_wire = changes.addresses_removed(asker, [(box, box.address) for box in addresses.boxes])
        changes.namespaces_deleted(namespaces)
        found = {"on_the_wire": on_the_wire, "from_event": changes.withdrawn(watched, 2 * settings.samples),
                 "found": watched.status()["found"], "per_second": others.per_second(),
                 "cpu": (watched.daemon.cpu_seconds() - cpu) / (time.monotonic() - started)}
    addresses.delete()
    say(f"gone while {found['per_second']:.0f} a second change: withdrawn after {times(found['from_event'])}")
    return found


def rounds(host, crowd, settings, say) -> dict:
    """The whole crowd comes, one in ten moved into its namespace, and goes again, as fast as the kernel can."""
    found = []
    moved = settings.crowd // 10 + 1
    with Watched(host) as watched:
        ids = watched.namespace_ids()
        for number in range(settings.rounds):
            cpu, start = watched.daemon.cpu_seconds(), time.monotonic()
            crowd.make(crowd.boxes[:moved])
            crowd.make(crowd.boxes[moved:], inside=True)
            full = watched.wait_count(settings.crowd) is not None
            crowd.delete()
            empty = watched.wait_count(0) is not None
            seconds = time.monotonic() - start
            watched.settle(ids)
            found.append({"right": full and empty, "seconds": seconds,
                          "cpu_seconds": watched.daemon.cpu_seconds() - cpu, "descriptors": watched.descriptors(),
                          "namespace_ids": watched.namespace_ids(), "memory": watched.memory()})
            say(f"{settings.crowd} containers made and deleted, round {number + 1} of {settings.rounds}: "
                f"{found[-1]['cpu_seconds']:.2f} s of CPU, {found[-1]['memory']['all']:.1f} MB")
        gone = changes.withdrawn(watched, settings.rounds * settings.crowd)
    say(f"all of them deleted at once: withdrawn after {times(gone)}")
    return {"rounds": found, "all_deleted": {"from_event": gone}}


def times(found: dict) -> str:
    return f"p50 {found['p50_ms']:.2f} ms, p99 {found['p99_ms']:.2f} ms" if found["count"] else "nothing was measured"
