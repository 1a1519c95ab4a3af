# SPDX-License-Identifier: Apache-2.0
"""Helpers of the lab tests."""
import contextlib
import ctypes
import json
import os
import threading
import time

from lab import (PATIENCE, ROOT, Arplined, CommandError, Lab, arpgen, arpline, arplined, exchange,  # noqa: F401
                 frames, run, teardown, wired)

REQUESTER_MAC = "02:b0:00:00:00:01"
REQUESTER = "10.77.0.9"
CREDIT_WINDOW = 128  # frames per queue that are lost when a worker dies or hangs


def wait_until(condition, seconds=10.0, what="the condition"):
    """Polls until condition() is true and returns its value."""
    end = time.monotonic() + seconds * PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not true: {what() if callable(what) else what}")
        time.sleep(0.05)
    return value


class Metronome:
    """
    Measures by how much this machine is late with short sleeps. A test on times in seconds widens its bounds by that.
    """
    STEP_SECONDS = 0.01

    def __init__(self):
        self.late, self._ended = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def _beat(self):
        before = time.monotonic()
        while not self._ended.wait(self.STEP_SECONDS):
            now = time.monotonic()
            self.late, before = max(self.late, now - before - self.STEP_SECONDS), now

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def who_has(child, mac=REQUESTER_MAC, address=REQUESTER, **fields) -> bytes:
    fields.setdefault("tags", ((frames.TAG_8021Q, child.vlan),) if child.vlan else ())
    return frames.arp(eth_src=mac, spa=address, tpa=child.address, **fields)


def endpoint(host, child):
    """The endpoint's entry in the status, or None."""
    status = host.status() or {"endpoints": []}
    return next((one for one in status["endpoints"]
                 if one["address"] == child.address and one["vlan"] == child.vlan), None)


def wait_state(host, child, state, seconds=10.0, reason=None):
    """Waits until the endpoint has that state (None: until it is gone) and, when given, that reason."""
    def reached():
        now = endpoint(host, child)
        if state is None or now is None:
            return state is None and now is None
        return now["state"] == state and (reason is None or now["reason"] == reason)
    wait_until(reached, seconds, lambda: f"{child.address} is {state or 'gone'} {reason or ''}; it is "
                                         f"{endpoint(host, child)}")


def wait_unanswered(wire, host, child):
    """Asks as one new requester after the other, until arpline knows that the endpoint's kernel is silent."""
    numbers = iter(range(1, 250))

    def ask():
        number = next(numbers)
        wire.send(who_has(child, f"02:b2:00:00:00:{number:02x}", f"10.77.3.{number}"))
        wire.collect(0.5)
        return endpoint(host, child)["reason"] == "unanswered"
    wait_until(ask, 20, "three checks went unanswered")


def wait_known(host, *children):
    for child in children:
        wait_until(lambda one=child: endpoint(host, one), 10, f"{child.address} is known")


def confirm(wire, host, *children, mac=REQUESTER_MAC, address=REQUESTER):
    """Makes the children's kernels answer this requester, after which the engine may answer it."""
    wait_known(host, *children)
    for child in children:
        wait_until(lambda one=child: endpoint(host, one)["state"] != "not_served", 5, f"{child.address} is served")
        # A kernel whose reply comes too late (ARPL_HANDED_NS) is asked again.
        for _ in range(3):
            assert wire.replies(who_has(child, mac, address), 1.0), f"{child.address} does not answer at all"
            with contextlib.suppress(AssertionError):
                wait_state(host, child, "confirmed", 1)
                break
        else:
            wait_state(host, child, "confirmed", 0)


def serve(lab, children=1, config=None, queues=1, tx_queues=None, mtu=1500, **child_options):
    """Serves a host with containers. Returns (host, peer, daemon, the peer's wire)."""
    host, peer = wired(lab, children, queues, tx_queues, mtu, **child_options)
    daemon = host.start_arplined(config)
    wait_known(host, *host.children)
    return host, peer, daemon, peer.wire()


def fast_path_warning(host) -> list[str]:
    """The status's warnings that the fast path is off although the configuration allows it."""
    return [text for text in host.status()["warnings"] if text.startswith("the fast path is off")]


def serve_fast(lab, *args, **options):
    """serve(), then waits until the fast path is on: the veth's other end has an XDP program."""
    host, peer, daemon, wire = serve(lab, *args, **options)
    peer.load_pass_program()
    wait_until(lambda: not fast_path_warning(host), 5, "the fast path is on")
    return host, peer, daemon, wire


def verdict(host, name) -> int:
    return host.status()["verdicts"].get(name, 0)


def never_answered(wire, child, requests=50):
    """Expects that no reply comes to that many requests."""
    wire.arrived()  # late replies to earlier requests
    found = []
    for _ in range(requests):
        wire.send(who_has(child))
        found += wire.collect(0.01)
    found += wire.collect(0.5)
    answers = [one for one in found if one.op == frames.REPLY and one.spa == child.address]
    assert not answers, f"{len(answers)} of {requests} requests for {child.address} were answered"


def announcements(found, child):
    return [one for one in found if one.announcement and one.spa == child.address]


def residue(host) -> list[str]:
    """Lists the remains of arpline on the machine that belong to this host."""
    left = []
    link = host.ns.ip("-d", "link", "show", "dev", host.nic, check=False).stdout
    if "prog/xdp" in link:
        left.append("an XDP program on the parent")
    if host.ns.run("tc", "filter", "show", "dev", host.nic, "egress", check=False).stdout.strip():
        left.append("a tc filter on the parent")
    if "clsact" in host.ns.run("tc", "qdisc", "show", "dev", host.nic, check=False).stdout:
        left.append("a clsact qdisc on the parent")
    for folder in (teardown.PINS, teardown.RUN):
        left += [str(path) for path in folder.glob(f"*-{host.ns.inode}")] if folder.is_dir() else []
    return left


def link_id(pins: str) -> int:
    return json.loads(run("bpftool", "-j", "link", "show", "pinned", f"{pins}/ingress_link").stdout)["id"]


@contextlib.contextmanager
def thread_held(tid):
    """Stops one thread as a debugger does; the process's other threads continue."""
    attach, detach, every_thread = 16, 17, 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.ptrace(attach, tid, None, None) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(tid, every_thread)
    try:
        yield
    finally:
        libc.ptrace(detach, tid, None, None)


def refused(host, *args, expect=()):
    """Expects that arplined ends by itself with one line on stderr that has these words, and leaves no residue."""
    before = residue(host)
    done = host.ns.run(arplined(), *args, check=False, timeout=10)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode not in (0, None), f"exit code {done.returncode}"
    assert len(lines) == 1, f"{len(lines)} lines: {done.stderr}"
    for word in expect:
        assert word in lines[-1], f"{word!r} is not in: {lines[-1]}"
    after = residue(host)
    assert after == before, f"left behind: {after}"
