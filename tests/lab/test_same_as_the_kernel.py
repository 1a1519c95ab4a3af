# SPDX-License-Identifier: Apache-2.0
"""Frame by frame: the answers with arpline equal those without it, byte for byte apart from zero padding."""
import os
import time
from collections import Counter
from random import Random

import pytest
import odd_frames
from common import Lab, frames, verdict, wait_known, wait_until, who_has, wired

PARENT_MAC = "02:aa:00:00:00:01"
PARENT_ADDRESS = "10.77.0.2"
SELF_TEST_OP = 25  # RFC 5494: the operation of arplined's self-test frames at egress
WAIT_SECONDS = 0.1
LATE_SECONDS = 1.0


class Side:
    """One of the two labs."""

    def __init__(self, lab, with_arpline, config=None, fast=False):
        self.host, self.peer = wired(lab, children=0)
        self.host.ns.ip("link", "set", self.host.nic, "address", PARENT_MAC)
        self.host.address(f"{PARENT_ADDRESS}/16")
        self.target, self.claimed = self.host.add_children(2)
        self.private = self.host.add_child(mode="private")
        self.target.ns.ip("addr", "add", "10.77.99.1/32", "dev", "lo")
        self.wire = self.peer.wire()
        if fast:
            self.peer.load_pass_program()
        if with_arpline:
            # arpline limits the frames that only the kernel answers, which is the one intended difference.
            limits = {"odd": "off", **(config or {}).get("limits", {})}
            self.host.start_arplined({**(config or {}), "limits": limits})
            wait_known(self.host, *self.host.children)
            time.sleep(3)  # the announcements on appearance are over
        children = (self.target, self.claimed, self.private)
        self.layout = odd_frames.Layout(PARENT_MAC, PARENT_ADDRESS,
                                        *((child.mac, child.address) for child in children))

    def gather(self, seconds) -> Counter:
        return Counter(one.bytes_without_padding for one in self.wire.collect(seconds)
                       if not one.announcement and one.op != SELF_TEST_OP)


def requester(number):
    return f"02:b1:00:00:{number >> 8:02x}:{number & 255:02x}", f"10.77.2.{number}"


def ask_both(sides, frame_of):
    for side in sides:
        side.wire.arrived()
    for side in sides:
        side.wire.send(frame_of(side))
    got = [side.gather(WAIT_SECONDS / 2 if index else WAIT_SECONDS) for index, side in enumerate(sides)]
    if got[0] != got[1]:  # a late answer is no difference
        got = [one + side.gather(LATE_SECONDS) for one, side in zip(got, sides)]
    return got


def warm_up(sides, mac, ip):
    for child in ("target", "claimed", "private"):
        for side in sides:
            assert side.wire.replies(who_has(getattr(side, child), mac, ip), 1.0), f"warming up {child}: no answer"


def differences(sides, cases, warm, first=1):
    found = []
    for number, (name, build) in enumerate(cases.items(), start=first):
        mac, ip = requester(number)
        if warm:
            warm_up(sides, mac, ip)
        bare, served = ask_both(sides, lambda side: build(mac, ip, side.layout))
        if bare != served:
            found.append(f"{name}: the kernel alone {[(one.hex(), n) for one, n in bare.items()]}, "
                         f"with arpline {[(one.hex(), n) for one, n in served.items()]}")
    return found


@pytest.fixture
def two_sides():
    """fast: arpline answers by the fast path, otherwise by the ring."""
    with Lab() as bare_lab, Lab() as served_lab:
        yield lambda config=None, fast=False: (Side(bare_lab, False), Side(served_lab, True, config, fast))


ANSWERED_BY = pytest.mark.parametrize("answered_by, fast", (("ring", False), ("reflect", True)),
                                      ids=("ring", "reflect"))


@pytest.mark.timeout(120)
def test_cold_requesters_get_what_the_kernel_says(two_sides):
    sides = two_sides()
    found = differences(sides, odd_frames.EVERY, warm=False)
    assert not found, "\n".join(found)
    assert verdict(sides[1].host, "to_child_new") >= len(odd_frames.REQUESTS) - 1


