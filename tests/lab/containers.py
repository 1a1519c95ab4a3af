# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests with real container runtimes. A container here is any object with an address and a MAC."""
import re
import secrets
import socket
import struct

import pytest
from common import endpoint, never_answered, run, wait_state, wait_until, who_has
from lab import runtimes

NETLINK_ROUTE, RTM_GETLINK, NLM_F_REQUEST, IFLA_TARGET_NETNSID = 0, 18, 1, 46


def available(runtime, *args, **options):
    """The runtime, started; skips the test when the machine does not have it."""
    try:
        return runtime(*args, **options)
    except runtimes.Unavailable as reason:
        pytest.skip(str(reason))


def macs_that_answer(wire, container) -> set[str]:
    return {one.sha for one in wire.replies(who_has(container), 1.0)}


def served(wire, host, container, mac=None):
    """
    Expects that the container is found with its MAC, confirmed, and then answered by arpline as by its kernel. Returns
    the endpoint's entry.
    """
    mac = mac or container.mac
    wait_until(lambda: (endpoint(host, container) or {}).get("mac") == mac, 15,
               lambda: f"{container.address} is known with {mac}; it is {endpoint(host, container)}")

    def asked_and_repeated():
        """Asks until arpline answers: a restarted container is found anew, unconfirmed."""
        before = endpoint(host, container)
        answers = macs_that_answer(wire, container)
        assert answers <= {mac}, f"{container.address} is answered with {answers}"
        after = endpoint(host, container)
        return answers and before and after and after["ringed"] > before["ringed"] and after
    entry = wait_until(asked_and_repeated, 10, lambda: f"arpline repeats the answer: {endpoint(host, container)}")
    assert entry["state"] == "confirmed", entry
    return entry


def left_to_its_kernel(wire, host, container, reason, requests=3):
    """Expects an endpoint that is not served: its kernel answers, arpline does not."""
    wait_state(host, container, "not_served", 10, reason)
    before = endpoint(host, container)["ringed"]
    for _ in range(requests):
        answers = {one.sha for one in wire.replies(who_has(container), 0.3, 0)}  # collects a second answer too
        assert container.mac in answers, f"{container.address}: its kernel does not answer, but {answers}"
    entry = endpoint(host, container)
    assert entry["state"] == "not_served" and entry["ringed"] == before, entry


def gone(wire, host, container, mark=None):
    """
    Expects that the endpoint is withdrawn and that nobody answers. With the mark of its namespace it waits until the
    namespace is destroyed, because its kernel may answer until then.
    """
    wait_state(host, container, None, 15)
    if mark:
        destroyed(host, mark)
    never_answered(wire, container, 30)


def loopback_of(route: socket.socket, nsid: int) -> bytes:
    """rtnetlink's message about interface 1 of the namespace with that id; an error message when there is none."""
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 1, 0, 0) + struct.pack("=HHi", 8, IFLA_TARGET_NETNSID, nsid)
    route.send(struct.pack("=IHHII", 16 + len(body), RTM_GETLINK, NLM_F_REQUEST, 0, 0) + body)
    return route.recv(1 << 16)


def namespaces_with(host, mark: str) -> list[int]:
    """
    The namespaces with that mark, by their ids in the host's namespace. It finds a namespace whether a process, a
    mount, a descriptor or a socket keeps it.
    """
    ids = re.findall(r"^nsid (\d+)", host.ns.ip("netns", "list-id").stdout, re.MULTILINE)
    with host.ns.entered():
        route = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE)
    with route:
        return [int(number) for number in ids if mark.encode() in loopback_of(route, int(number))]


def marked(host, path) -> str:
    """Marks a namespace that arplined has found, since inodes and ids are reused. Returns the mark."""
    mark = f"mark-{secrets.token_hex(8)}"
    run("nsenter", f"--net={path}", "ip", "link", "set", "lo", "alias", mark)
    wait_until(lambda: namespaces_with(host, mark), 2, "the host has an id for it; else its absence proves nothing")
    return mark


def destroyed(host, mark: str):
    """Waits until the namespace itself is destroyed, not only its name or its processes."""
    wait_until(lambda: not namespaces_with(host, mark), 10, "the namespace is destroyed")
