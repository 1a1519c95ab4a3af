# SPDX-License-Identifier: Apache-2.0
"""The delay until a new container is answered for, and until a removed one no longer is: one change at a time."""
import math
import time

CONFIRM_SECONDS = 3.0
SETTLE_SECONDS = 0.05
GONE_SECONDS = 0.03  # the peer goes on asking for a removed address for this long


def percentiles(values) -> dict:
    """The percentiles of a list of milliseconds."""
    times = sorted(values)

    def at(share):
        return times[math.ceil(share * len(times)) - 1] if times else None
    return {"count": len(times), "p50_ms": at(0.5), "p99_ms": at(0.99), "most_ms": at(1.0)}


def confirmed(watched, asker, address: str) -> dict:
    """Waits until the endpoint is confirmed while the peer asks for it; returns it, {} when that never happens."""
    end = time.monotonic() + CONFIRM_SECONDS
    while time.monotonic() < end:
        time.sleep(SETTLE_SECONDS)
        found = watched.endpoint(address)
        if found.get("confirmed_at_ns"):
            asker.pause()
            return found
    asker.pause()
    return {}


def milliseconds(found: dict, since_ns) -> float:
    """A missing result counts as the time-out."""
    return (found["confirmed_at_ns"] - since_ns) / 1e6 if found and since_ns else CONFIRM_SECONDS * 1e3


def addresses_added(watched, asker, steps) -> dict:
    """steps: (box, address), added to an interface that is up; the peer asks before the address is there."""
    from_event, from_start = [], []
    for box, address in steps:
        asker.ask(address)
        time.sleep(SETTLE_SECONDS / 2)
        before = time.monotonic_ns()
        box.add_address(address)
        found = confirmed(watched, asker, address)
        from_event.append(milliseconds(found, found.get("heard_at_ns")))
        from_start.append(milliseconds(found, before))
    return {"from_event": percentiles(from_event), "from_start": percentiles(from_start)}


def children_made_inside(watched, asker, crowd) -> dict:
    """Does as Podman and CNI do: a new namespace, the interface made in it, the address, up; the delay starts there."""
    from_event, from_up = [], []
    for box in crowd.boxes:
        asker.ask(box.address)
        crowd.make_namespaces([box])
        crowd.make_interfaces([box], inside=True)
        box.add_address()
        before = time.monotonic_ns()
        crowd.up([box], address=False)
        found = confirmed(watched, asker, box.address)
        from_event.append(milliseconds(found, found.get("heard_at_ns")))
        from_up.append(milliseconds(found, before))
    return {"from_event": percentiles(from_event), "from_up": percentiles(from_up)}


def addresses_removed(asker, steps) -> dict:
    """The peer always asks, by unicast, which a crowd's other interfaces do not receive; the last answer counts."""
    after = []
    for box, address in steps:
        asker.ask(address, box.mac)
        time.sleep(SETTLE_SECONDS)
        before = asker.last_answer(address)
        box.remove_address(address)
        removed = time.monotonic()
        time.sleep(GONE_SECONDS)
        asker.pause()
        time.sleep(SETTLE_SECONDS / 10)
        if before:
            after.append(max(asker.last_answer(address) - removed, 0.0) * 1e3)
    return percentiles(after)


def namespaces_deleted(crowd) -> None:
    for box in crowd.boxes:
        crowd.delete([box])
        time.sleep(SETTLE_SECONDS)


def withdrawn(watched, expected: int) -> dict:
    """The daemon's own delays, from the netlink message on: waits for `expected` of them, or for a time-out."""
    end = time.monotonic() + CONFIRM_SECONDS
    while (found := watched.status()["withdrawn"])["count"] < expected and time.monotonic() < end:
        time.sleep(SETTLE_SECONDS)
    return found