@pytest.mark.timeout(120)
@ANSWERED_BY
def test_warm_requesters_get_what_the_kernel_says(two_sides, answered_by, fast):
    sides = two_sides(fast=fast)
    before = verdict(sides[1].host, answered_by)
    found = differences(sides, odd_frames.REQUESTS, warm=True)
    # arpline leaves frames of more than 128 bytes to the kernel.
    assert verdict(sides[1].host, answered_by) - before >= len(odd_frames.REQUESTS) - 2, f"{answered_by} did not answer"
    found += differences(sides, {**odd_frames.ODD, **odd_frames.CLAIMS}, warm=True,
                         first=len(odd_frames.REQUESTS) + 1)
    assert not found, "\n".join(found)


@pytest.mark.timeout(120)
def test_observe_gives_what_the_kernel_says(two_sides):
    sides = two_sides({"mode": "observe"})
    found = differences(sides, odd_frames.EVERY, warm=False)
    assert not found, "\n".join(found)


def mutated(random, mac, ip):
    """A who-has with up to three faults, for any layout. Returns a function from layout to frame."""
    target = random.choice(("target", "private"))
    changes = [random.choice(CHANGES) for _ in range(random.randrange(4))]
    seeds = [random.random() for _ in changes]

    def build(layout):
        child = getattr(layout, target)
        frame = bytearray(frames.arp(eth_src=mac, spa=ip, tpa=child[1]))
        for change, seed in zip(changes, seeds):
            frame = change(frame, Random(seed), child)
        return bytes(frame)
    return build


def flip(frame, random, _):
    """
    Changes a byte other than the sender's address, because a claim counts for a minute, and the destination, because
    the multicast that a macvlan accepts depends on a hash with a secret.
    """
    at = random.choice([n for n in range(6, len(frame)) if not 28 <= n < 32])
    frame[at:at + 1] = bytes([random.randrange(256)])
    return frame


def cut(frame, random, _):
    return frame[:random.randrange(14, len(frame) + 1)]


def pad(frame, random, _):
    return frame + bytes(random.randrange(1, 120))


def tag(frame, random, _):
    return frame[:12] + random.choice((b"\x81\x00", b"\x88\xa8")) + random.choice((b"\0\0", b"\xe0\0", b"\0\x64")) + \
        frame[12:]


def unicast(frame, _, child):
    frame[:6] = bytes.fromhex(child[0].replace(":", ""))
    return frame


def stray(frame, random, _):
    frame[:6] = bytes([random.randrange(0, 256, 2), *(random.randrange(256) for _ in range(5))])
    return frame


CHANGES = (flip, flip, flip, cut, pad, tag, unicast, stray)


@pytest.mark.timeout(120)
@ANSWERED_BY
def test_mutated_frames_get_what_the_kernel_says(two_sides, answered_by, fast):
    """ARPLINE_SEED=N generates another thousand."""
    seed = int(os.environ.get("ARPLINE_SEED", "1"))
    random = Random(seed)
    # Many of the frames are odd, more per second than the default limit allows.
    sides = two_sides({"limits": {"odd": "off"}}, fast=fast)
    askers = [requester(number) for number in range(1, 33)]
    for mac, ip in askers:
        warm_up(sides, mac, ip)
    before = verdict(sides[1].host, answered_by)
    for batch in range(40):
        builds = [mutated(random, *random.choice(askers)) for _ in range(25)]
        for side in sides:
            side.wire.arrived()
            for build in builds:
                side.wire.send(build(side.layout))
        bare, served = (side.gather(WAIT_SECONDS) for side in sides)
        if bare != served:
            bare, served = bare + sides[0].gather(LATE_SECONDS), served + sides[1].gather(LATE_SECONDS)
        assert bare == served, f"seed {seed}, batch {batch}: only the kernel alone {[*(bare - served)]}, " \
                               f"only with arpline {[*(served - bare)]}"
    assert verdict(sides[1].host, answered_by) > before, f"{answered_by} answered nothing"


def test_tag_that_the_nic_takes_out_is_not_mistaken_for_none(two_sides):
    """With trunk = true a new requester behind a hidden tag gets the kernel's answer, which is none."""
    config = {"parent": {"nic0": {"trunk": True}}, "limits": {"to_child": 1}}
    sides = two_sides(config)
    warm_up(sides, *requester(200))
    for side in sides:
        side.peer.tag_arp(in_frame=False)
    for number in range(201, 231):
        bare, served = ask_both(sides, lambda side: who_has(side.target, *requester(number)))
        assert bare == served == Counter(), f"requester {number}: {bare} and {served}"
    wait_until(lambda: sides[1].host.status()["warnings"], 5, "status warns about the hidden tags")
